#include "adapters/libpq/start_up_trace.hpp"

#include <gtest/gtest.h>

namespace atlas::adapters::libpq {
namespace {

TEST(StartUpTrace, ShowsTheKey) {
    const auto key = find_cancel_key(
        "B\t8\tAuthenticationOk\nB\t22\tParameterStatus\t \"application_name\" \"\"\n"
        "B\t12\tBackendKeyData\t 4711 -2\nB\t5\tReadyForQuery\t I\n");
    ASSERT_TRUE(key);
    EXPECT_EQ(key->process_id, 4711u);
    EXPECT_EQ(key->secret, 0xffff'fffeu);
}

TEST(StartUpTrace, OfAnotherFormGivesNoKey) {
    EXPECT_FALSE(find_cancel_key(""));
    EXPECT_FALSE(find_cancel_key("BackendKeyData"));
    EXPECT_FALSE(find_cancel_key("BackendKeyData\t NNNN NNNN\n"));
    EXPECT_FALSE(find_cancel_key("BackendKeyData\t 4711\n"));
    EXPECT_FALSE(find_cancel_key("BackendKeyData\t 4711 99999999999\n"));
}

}  // namespace
}  // namespace atlas::adapters::libpq
