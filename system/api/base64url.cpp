#include "system/api/base64url.hpp"

#include "system/host/check.hpp"

namespace atlas::api {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::uint8_t checksum(std::span<const std::uint8_t> bytes) {
    std::uint32_t sum = 0;
    for (const std::uint8_t byte : bytes.first(bytes.size() - 1))
        sum = sum * 31 + byte;
    return static_cast<std::uint8_t>(sum % 251);
}

}  // namespace

std::string seal_base64url(std::span<std::uint8_t> bytes) {
    ATLAS_CHECK(!bytes.empty() && bytes.size() % 3 == 0, "there are no spare bits");
    bytes.back() = checksum(bytes);
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                    static_cast<std::uint32_t>(bytes[i + 1]) << 8 | bytes[i + 2];
        for (const unsigned shift : {18u, 12u, 6u, 0u})
            text += alphabet[group >> shift & 63];
    }
    return text;
}

bool open_base64url(std::string_view text, std::span<std::uint8_t> bytes) {
    if (text.size() != bytes.size() / 3 * 4) return false;
    for (std::size_t i = 0; i < bytes.size() / 3; ++i) {
        std::uint32_t group = 0;
        for (const char c : text.substr(i * 4, 4)) {
            const std::size_t digit = alphabet.find(c);
            if (digit == std::string_view::npos) return false;
            group = group << 6 | static_cast<std::uint32_t>(digit);
        }
        bytes[i * 3] = static_cast<std::uint8_t>(group >> 16);
        bytes[i * 3 + 1] = static_cast<std::uint8_t>(group >> 8);
        bytes[i * 3 + 2] = static_cast<std::uint8_t>(group);
    }
    return bytes.back() == checksum(bytes);
}

}  // namespace atlas::api
