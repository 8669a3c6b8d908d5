#pragma once
// Timelines: each promotion begins a new one where the old one ended, so that two histories that
// parted can be told from each other. A history file says where a timeline's forebears ended.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atlas::sim::models::postgres {

using Timeline = std::uint32_t;
inline constexpr Timeline first_timeline = 1;

/// One forebear of a timeline, and where the next one began.
struct TimelineEnd {
    Timeline timeline = 0;
    std::uint64_t position = 0;

    friend bool operator==(const TimelineEnd&, const TimelineEnd&) = default;
};

/// A timeline and its forebears, oldest first.
struct TimelineHistory {
    Timeline timeline = first_timeline;
    std::vector<TimelineEnd> forebears = {};

    bool contains(Timeline other) const;
    /// Where the history left that timeline; nullopt for the newest, and for strangers.
    std::optional<std::uint64_t> end_of(Timeline other) const;
    /// The timeline that came after it; none for the newest, and for strangers.
    std::optional<Timeline> after(Timeline other) const;
};

/// Whether the newer history is the older one, gone on or the same. (Two that never heard of each
/// other may have taken the same number for what they began.)
bool continues(const TimelineHistory& newer, const TimelineHistory& older);

/// "00000002.history".
std::string history_file_name(Timeline timeline);
/// nullopt if it is no such name.
std::optional<Timeline> timeline_of_history_file(std::string_view name);

/// The text of the file, in PostgreSQL's form.
std::string format_history(const TimelineHistory& history);
/// nullopt if it is not of that form.
std::optional<TimelineHistory> parse_history(Timeline timeline, std::string_view text);

}  // namespace atlas::sim::models::postgres
