#pragma once
// How the list of knobs is written: a knob reads and writes the member of SwarmOptions at the end
// of a path of members.

#include <utility>

#include "sim/faults/knobs.hpp"

namespace atlas::sim::faults::knob_builders {

using Options = SwarmOptions;

// follow<&SwarmOptions::postgres, &PostgresOptions::fsync>(options) is options.postgres.fsync.
template <auto... Path>
const auto& follow(const Options& options) {
    return (options.*....*Path);
}
template <auto... Path>
auto& follow(Options& options) {
    return (options.*....*Path);
}

template <auto... Path>
Knob knob(std::string name, std::string_view sentence) {
    using Member = std::decay_t<decltype(follow<Path...>(std::declval<Options&>()))>;
    return {.name = std::move(name),
            .type = KnobType::boolean,
            .sentence = sentence,
            .read = [](const Options& options) -> KnobValue { return follow<Path...>(options); },
            .write =
                [](Options& options, const KnobValue& value) {
                    follow<Path...>(options) = std::get<Member>(value);
                }};
}

template <auto... Path>
Knob count(std::string name, std::int64_t low, std::int64_t high, std::string_view sentence) {
    Knob made = knob<Path...>(std::move(name), sentence);
    made.type = KnobType::count;
    made.lowest = low;
    made.highest = high;
    return made;
}

template <auto... Path>
Knob time(std::string name, host::Duration low, host::Duration high, std::string_view sentence) {
    Knob made = knob<Path...>(std::move(name), sentence);
    made.type = KnobType::duration;
    made.lowest = low.count();
    made.highest = high.count();
    return made;
}

template <auto... Path>
Knob choice(std::string name, std::vector<std::string_view> choices, std::string_view sentence) {
    Knob made = knob<Path...>(std::move(name), sentence);
    made.type = KnobType::choice;
    made.choices = std::move(choices);
    return made;
}

}  // namespace atlas::sim::faults::knob_builders

namespace atlas::sim::faults {

/// For each fault kind whether the run has it, how often it strikes and how hard.
void add_fault_knobs(std::vector<Knob>& list);

}  // namespace atlas::sim::faults
