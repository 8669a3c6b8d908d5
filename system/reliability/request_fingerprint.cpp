#include "system/reliability/request_fingerprint.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>

#include "system/host/check.hpp"

namespace atlas::reliability {

std::string request_fingerprint(std::string_view secret, std::string_view method,
                                std::string_view path, std::string_view body) {
    std::string message;
    message.reserve(method.size() + path.size() + body.size() + 2);
    message.append(method).append("\n").append(path).append("\n").append(body);
    std::array<std::uint8_t, 32> code{};
    unsigned length = 0;
    const unsigned char* const made =
        HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), code.data(),
             &length);
    ATLAS_CHECK(made != nullptr && length == code.size(), "SHA-256 is always there");
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte : code) {
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

}  // namespace atlas::reliability
