#include "adapters/configuration/endpoint.hpp"

#include <gtest/gtest.h>

namespace atlas::adapters {
namespace {

TEST(ConfigurationEndpoint, IsANumericAddressWithAPort) {
    EXPECT_EQ(parse_endpoint("10.0.0.7:5432"), (host::Endpoint{"10.0.0.7", 5432}));
    EXPECT_EQ(parse_endpoint("[::1]:80"), (host::Endpoint{"::1", 80}));
    for (const char* text : {"", "10.0.0.7", "10.0.0.7:", "10.0.0.7:x", "10.0.0.7:70000", "::1:80",
                             "db.example.com:5432", ":5432"}) {
        EXPECT_EQ(parse_endpoint(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace atlas::adapters
