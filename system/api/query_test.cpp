#include "system/api/query.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace atlas::api {
namespace {

std::optional<std::string_view> find_fault(std::string_view value) {
    if (value == "bad") return "It is bad.";
    return {};
}

constexpr std::array parameters{QueryParameter{"first", "The first.", find_fault},
                                QueryParameter{"second", "The second.", find_fault}};

std::string fault_of(std::string_view query) {
    const auto arguments = read_query(query, parameters);
    if (arguments) return {};
    EXPECT_EQ(arguments.error().type.status, 400);
    return arguments.error().detail;
}

TEST(Query, GivesTheArgumentsInTheParametersOrder) {
    EXPECT_EQ(read_query("", parameters).value(), (Arguments{{}, {}}));
    EXPECT_EQ(read_query("second=b&first=a", parameters).value(), (Arguments{"a", "b"}));
    EXPECT_EQ(read_query("first=%41%2f+=", parameters).value(), (Arguments{"A/+=", {}}));
    EXPECT_EQ(read_query("first&", parameters).value(), (Arguments{"", {}}));
}

TEST(Query, SaysWhatIsWrong) {
    EXPECT_EQ(fault_of("third=x"), "The query has a parameter that this resource does not know.");
    EXPECT_EQ(fault_of("first=a&first=a"), "The query has first twice.");
    for (const char* query : {"second=%", "second=%4", "second=%4g", "second=%+1", "second=%-1"})
        EXPECT_EQ(fault_of(query), "The query's second is not percent-encoded rightly.") << query;
    EXPECT_EQ(fault_of("second=b%61d"), "The query's second: It is bad.");
}

RC_GTEST_PROP(Query, AnyBytesAreReadOrRefused, (const std::string& noise)) {
    const auto arguments = read_query(noise, parameters);
    RC_ASSERT(arguments || !arguments.error().detail.empty());
}

}  // namespace
}  // namespace atlas::api
