// How a fault plan is drawn: each strike from the source of its own id.

#include <algorithm>
#include <array>
#include <utility>

#include "sim/faults/dice.hpp"
#include "sim/faults/fault_plan.hpp"

namespace atlas::sim::faults {
namespace {

using enum FaultKind;

class PlanDraw {
  public:
    PlanDraw(const kernel::Seed& seed, const SwarmOptions& options,
             const std::vector<MachineInfo>& machines, const Envelope& envelope)
        : seed_(seed),
          options_(options),
          machines_(machines),
          zones_(zones_of(machines)),
          envelope_(envelope) {}

    FaultPlan draw() {
        const FaultOptions& f = options_.faults;
        on_machines(process_kill, f.process_kill);
        on_machines(process_restart, f.process_restart);
        on_machines(process_pause, f.process_pause);
        on_machines(machine_power_loss, f.machine_power_loss);
        on_databases(machine_lost, f.machine_lost);
        on_machines(process_slow, schedule_of(f.process_slow));
        on_machines(process_restart_loop, schedule_of(f.process_restart_loop));
        on_machines(disk_bit_rot, f.disk_bit_rot);
        on_machines(disk_misdirected_write, f.disk_misdirected_write);
        on_machines(disk_no_space, f.disk_no_space);
        on_machines(clock_strobe, {f.clock_strobe.on, f.clock_strobe.every, f.clock_strobe.shortest,
                                   f.clock_strobe.longest});
        on_machines(clock_step, {f.clock_step.on, f.clock_step.every, {}, {}});
        on_cluster(network_partition_symmetric, f.network_partition_symmetric);
        on_cluster(network_partition_one_way, f.network_partition_one_way);
        on_cluster(network_partition_majorities_ring, f.network_partition_majorities_ring);
        on_cluster(network_partition_bridge, f.network_partition_bridge);
        on_cluster(network_partition_primaries, f.network_partition_primaries);
        on_zones(network_partition_zone, f.network_partition_zone);
        on_zones(zone_power_loss, f.zone_power_loss);
        on_cluster(network_clog, f.network_clog);
        on_cluster(network_swizzle, f.network_swizzle);
        on_cluster(network_slow_link, schedule_of(f.network_slow_link));
        on_cluster(network_bandwidth, schedule_of(f.network_bandwidth));
        on_cluster(network_reset, f.network_reset);
        on_cluster(network_half_close, f.network_half_close);
        if (f.clock_offset.on) clock_offsets();
        if (f.clock_drift.on) clock_drifts();
        sort_plan(plan_);
        return std::move(plan_);
    }

  private:
    static ScheduledFault schedule_of(const GradedFault& fault) {
        return {fault.on, fault.every, fault.shortest, fault.longest};
    }

    static host::Duration draw_amount(const GradedFault& fault, host::RandomSource& source) {
        return source.between(fault.most / 10, fault.most);
    }

    void on_machines(FaultKind kind, const ScheduledFault& fault) {
        if (!fault.on) return;
        const auto targets = envelope_.targets(kind, machines_);
        for (const std::string_view target : targets)
            on_target(kind, target, fault, fault.every * one_in(kind, target, targets.size()));
    }

    // To a machine that keeps nothing on its disk the loss of that is a power loss.
    void on_databases(FaultKind kind, const ScheduledFault& fault) {
        if (!fault.on) return;
        for (const std::string_view target : envelope_.targets(kind, machines_)) {
            if (has_database(target))
                on_target(kind, target, fault, fault.every * count_databases());
        }
    }

    // Which share of the strikes a machine gets: as much as any other; but those that are about the
    // disk do most where there is something on it, so half of them are the databases'.
    std::int64_t one_in(FaultKind kind, std::string_view target, std::size_t targets) const {
        const auto count = static_cast<std::int64_t>(targets);
        const bool is_about_disks = kind == machine_power_loss || kind == disk_no_space;
        const std::int64_t databases = count_databases();
        if (!is_about_disks || count == databases) return count;
        return has_database(target) ? 2 * databases : 2 * (count - databases);
    }

    std::int64_t count_databases() const {
        return std::ranges::count(machines_, Role::postgres, &MachineInfo::role);
    }

    void on_cluster(FaultKind kind, const ScheduledFault& fault) {
        if (fault.on && envelope_.targets(kind, machines_).size() >= fewest_machines(kind)) {
            on_target(kind, cluster_target, fault, fault.every);
        }
    }

    void on_zones(FaultKind kind, const ScheduledFault& fault) {
        if (fault.on && !zones_.empty()) on_target(kind, cluster_target, fault, fault.every);
    }

    // One after the other, the times between them exponential: a Poisson process.
    void on_target(FaultKind kind, std::string_view target, const ScheduledFault& fault,
                   host::Duration every) {
        const DecisionSources sources(seed_, kind, target);
        host::Duration at = options_.run.calm_start + settling_time(options_.topology);
        for (std::uint64_t ordinal = 0;; ++ordinal) {
            host::RandomSource source = sources.source(ordinal);
            at += source.exponential(every) + host::Duration{1};
            if (at >= options_.run.safety) return;
            Strike strike{.id = {kind, std::string(target), ordinal}, .at = at};
            strike.lasts = source.between(fault.shortest, std::max(fault.shortest, fault.longest));
            draw_details(strike, source);
            plan_.push_back(std::move(strike));
        }
    }

    void draw_details(Strike& strike, host::RandomSource& source) {
        switch (strike.id.kind) {
            case process_kill:
            case machine_power_loss:
                strike.moment = draw_moment(strike.id, source);
                break;
            case network_partition_one_way:
                strike.inward = source.chance(1, 2);
                strike.machines = draw_side(strike.id.kind, source);
                break;
            case network_partition_symmetric:
                strike.machines = draw_side(strike.id.kind, source);
                break;
            case network_partition_zone:
            case zone_power_loss:
                strike.machines = zones_[source.below(zones_.size())];
                break;
            case network_partition_majorities_ring:
            case network_partition_bridge:
                for (const std::string_view target : envelope_.targets(strike.id.kind, machines_))
                    strike.machines.emplace_back(target);
                source.shuffle(strike.machines);
                break;
            case network_slow_link:
                strike.machines = draw_link(source);
                strike.amount = draw_amount(options_.faults.network_slow_link, source);
                break;
            case network_bandwidth:
                strike.machines = draw_link(source);
                strike.amount = draw_amount(options_.faults.network_bandwidth, source);
                break;
            case network_swizzle:
                strike.machines = draw_order(source);
                strike.choice = source.next();
                break;
            case network_clog:
                strike.machines = draw_link(source);
                break;
            case network_reset:
            case network_half_close:
                strike.machines = draw_link(source);
                strike.choice = source.next();
                break;
            case clock_step:
                strike.clock = source.between(-options_.faults.clock_step.largest,
                                              options_.faults.clock_step.largest);
                break;
            case process_slow:
                strike.amount = draw_amount(options_.faults.process_slow, source);
                break;
            case process_restart_loop:
                strike.amount = draw_amount(options_.faults.process_restart_loop, source);
                break;
            case disk_bit_rot:
            case disk_misdirected_write:
                strike.choice = source.next();
                break;
            case clock_strobe:
                strike.clock = source.between(-options_.faults.clock_strobe.largest,
                                              options_.faults.clock_strobe.largest);
                strike.amount = source.between(host::Duration{1ms}, host::Duration{100ms});
                break;
            default:
                break;
        }
    }

    // Of a database mostly in the middle of a sync, when the most is at stake. To a kill a rename
    // is as good as synced.
    Moment draw_moment(const FaultId& id, host::RandomSource& source) const {
        constexpr std::array<std::uint32_t, 3> weights{2, 3, 3};
        const auto moment = static_cast<Moment>(source.weighted(weights));
        if (!has_database(id.target)) return Moment::as_planned;
        if (id.kind == process_kill && moment == Moment::sync_of_rename) return Moment::sync;
        return moment;
    }

    bool has_database(std::string_view target) const {
        return std::ranges::any_of(machines_, [target](const MachineInfo& machine) {
            return machine.name == target && machine.role == Role::postgres;
        });
    }

    // Who is cut off: one machine, a PostgreSQL, or any part of the whole.
    std::vector<std::string> draw_side(FaultKind kind, host::RandomSource& source) {
        const auto targets = envelope_.targets(kind, machines_);
        constexpr std::array<std::uint32_t, 3> shapes{4, 3, 3};
        const std::size_t shape = source.weighted(shapes);
        if (shape == 0) return {std::string(targets[source.below(targets.size())])};
        if (shape == 1 && envelope_.covers(kind, Role::postgres)) {
            const std::vector<std::string> databases = names_of(Role::postgres);
            return {databases[source.below(databases.size())]};
        }
        std::vector<std::string> side;
        for (const std::string_view target : targets) {
            if (source.chance(1, 2)) side.emplace_back(target);
        }
        if (side.empty()) side.emplace_back(targets.front());
        if (side.size() == machines_.size()) side.pop_back();
        return side;
    }

    // At least two machines, and not all, in the order in which they are cut off.
    std::vector<std::string> draw_order(host::RandomSource& source) {
        std::vector<std::string> order;
        for (const std::string_view target : envelope_.targets(network_swizzle, machines_))
            order.emplace_back(target);
        source.shuffle(order);
        const std::size_t most = machines_.size() - 1;
        if (most > 2) order.resize(std::min(order.size(), 2 + source.below(most - 1)));
        if (order.size() > most) order.pop_back();
        return order;
    }

    std::vector<std::string> names_of(Role role) const {
        std::vector<std::string> names;
        for (const MachineInfo& machine : machines_) {
            if (machine.role == role) names.push_back(machine.name);
        }
        return names;
    }

    // Connections run between clients and API nodes, between those and PostgreSQL; and, where there
    // are followers, among databases and lease store. Either end comes first.
    std::vector<std::string> draw_link(host::RandomSource& source) {
        if (count_databases() > 1 && source.chance(1, 3)) return draw_database_link(source);
        const std::vector<std::string> apis = names_of(Role::api);
        const std::vector<std::string> far =
            names_of(source.chance(1, 2) ? Role::postgres : Role::client);
        const std::string& near_end = apis[source.below(apis.size())];
        const std::string& far_end = far[source.below(far.size())];
        if (source.chance(1, 2)) return {far_end, near_end};
        return {near_end, far_end};
    }

    std::vector<std::string> draw_database_link(host::RandomSource& source) {
        std::vector<std::string> ends = names_of(Role::postgres);
        for (std::string& store : names_of(Role::lease_store))
            ends.push_back(std::move(store));
        source.shuffle(ends);
        ends.resize(2);
        return ends;
    }

    void clock_offsets() {
        for (const std::string_view target : envelope_.targets(clock_offset, machines_)) {
            host::RandomSource source = DecisionSources(seed_, clock_offset, target).source(0);
            const host::Duration largest = options_.faults.clock_offset.largest;
            Strike strike{.id = {clock_offset, std::string(target), 0}};
            // One clock in four is right.
            if (source.chance(1, 4)) continue;
            strike.clock = source.between(-largest, largest);
            plan_.push_back(std::move(strike));
        }
    }

    void clock_drifts() {
        const host::Duration largest = options_.faults.clock_drift.largest;
        for (const std::string_view target : envelope_.targets(clock_drift, machines_)) {
            host::RandomSource source = DecisionSources(seed_, clock_drift, target).source(0);
            Strike strike{.id = {clock_drift, std::string(target), 0}};
            strike.clock = source.between(std::max(largest / 10, host::Duration{1}), largest);
            if (source.chance(1, 2)) strike.clock = -strike.clock;
            plan_.push_back(std::move(strike));
        }
    }

    const kernel::Seed& seed_;
    const SwarmOptions& options_;
    const std::vector<MachineInfo>& machines_;
    const std::vector<std::vector<std::string>> zones_;
    const Envelope& envelope_;
    FaultPlan plan_;
};

}  // namespace

FaultPlan draw_plan(const kernel::Seed& seed, const SwarmOptions& options,
                    const std::vector<MachineInfo>& machines, const Envelope& envelope) {
    return PlanDraw(seed, options, machines, envelope).draw();
}

}  // namespace atlas::sim::faults
