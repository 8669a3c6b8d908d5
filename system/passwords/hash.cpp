#include "system/passwords/hash.hpp"

#include <argon2.h>

#include "system/host/check.hpp"

namespace atlas::passwords {

std::optional<std::string> hash_password(std::string_view password, Salt salt, Argon2Cost cost) {
    constexpr std::uint32_t lanes = 1;  // More would start threads.
    constexpr std::size_t hash_bytes = 32;
    std::string encoded(argon2_encodedlen(cost.iterations, cost.memory_kib, lanes, salt.size(),
                                          hash_bytes, Argon2_id),
                        '\0');
    const int result = argon2id_hash_encoded(
        cost.iterations, cost.memory_kib, lanes, password.data(), password.size(), salt.data(),
        salt.size(), hash_bytes, encoded.data(), encoded.size());
    if (result == ARGON2_MEMORY_ALLOCATION_ERROR) return {};
    ATLAS_CHECK(result == ARGON2_OK, "the cost was checked with the configuration");
    encoded.resize(encoded.find('\0'));
    return encoded;
}

}  // namespace atlas::passwords
