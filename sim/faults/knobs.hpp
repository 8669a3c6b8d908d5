#pragma once
// The members of SwarmOptions by dotted name ("postgres.fsync"): for --set, scenario files, the
// table that opens a report, and `list knobs`. One registry; a member that is not in it cannot be
// set.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sim/faults/fault_kind.hpp"
#include "sim/faults/swarm_options.hpp"
#include "system/host/error.hpp"

namespace atlas::sim::faults {

enum class KnobType : std::uint8_t { boolean, count, duration, choice };

/// "true or false", "whole number", "duration", "one of a list".
std::string_view name(KnobType type) noexcept;

using KnobValue = std::variant<bool, std::uint64_t, host::Duration, std::string>;

struct Knob {
    std::string name;
    KnobType type;
    /// Both ends included; durations in nanoseconds.
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    std::vector<std::string_view> choices = {};
    std::string_view sentence;
    KnobValue (*read)(const SwarmOptions&);
    void (*write)(SwarmOptions&, const KnobValue&);

    /// "1 .. 16", "1ms .. 1h", "true or false".
    std::string range() const;
};

/// In the order of the struct: sections stay together.
const std::vector<Knob>& all_knobs();
const Knob* find_knob(std::string_view name);

/// Whether the run has that kind at all.
bool has(const SwarmOptions& options, FaultKind kind);

/// Sets one member. Errors: not_found (no such knob; names the nearest), invalid_argument (not of
/// its type or range; says what would be right).
host::Result<void> set(SwarmOptions& options, std::string_view name, std::string_view value);
host::Result<void> assign(SwarmOptions& options, std::string_view name, const KnobValue& value);

/// "true", "20", "1500us", "on".
std::string text_of(const KnobValue& value);

/// "0s", "250ms", "1500us", "4m": the largest unit that leaves a whole number.
std::string text_of(host::Duration duration);
/// A whole number and one of ns, us, ms, s, m, h. Errors: invalid_argument.
host::Result<host::Duration> parse_duration(std::string_view text);

/// One line a section, for the head of a report: "postgres  fsync=true synchronous_commit=on ...".
/// Of faults only those that are on.
std::string table(const SwarmOptions& options);

/// The one of the names that is nearest to what was typed, empty when none is near.
std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names);

}  // namespace atlas::sim::faults
