#include "system/passwords/hash.hpp"

#include <argon2.h>
#include <gtest/gtest.h>

namespace atlas::passwords {
namespace {

constexpr Argon2Cost cheap{.memory_kib = 8, .iterations = 1};

TEST(PasswordHash, VerifiesAndSaysItsCost) {
    const std::string password{"pass\0word", 9};
    const auto hash = hash_password(password, Salt{}, {.memory_kib = 64, .iterations = 2});
    ASSERT_TRUE(hash);
    EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=64,t=2,p=1$")) << *hash;
    EXPECT_EQ(argon2id_verify(hash->c_str(), password.data(), password.size()), ARGON2_OK);
    EXPECT_EQ(argon2id_verify(hash->c_str(), "pass", 4), ARGON2_VERIFY_MISMATCH);
}

TEST(PasswordHash, DependsOnTheSaltAlone) {
    Salt salt{};
    const auto first = hash_password("password", salt, cheap);
    EXPECT_EQ(first, hash_password("password", salt, cheap));
    salt[15] = std::byte{1};
    EXPECT_NE(first, hash_password("password", salt, cheap));
}

}  // namespace
}  // namespace atlas::passwords
