#include "sim/cluster/fault_control.hpp"

#include <utility>

#include "system/host/check.hpp"

namespace atlas::sim::cluster {

using kernel::ProcessState;
using network::MachineNumber;

FaultControl::FaultControl(Cluster& cluster, std::vector<faults::MachineInfo> machines,
                           Primaries primaries, LackHeir lack_heir)
    : cluster_(cluster),
      machines_(std::move(machines)),
      primaries_(std::move(primaries)),
      lack_heir_(std::move(lack_heir)) {
    ATLAS_CHECK(machines_.size() == cluster.machine_count(), "each machine is told of");
}

std::vector<std::string> FaultControl::primaries() const {
    if (primaries_) return primaries_();
    std::vector<std::string> databases;
    for (const faults::MachineInfo& machine : machines_) {
        if (machine.role == faults::Role::postgres) databases.push_back(machine.name);
    }
    return databases;
}

MachineNumber FaultControl::number_of(std::string_view machine) const {
    for (MachineNumber number = 0; number < machines_.size(); ++number) {
        if (machines_[number].name == machine) return number;
    }
    ATLAS_CHECK(false, "faults name machines of the topology");
    return 0;
}

std::vector<ProcessNumber> FaultControl::processes_on(std::string_view machine) const {
    const MachineNumber number = number_of(machine);
    std::vector<ProcessNumber> found;
    for (ProcessNumber process = 0; process < cluster_.process_count(); ++process) {
        if (cluster_.machine_of(process) == number) found.push_back(process);
    }
    return found;
}

faults::WorkLost FaultControl::work_on(std::string_view machine) const {
    faults::WorkLost work;
    for (const ProcessNumber number : processes_on(machine)) {
        const kernel::Process& process = cluster_.process(number);
        if (!process.is_alive()) continue;
        ++work.processes;
        work.tasks += process.parked_count();
        work.connections += cluster_.network().open_ends(process);
    }
    return work;
}

faults::WorkLost FaultControl::kill(std::string_view machine) {
    const faults::WorkLost work = work_on(machine);
    for (const ProcessNumber process : processes_on(machine))
        cluster_.kill(process);
    return work;
}

bool FaultControl::restart(std::string_view machine) {
    bool started = false;
    for (const ProcessNumber process : processes_on(machine)) {
        if (cluster_.is_running(process)) continue;
        cluster_.start_again(process);
        started = started || cluster_.is_running(process);
    }
    return started;
}

bool FaultControl::pause(std::string_view machine) {
    bool changed = false;
    for (const ProcessNumber process : processes_on(machine)) {
        changed = changed || cluster_.process(process).state() == ProcessState::running;
        cluster_.pause(process);
    }
    return changed;
}

bool FaultControl::resume(std::string_view machine) {
    std::size_t held_back = 0;
    for (const ProcessNumber process : processes_on(machine))
        held_back += cluster_.resume(process);
    return held_back > 0;
}

std::size_t FaultControl::set_step_time(std::string_view machine, host::Duration step_time) {
    std::size_t late = 0;
    for (const ProcessNumber process : processes_on(machine))
        late += cluster_.set_step_time(process, step_time);
    return late;
}

faults::ClusterControl::PowerLoss FaultControl::power_loss(std::string_view machine) {
    const MachineNumber number = number_of(machine);
    PowerLoss loss;
    if (!cluster_.is_powered(number)) return loss;
    loss.work = work_on(machine);
    loss.disk = cluster_.power_off(number);
    return loss;
}

faults::ClusterControl::MachineLoss FaultControl::lose(std::string_view machine) {
    const MachineNumber number = number_of(machine);
    MachineLoss loss{.work = work_on(machine)};
    loss.files = cluster_.lose(number);
    return loss;
}

bool FaultControl::lacks_heir(std::string_view machine) const {
    const bool is_database = machines_[number_of(machine)].role == faults::Role::postgres;
    return is_database && lack_heir_ && lack_heir_();
}

bool FaultControl::power_on(std::string_view machine) {
    const MachineNumber number = number_of(machine);
    if (cluster_.is_powered(number)) return false;
    cluster_.power_on(number);
    return true;
}

void FaultControl::set_disk_full(std::string_view machine, bool full) {
    cluster_.disk(number_of(machine)).set_full(full);
}

std::optional<std::uint64_t> FaultControl::rot_bit(std::string_view machine, std::uint64_t choice) {
    return cluster_.disk(number_of(machine)).rot_bit(choice);
}

std::uint64_t FaultControl::misdirect_next_write(std::string_view machine, std::uint64_t choice) {
    return cluster_.disk(number_of(machine)).misdirect_next_write(choice);
}

void FaultControl::set_link_blocked(std::string_view from, std::string_view to, bool blocked) {
    const MachineNumber from_number = number_of(from);
    const MachineNumber to_number = number_of(to);
    cluster_.network().set_blocked({from_number, to_number}, blocked);
}

void FaultControl::set_link_condition(std::string_view from, std::string_view to,
                                      network::LinkCondition condition) {
    const MachineNumber from_number = number_of(from);
    const MachineNumber to_number = number_of(to);
    cluster_.network().set_condition({from_number, to_number}, condition);
}

std::optional<std::uint64_t> FaultControl::reset_connection(std::string_view a, std::string_view b,
                                                            std::uint64_t choice) {
    return cluster_.network().reset_connection(number_of(a), number_of(b), choice);
}

std::optional<std::uint64_t> FaultControl::half_close(std::string_view a, std::string_view b,
                                                      std::uint64_t choice) {
    return cluster_.network().half_close(number_of(a), number_of(b), choice);
}

host::Duration FaultControl::clock_offset(std::string_view machine) const {
    return cluster_.clock(number_of(machine)).offset();
}

void FaultControl::set_clock_offset(std::string_view machine, host::Duration offset) {
    cluster_.clock(number_of(machine)).set_offset(offset);
}

void FaultControl::set_clock_drift(std::string_view machine, host::Duration gained_in_a_second) {
    cluster_.clock(number_of(machine)).set_drift(gained_in_a_second);
}

std::uint64_t FaultControl::clock_readings(std::string_view machine) const {
    return cluster_.clock(number_of(machine)).readings();
}

}  // namespace atlas::sim::cluster
