#include "system/http/json_string.hpp"

#include <cstdint>

namespace atlas::http {
namespace {

/// The length of the well-formed UTF-8 sequence at the start of `text` (Unicode, table 3-7); 0 when
/// there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto continues = [&](std::size_t i, std::uint8_t low = 0x80, std::uint8_t high = 0xbf) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const std::uint8_t first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const std::uint8_t low = first == 0xe0 ? 0xa0 : 0x80;
        const std::uint8_t high = first == 0xed ? 0x9f : 0xbf;
        return continues(1, low, high) && continues(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const std::uint8_t low = first == 0xf0 ? 0x90 : 0x80;
        const std::uint8_t high = first == 0xf4 ? 0x8f : 0xbf;
        return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

void append_escaped(std::string& output, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    switch (c) {
        case '"':
            output += "\\\"";
            return;
        case '\\':
            output += "\\\\";
            return;
        case '\n':
            output += "\\n";
            return;
        case '\r':
            output += "\\r";
            return;
        case '\t':
            output += "\\t";
            return;
        default:
            output += "\\u00";
            output += digits[static_cast<std::uint8_t>(c) >> 4];
            output += digits[static_cast<std::uint8_t>(c) & 0xf];
    }
}

}  // namespace

void append_json_string(std::string& output, std::string_view text) {
    output += '"';
    while (!text.empty()) {
        const char c = text.front();
        const std::size_t length = sequence_length(text);
        if (c == '"' || c == '\\' || static_cast<std::uint8_t>(c) < 0x20) {
            append_escaped(output, c);
        } else if (length == 0) {
            output += "\xef\xbf\xbd";
        } else {
            output.append(text.substr(0, length));
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    output += '"';
}

}  // namespace atlas::http
