#include "properties/checkers/isolation/level.hpp"

#include <algorithm>
#include <array>

namespace atlas::properties::isolation {

namespace {

using enum Level;

struct NamedLevel {
    Level level;
    std::string_view name;
};

constexpr std::array<NamedLevel, 8> names{{
    {read_uncommitted, "read-uncommitted"},
    {read_committed, "read-committed"},
    {cursor_stability, "cursor-stability"},
    {repeatable_read, "repeatable-read"},
    {snapshot_isolation, "snapshot-isolation"},
    {serializable, "serializable"},
    {strong_session_serializable, "strong-session-serializable"},
    {strict_serializable, "strict-serializable"},
}};

constexpr std::array levels{read_uncommitted,
                            read_committed,
                            cursor_stability,
                            repeatable_read,
                            snapshot_isolation,
                            serializable,
                            strong_session_serializable,
                            strict_serializable};

constexpr std::array at_all{read_uncommitted};
constexpr std::array committed{read_committed};
constexpr std::array updates{cursor_stability};
constexpr std::array views{repeatable_read, snapshot_isolation};
constexpr std::array items{repeatable_read};
constexpr std::array sessions{strong_session_serializable};
constexpr std::array real_time{strict_serializable};

}  // namespace

std::string_view name(Level level) noexcept {
    return std::ranges::find(names, level, &NamedLevel::level)->name;
}

std::optional<Level> find_level(std::string_view name) {
    const auto* const found = std::ranges::find(names, name, &NamedLevel::name);
    if (found == names.end()) return std::nullopt;
    return found->level;
}

std::span<const Level> all_levels() {
    return levels;
}

bool includes(Level level, Level weaker) {
    // Snapshot isolation stands beside repeatable read; the rest is one line.
    if (level == snapshot_isolation) return weaker != repeatable_read && weaker <= level;
    if (weaker == snapshot_isolation) return level >= serializable;
    return level >= weaker;
}

std::span<const Level> weakest_broken(Anomaly anomaly) {
    switch (anomaly) {
        case Anomaly::garbage_read:
        case Anomaly::duplicate_elements:
        case Anomaly::cyclic_versions:
        case Anomaly::g0:
            return at_all;
        case Anomaly::incompatible_order:
        case Anomaly::future_read:
        case Anomaly::aborted_read:
        case Anomaly::intermediate_read:
        case Anomaly::dirty_update:
        case Anomaly::g1c:
            return committed;
        case Anomaly::lost_update:
            return updates;
        case Anomaly::internal:
        case Anomaly::g_single:
        case Anomaly::g_nonadjacent:
            return views;
        case Anomaly::g2_item:
            return items;
        case Anomaly::cycle_in_session:
            return sessions;
        case Anomaly::cycle_in_real_time:
            return real_time;
    }
    return at_all;
}

bool breaks(Anomaly anomaly, Level level) {
    return std::ranges::any_of(weakest_broken(anomaly),
                               [level](Level weakest) { return includes(level, weakest); });
}

}  // namespace atlas::properties::isolation
