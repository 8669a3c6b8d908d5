#include "system/reliability/request_fingerprint.hpp"

#include <gtest/gtest.h>

#include <set>

namespace atlas::reliability {
namespace {

TEST(RequestFingerprint, IsTheHmacOfItsParts) {
    // printf 'POST\n/v1/users\n{}' | openssl dgst -sha256 -hmac secret
    EXPECT_EQ(request_fingerprint("secret", "POST", "/v1/users", "{}"),
              "332a9cfdce159afad2709e5ae03c9ccff306bd0ed63ab4726da693ea03936995");
}

TEST(RequestFingerprint, DiffersWithEachPart) {
    const std::set<std::string> all{
        request_fingerprint("s", "POST", "/a", "b"), request_fingerprint("t", "POST", "/a", "b"),
        request_fingerprint("s", "PUT", "/a", "b"),  request_fingerprint("s", "POST", "/b", "b"),
        request_fingerprint("s", "POST", "/a", ""),  request_fingerprint("s", "POST", "/", "a\nb")};
    EXPECT_EQ(all.size(), 6u);
}

}  // namespace
}  // namespace atlas::reliability
