#include "system/domain/uuid.hpp"

namespace atlas::domain {
namespace {

constexpr std::uint64_t high_mask = (1ULL << 12) - 1;
constexpr std::uint64_t low_mask = (1ULL << 62) - 1;

constexpr bool is_dash_place(std::size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string to_string(const Uuid& uuid) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (const std::uint8_t byte : uuid.bytes) {
        if (is_dash_place(text.size())) text += '-';
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != 36) return {};
    Uuid uuid;
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_dash_place(i)) {
            if (text[i] != '-') return {};
            continue;
        }
        const int value = digit_value(text[i]);
        if (value < 0) return {};
        std::uint8_t& byte = uuid.bytes[nibble / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | value);
        ++nibble;
    }
    return uuid;
}

Uuid Uuid7Sequence::next(std::uint64_t unix_milliseconds, std::array<std::uint64_t, 2> random) {
    if (unix_milliseconds > milliseconds_) {
        milliseconds_ = unix_milliseconds;
        // The top bit starts clear, so that counting up within one millisecond has room.
        high_ = random[0] & (high_mask >> 1);
        low_ = random[1] & low_mask;
    } else {
        const std::uint64_t step = 1 + (random[1] & 0xffffffff);
        low_ += step;
        if (low_ > low_mask) {
            low_ &= low_mask;
            ++high_;
        }
        if (high_ > high_mask) {
            high_ = 0;
            ++milliseconds_;
        }
    }
    Uuid uuid;
    for (std::size_t i = 0; i < 6; ++i) {
        uuid.bytes[i] = static_cast<std::uint8_t>(milliseconds_ >> (40 - 8 * i));
    }
    uuid.bytes[6] = static_cast<std::uint8_t>(0x70 | high_ >> 8);
    uuid.bytes[7] = static_cast<std::uint8_t>(high_);
    for (std::size_t i = 0; i < 8; ++i) {
        uuid.bytes[8 + i] = static_cast<std::uint8_t>(low_ >> (56 - 8 * i));
    }
    uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3f));
    return uuid;
}

}  // namespace atlas::domain
