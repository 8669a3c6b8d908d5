#include "sim/models/postgres/wal/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ranges>

#include "sim/models/postgres/types/log_position.hpp"

namespace atlas::sim::models::postgres {

bool TimelineHistory::contains(Timeline other) const {
    return other == timeline || end_of(other).has_value();
}

std::optional<std::uint64_t> TimelineHistory::end_of(Timeline other) const {
    const auto found = std::ranges::find(forebears, other, &TimelineEnd::timeline);
    if (found == forebears.end()) return std::nullopt;
    return found->position;
}

std::optional<Timeline> TimelineHistory::after(Timeline other) const {
    const auto found = std::ranges::find(forebears, other, &TimelineEnd::timeline);
    if (found == forebears.end()) return std::nullopt;
    return found + 1 == forebears.end() ? timeline : (found + 1)->timeline;
}

bool continues(const TimelineHistory& newer, const TimelineHistory& older) {
    const std::size_t count = older.forebears.size();
    if (newer.forebears.size() < count) return false;
    if (!std::ranges::equal(older.forebears, newer.forebears | std::views::take(count)))
        return false;
    const bool same = newer.forebears.size() == count;
    return (same ? newer.timeline : newer.forebears[count].timeline) == older.timeline;
}

std::string history_file_name(Timeline timeline) {
    return fmt::format("{:08X}.history", timeline);
}

std::optional<Timeline> timeline_of_history_file(std::string_view name) {
    constexpr std::size_t digits = 8;
    if (name.size() < digits || name.substr(digits) != ".history") return std::nullopt;
    Timeline timeline = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + digits, timeline, 16);
    if (error != std::errc{} || end != name.data() + digits) return std::nullopt;
    return timeline;
}

std::string format_history(const TimelineHistory& history) {
    std::string text;
    for (const TimelineEnd& forebear : history.forebears) {
        text += fmt::format("{}\t{}\tno recovery target specified\n", forebear.timeline,
                            format_log_position(forebear.position));
    }
    return text;
}

std::optional<TimelineHistory> parse_history(Timeline timeline, std::string_view text) {
    TimelineHistory history{.timeline = timeline};
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        const std::size_t tab = line.find('\t');
        if (tab == line.npos) return std::nullopt;
        const std::size_t second = std::min(line.find('\t', tab + 1), line.size());
        TimelineEnd forebear;
        const auto [stopped, error] =
            std::from_chars(line.data(), line.data() + tab, forebear.timeline);
        const auto position = read_log_position(line.substr(tab + 1, second - tab - 1));
        if (error != std::errc{} || stopped != line.data() + tab || !position) return std::nullopt;
        forebear.position = *position;
        history.forebears.push_back(forebear);
    }
    return history;
}

}  // namespace atlas::sim::models::postgres
