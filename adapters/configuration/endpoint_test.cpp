#include "adapters/configuration/endpoint.hpp"

#include <gtest/gtest.h>

namespace atlas::adapters {
namespace {

TEST(ConfigurationEndpoint, IsANumericAddressWithAPort) {
    EXPECT_EQ(parse_endpoint("10.0.0.7:5432"), (host::Endpoint{"10.0.0.7", 5432}));
    EXPECT_EQ(parse_endpoint("[::1]:80"), (host::Endpoint{"::1", 80}));
    EXPECT_EQ(check_endpoint("[::1]:80"), "");
}

TEST(ConfigurationEndpoint, IsRefusedWithTheReason) {
    const std::pair<const char*, const char*> wrong[] = {
        {"", "has no port"},
        {"10.0.0.7", "has no port"},
        {"10.0.0.7:", "has no port from 0 to 65535"},
        {"10.0.0.7:x", "has no port from 0 to 65535"},
        {"10.0.0.7:70000", "has no port from 0 to 65535"},
        {"::1:80", "has an IPv6 address without brackets"},
        {"db.example.com:5432", "has no numeric address"},
        {":5432", "has no numeric address"}};
    for (const auto& [text, reason] : wrong) {
        const auto endpoint = parse_endpoint(text);
        ASSERT_FALSE(endpoint) << text;
        EXPECT_EQ(endpoint.error(), reason) << text;
    }
    EXPECT_EQ(check_endpoint("::1:80"),
              "::1:80 has an IPv6 address without brackets; as in 127.0.0.1:8080 or [::1]:8080");
}

}  // namespace
}  // namespace atlas::adapters
