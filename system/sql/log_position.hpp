#pragma once
// Places in the log of a replicated database (PostgreSQL: "WAL Internals"). A position is a number
// of bytes; a promotion begins a new timeline, which shares its older part with the one before.

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace atlas::sql {

struct LogPosition {
    std::uint32_t timeline = 0;
    std::uint64_t byte = 0;

    friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

/// No server has got that far: for what is to be read on the primary.
inline constexpr LogPosition beyond_all{std::numeric_limits<std::uint32_t>::max(),
                                        std::numeric_limits<std::uint64_t>::max()};

/// Whether a server that is at `reached` has all that was confirmed up to `wanted`. A newer
/// timeline has it at the same place, because what was confirmed outlives every promotion.
constexpr bool covers(LogPosition reached, LogPosition wanted) {
    return reached.timeline >= wanted.timeline && reached.byte >= wanted.byte;
}

/// Who has come further of two that may both be behind: there is more to come on the newer
/// timeline, and all that was confirmed on the older one.
constexpr bool is_further(LogPosition a, LogPosition b) {
    return a.timeline != b.timeline ? a.timeline > b.timeline : a.byte > b.byte;
}

/// Covers both.
constexpr LogPosition later_of(LogPosition a, LogPosition b) {
    return {a.timeline > b.timeline ? a.timeline : b.timeline, a.byte > b.byte ? a.byte : b.byte};
}

/// "16/B374D848", as PostgreSQL writes a pg_lsn; nothing if it is none.
std::optional<std::uint64_t> parse_log_byte(std::string_view text);

/// "000000020000000A000000FF", the name of a file of the log, begins with its timeline; nothing if
/// it is no such name.
std::optional<std::uint32_t> timeline_of_log_file(std::string_view name);

}  // namespace atlas::sql
