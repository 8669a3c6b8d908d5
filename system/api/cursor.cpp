#include "system/api/cursor.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace atlas::api {
namespace {

/// Version, id, checksum: without spare bits in base64url (RFC 4648 section 5).
using Bytes = std::array<std::uint8_t, 18>;
constexpr std::uint8_t version = 1;
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// So that a cursor with a slip in it is refused, and does not begin somewhere else.
std::uint8_t checksum(const Bytes& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
        sum = sum * 31 + bytes[i];
    return static_cast<std::uint8_t>(sum % 251);
}

}  // namespace

std::string format_cursor(const domain::Uuid& last_shown) {
    Bytes bytes{version};
    std::ranges::copy(last_shown.bytes, bytes.begin() + 1);
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

std::optional<domain::Uuid> parse_cursor(std::string_view text) {
    Bytes bytes{};
    if (text.size() != bytes.size() / 3 * 4) return {};
    for (std::size_t i = 0; i < bytes.size() / 3; ++i) {
        std::uint32_t group = 0;
        for (const char c : text.substr(i * 4, 4)) {
            const std::size_t digit = alphabet.find(c);
            if (digit == std::string_view::npos) return {};
            group = group << 6 | static_cast<std::uint32_t>(digit);
        }
        bytes[i * 3] = static_cast<std::uint8_t>(group >> 16);
        bytes[i * 3 + 1] = static_cast<std::uint8_t>(group >> 8);
        bytes[i * 3 + 2] = static_cast<std::uint8_t>(group);
    }
    if (bytes.front() != version || bytes.back() != checksum(bytes)) return {};
    domain::Uuid id;
    std::copy(bytes.begin() + 1, bytes.end() - 1, id.bytes.begin());
    return id;
}

}  // namespace atlas::api
