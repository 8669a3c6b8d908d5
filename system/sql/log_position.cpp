#include "system/sql/log_position.hpp"

#include <charconv>

namespace atlas::sql {
namespace {

std::optional<std::uint32_t> parse_hexadecimal(std::string_view text) {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number, 16);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return number;
}

}  // namespace

std::optional<std::uint64_t> parse_log_byte(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto high = parse_hexadecimal(text.substr(0, slash));
    const auto low = parse_hexadecimal(text.substr(slash + 1));
    if (!high || !low) return std::nullopt;
    return std::uint64_t{*high} << 32 | *low;
}

std::optional<std::uint32_t> timeline_of_log_file(std::string_view name) {
    constexpr std::size_t digits = 24;
    if (name.size() != digits) return std::nullopt;
    return parse_hexadecimal(name.substr(0, 8));
}

}  // namespace atlas::sql
