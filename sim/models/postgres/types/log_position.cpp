#include "sim/models/postgres/types/log_position.hpp"

#include <charconv>
#include <limits>

namespace atlas::sim::models::postgres {
namespace {

std::optional<std::uint64_t> read_half(std::string_view text) {
    constexpr std::size_t most_digits = 8;
    if (text.empty() || text.size() > most_digits) return std::nullopt;
    std::uint64_t half = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, half, 16);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return half;
}

}  // namespace

std::string format_log_position(std::uint64_t position) {
    return fmt::format("{:X}/{:X}", position >> 32, position & 0xFFFFFFFF);
}

std::optional<std::uint64_t> read_log_position(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == text.npos) return std::nullopt;
    const auto high = read_half(text.substr(0, slash));
    const auto low = read_half(text.substr(slash + 1));
    if (!high || !low) return std::nullopt;
    return (*high << 32) | *low;
}

Checked<Value> parse_log_position(std::string_view text) {
    const auto position = read_log_position(text);
    if (!position) {
        return sql_error("22P02",
                         fmt::format("invalid input syntax for type pg_lsn: \"{}\"", text));
    }
    if (*position > std::numeric_limits<std::int64_t>::max())
        return not_covered(fmt::format("the log position {}", text));
    return static_cast<std::int64_t>(*position);
}

}  // namespace atlas::sim::models::postgres
