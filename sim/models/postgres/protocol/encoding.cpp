#include "sim/models/postgres/protocol/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace atlas::sim::models::postgres::protocol {
namespace {

std::uint8_t at(std::string_view text, std::size_t index) {
    return static_cast<std::uint8_t>(text[index]);
}

/// What the first byte promises; 1 for a byte that cannot be first.
std::size_t promised_length(std::uint8_t first) {
    if ((first & 0xe0) == 0xc0) return 2;
    if ((first & 0xf0) == 0xe0) return 3;
    if ((first & 0xf8) == 0xf0) return 4;
    return 1;
}

/// RFC 3629, section 4: no overlong forms, no surrogates, nothing past U+10FFFF.
bool is_valid_sequence(std::string_view sequence) {
    const std::uint8_t first = at(sequence, 0);
    if (first < 0x80) return first != 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (first < 0xc2 || first > 0xf4) return false;
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    if (sequence.size() != promised_length(first)) return false;
    if (at(sequence, 1) < low || at(sequence, 1) > high) return false;
    return std::all_of(sequence.begin() + 2, sequence.end(),
                       [](char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; });
}

}  // namespace

std::optional<ServerMessage> check_encoding(std::string_view text) {
    std::size_t index = 0;
    while (index < text.size()) {
        const std::uint8_t first = at(text, index);
        if (first < 0x80 && first != 0) {
            ++index;
            continue;
        }
        const std::string_view sequence = text.substr(index, promised_length(first));
        if (!is_valid_sequence(sequence)) {
            std::string bytes;
            for (const char c : sequence) {
                bytes += fmt::format(" {:#04x}", static_cast<std::uint8_t>(c));
            }
            return ServerMessage{.sqlstate = "22021",
                                 .message = "invalid byte sequence for encoding \"UTF8\":" + bytes};
        }
        index += sequence.size();
    }
    return std::nullopt;
}

}  // namespace atlas::sim::models::postgres::protocol
