// Merging draws, file and overrides; writing what came of it; and its hash.

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>

#include "sim/scenario/json_document.hpp"
#include "sim/scenario/scenario.hpp"

namespace atlas::sim::scenario {
namespace {

using faults::FaultKind;
using faults::KnobValue;
using faults::Moment;
using faults::Strike;

JsonValue json_of(const KnobValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return JsonValue::of(*flag);
    if (const auto* count = std::get_if<std::uint64_t>(&value)) return JsonValue::of(*count);
    return JsonValue::of(faults::text_of(value));
}

// Puts a knob's value where the dots of its name lead.
void put_setting(JsonValue& document, std::string_view name, JsonValue value) {
    JsonValue* at = &document;
    for (std::size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
        at = &at->member(name.substr(0, dot));
        name.remove_prefix(dot + 1);
    }
    at->members.emplace_back(std::string(name), std::move(value));
}

JsonValue json_of(const Strike& strike) {
    JsonValue json = JsonValue::object();
    const auto add = [&json](std::string_view name, JsonValue value) {
        json.members.emplace_back(std::string(name), std::move(value));
    };
    const auto add_time = [&](std::string_view name, host::Duration time) {
        if (time != host::Duration::zero()) add(name, JsonValue::of(faults::text_of(time)));
    };
    add("id", JsonValue::of(to_string(strike.id)));
    add("at", JsonValue::of(faults::text_of(strike.at)));
    add_time("lasts", strike.lasts);
    add_time("clock", strike.clock);
    add_time("amount", strike.amount);
    if (!strike.machines.empty()) {
        JsonValue machines = JsonValue::array();
        for (const std::string& machine : strike.machines)
            machines.items.push_back(JsonValue::of(machine));
        add("machines", std::move(machines));
    }
    if (strike.id.kind == FaultKind::network_partition_one_way) {
        add("direction", JsonValue::of(std::string(strike.inward ? "inward" : "outward")));
    }
    if (strike.choice != 0) add("choice", JsonValue::of(strike.choice));
    if (strike.moment == Moment::sync) add("during", JsonValue::of(std::string("sync")));
    if (strike.moment == Moment::sync_of_rename)
        add("during", JsonValue::of(std::string("sync_of_rename")));
    return json;
}

void put_options(JsonValue& document, const faults::SwarmOptions& options) {
    for (const faults::Knob& knob : faults::all_knobs())
        put_setting(document, knob.name, json_of(knob.read(options)));
}

void put_suppressed(JsonValue& document, const Configuration& configuration) {
    JsonValue list = JsonValue::array();
    for (const faults::FaultId& id : configuration.suppressed)
        list.items.push_back(JsonValue::of(to_string(id)));
    for (const OperationId& id : configuration.suppressed_operations)
        list.items.push_back(JsonValue::of(to_string(id)));
    if (list.items.empty()) return;
    document.members.emplace_back("suppress", std::move(list));
}

void put_plan(JsonValue& document, const faults::FaultPlan& plan) {
    JsonValue list = JsonValue::array();
    for (const Strike& strike : plan)
        list.items.push_back(json_of(strike));
    document.members.emplace_back("plan", std::move(list));
}

std::vector<std::string> names_of(const std::vector<faults::MachineInfo>& machines) {
    std::vector<std::string> names;
    for (const faults::MachineInfo& machine : machines)
        names.push_back(machine.name);
    return names;
}

/// Faults befall a machine, a link ("api-1>postgres-0") or the cluster.
bool is_target(std::string_view target, const std::vector<faults::MachineInfo>& machines) {
    const auto is_machine = [&](std::string_view name) {
        return std::ranges::find(machines, name, &faults::MachineInfo::name) != machines.end();
    };
    const std::size_t arrow = target.find('>');
    if (arrow == std::string_view::npos) {
        return target == faults::cluster_target || is_machine(target);
    }
    return is_machine(target.substr(0, arrow)) && is_machine(target.substr(arrow + 1));
}

}  // namespace

std::expected<Configuration, Complaints> resolve(const kernel::Seed& seed, const Scenario& scenario,
                                                 const std::vector<std::string>& overrides) {
    Configuration made{.name = scenario.name,
                       .description = scenario.description,
                       .expect = scenario.expect,
                       .options = scenario.draw ? faults::draw(seed) : faults::calm(),
                       .suppressed = scenario.suppressed,
                       .suppressed_operations = scenario.suppressed_operations,
                       .plan_is_given = scenario.plan.has_value()};
    Complaints complaints;
    for (const auto& [name, value] : scenario.settings) {
        const auto set = faults::assign(made.options, name, value);
        if (!set) complaints.push_back(set.error().detail);
    }
    for (const std::string& override_text : overrides) {
        const std::size_t equals = override_text.find('=');
        if (equals == std::string::npos) {
            complaints.push_back(fmt::format(
                "--set {}: must be NAME=VALUE, as in postgres.fsync=off", override_text));
            continue;
        }
        const std::string_view text = override_text;
        const auto set = faults::set(made.options, text.substr(0, equals), text.substr(equals + 1));
        if (!set) complaints.push_back(fmt::format("--set {}: {}", text, set.error().detail));
    }

    const auto machines = faults::machines_of(made.options.topology);
    const auto envelope = faults::Envelope::of(made.options.topology);
    made.plan =
        scenario.plan ? *scenario.plan : faults::draw_plan(seed, made.options, machines, envelope);
    for (const faults::FaultId& id : made.suppressed) {
        if (is_target(id.target, machines)) continue;
        complaints.push_back(fmt::format(
            "{}: suppress: {} befalls '{}', which is no machine here; there are {}", scenario.name,
            to_string(id), id.target, fmt::join(names_of(machines), ", ")));
    }
    const std::uint64_t clients =
        made.options.workload.clients_per_machine * made.options.topology.client_machines;
    for (const OperationId& id : made.suppressed_operations) {
        if (id.client < clients) continue;
        complaints.push_back(fmt::format("{}: suppress: {}: there is no client {}, only 0 to {}",
                                         scenario.name, to_string(id), id.client, clients - 1));
    }
    for (const std::string& wrong : faults::plan_faults(made.plan, machines))
        complaints.push_back(fmt::format("{}: plan: {}", scenario.name, wrong));
    if (complaints.empty() && made.expect == "valid") {
        for (const faults::FaultId& id : faults::outside_envelope(made.plan, envelope, machines)) {
            complaints.push_back(fmt::format(
                "{}: plan: {} is outside what the topology claims to survive; \"expect\" must be "
                "\"detected\", or say which property it violates",
                scenario.name, to_string(id)));
        }
    }
    if (!complaints.empty()) return std::unexpected(complaints);
    return made;
}

std::string write_scenario(const Configuration& configuration, bool expanded) {
    JsonValue document = JsonValue::object();
    const auto add = [&document](std::string_view name, JsonValue value) {
        document.members.emplace_back(std::string(name), std::move(value));
    };
    add("name", JsonValue::of(configuration.name));
    if (!configuration.description.empty()) {
        add("description", JsonValue::of(configuration.description));
    }
    add("expect", JsonValue::of(configuration.expect));
    add("draw", JsonValue::of(false));
    put_options(document, configuration.options);
    put_suppressed(document, configuration);
    if (expanded || configuration.plan_is_given) put_plan(document, configuration.plan);
    return to_text(document);
}

std::string configuration_hash(const Configuration& configuration) {
    JsonValue document = JsonValue::object();
    put_options(document, configuration.options);
    put_suppressed(document, configuration);
    put_plan(document, configuration.plan);
    const std::string text = to_text(document);
    return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

}  // namespace atlas::sim::scenario
