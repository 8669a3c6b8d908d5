#pragma once
// A scenario: what a file says about a run, on top of what the seed draws. And a configuration:
// what a run has in the end.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/faults/fault_id.hpp"
#include "sim/faults/fault_plan.hpp"
#include "sim/faults/knobs.hpp"
#include "sim/faults/swarm_options.hpp"
#include "sim/kernel/seed.hpp"
#include "sim/scenario/operation_id.hpp"

namespace atlas::sim::scenario {

struct Scenario {
    std::string name = "default";
    std::string description = {};
    /// "valid", or "invalid:" and the name of the property that must be violated.
    std::string expect = "valid";
    /// Whether the seed draws the options that the file does not name. Otherwise they have their
    /// defaults, and no fault is on.
    bool draw = true;
    /// By dotted name, in the order of the file.
    std::vector<std::pair<std::string, faults::KnobValue>> settings = {};
    faults::SuppressedFaults suppressed = {};
    SuppressedOperations suppressed_operations = {};
    /// Instead of the plan that the seed draws.
    std::optional<faults::FaultPlan> plan = std::nullopt;
};

/// For people, one message a line: "scenarios/kill.json:7: workload.rat: there is no ...".
using Complaints = std::vector<std::string>;

/// Anything unknown is a complaint. `source` is the file's name, for the messages. The strikes of a
/// plan are checked against the topology later: see resolve.
std::expected<Scenario, Complaints> read_scenario(std::string_view text, std::string_view source);

struct Configuration {
    std::string name = "default";
    std::string description = {};
    std::string expect = "valid";
    faults::SwarmOptions options;
    faults::SuppressedFaults suppressed = {};
    SuppressedOperations suppressed_operations = {};
    /// Drawn, or given. Holds suppressed strikes too.
    faults::FaultPlan plan = {};
    /// Given by hand: it is written out even where a drawn one is not.
    bool plan_is_given = false;
};

/// Draws of the seed, then the scenario's settings, then the overrides ("key=value", as --set gives
/// them); later ones win. What is wrong with an override begins with "--set ". Ids to suppress and
/// strikes name machines and clients of the topology; a strike outside the envelope is a complaint
/// unless the scenario expects a violation.
std::expected<Configuration, Complaints> resolve(const kernel::Seed& seed, const Scenario& scenario,
                                                 const std::vector<std::string>& overrides);

/// A scenario file with every option spelled out; reading it and resolving it with the same seed
/// gives the same configuration. Expanded, a drawn plan is in it too, and any seed gives it.
std::string write_scenario(const Configuration& configuration, bool expanded);

/// 16 hexadecimal digits over everything that the configuration says but its name, description
/// and expectation.
std::string configuration_hash(const Configuration& configuration);

}  // namespace atlas::sim::scenario
