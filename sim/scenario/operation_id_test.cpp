// Ids of operations, as texts.

#include "sim/scenario/operation_id.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace atlas::sim::scenario {
namespace {

RC_GTEST_PROP(OperationId, IsItsText, (std::uint64_t client, std::uint64_t ordinal)) {
    const OperationId id{client, ordinal};
    RC_ASSERT(parse_operation_id(to_string(id)) == id);
}

TEST(OperationId, AnyOtherTextIsNone) {
    EXPECT_EQ(to_string(OperationId{7, 12}), "operation/7/12");
    for (const char* bad : {"", "operation", "operation/7", "operation/7/", "operation//12",
                            "operation/7/12/1", "operation/-7/12", "operation/7/ 12",
                            "operations/7/12", "operation/7/99999999999999999999"}) {
        EXPECT_FALSE(parse_operation_id(bad)) << bad;
    }
}

}  // namespace
}  // namespace atlas::sim::scenario
