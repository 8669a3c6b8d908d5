#include "sim/cluster/cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/disk/process_disk.hpp"
#include "system/host/check.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::cluster {

using kernel::EventKind;
using network::MachineNumber;

namespace {

/// What a fork, or a signal, takes to have its effect.
constexpr host::Duration request_delay = std::chrono::milliseconds{2};

}  // namespace

struct Cluster::Machine {
    Machine(kernel::Kernel& kernel, const std::string& own_name, disk::DiskPolicy& policy)
        : name(own_name), clock(kernel), disk(own_name, policy) {}

    std::string name;
    kernel::MachineClock clock;
    disk::MachineDisk disk;
    bool powered = true;
    std::uint32_t boots = 0;
};

/// What one life of a process has of the world. Taken down after its tasks have ended.
struct Cluster::Incarnation {
    Incarnation(Cluster& cluster, Slot& slot);

    network::ProcessNetwork network;
    disk::ProcessDisk disk;
    kernel::SimulatedHost host;
    host::TaskGroup tasks;
};

struct Cluster::Slot {
    ProcessNumber number;
    MachineNumber machine_number;
    Machine* machine;
    kernel::Process* process;
    Program program;
    ProcessOptions options;
    kernel::TieSource ties;  ///< Of what its supervisor does.
    std::unique_ptr<Incarnation> incarnation = nullptr;
    /// Whether the supervisor starts it again when it dies of itself.
    bool supervised = false;
    /// Whether it would be running if nobody had killed it.
    bool taken_down = false;
};

Cluster::Incarnation::Incarnation(Cluster& cluster, Slot& slot)
    : network(cluster.network_, slot.machine_number, *slot.process),
      disk(slot.machine->disk, *slot.process),
      host(*slot.process, slot.machine->clock, network, disk, cluster.hooks_),
      tasks(host) {
    network.attach(host);
}

Cluster::Cluster(kernel::Kernel& kernel, network::NetworkPolicy& network_policy,
                 disk::DiskPolicy& disk_policy)
    : kernel_(kernel), network_(kernel, network_policy), disk_policy_(disk_policy) {
    kernel_.set_death_observer([this](kernel::Process& process) { process_died(process); });
}

Cluster::~Cluster() {
    for (const auto& slot : slots_) {
        slot->supervised = false;
        kernel_.kill(*slot->process);
    }
    kernel_.set_death_observer({});
}

MachineNumber Cluster::add_machine(std::string name) {
    machines_.push_back(std::make_unique<Machine>(kernel_, name, disk_policy_));
    return network_.add_machine(std::move(name));
}

ProcessNumber Cluster::add_process(MachineNumber machine, std::string name, Program program,
                                   ProcessOptions options) {
    const auto number = static_cast<ProcessNumber>(slots_.size());
    kernel::Process& process = kernel_.add_process(machines_[machine]->name, std::move(name));
    kernel::TieSource ties(kernel_.seed(), "supervisor", process.machine() + "/" + process.name());
    slots_.push_back(std::make_unique<Slot>(Slot{number, machine, machines_[machine].get(),
                                                 &process, std::move(program), options, ties}));
    return number;
}

void Cluster::start(ProcessNumber number) {
    Slot& slot = *slots_[number];
    if (slot.incarnation != nullptr || !slot.machine->powered) return;
    slot.process->start();
    slot.supervised = slot.options.supervised;
    slot.taken_down = false;
    slot.incarnation = std::make_unique<Incarnation>(*this, slot);
    slot.incarnation->tasks.spawn(run_program(*this, slot));
}

void Cluster::start_again(ProcessNumber number) {
    if (slots_[number]->taken_down) start(number);
}

void Cluster::start_all() {
    for (ProcessNumber number = 0; number < slots_.size(); ++number) {
        if (slots_[number]->options.supervised) start(number);
    }
}

void Cluster::request_start(ProcessNumber number) {
    schedule_request(*slots_[number], "start was asked for", &Cluster::start);
}

void Cluster::request_kill(ProcessNumber number) {
    schedule_request(*slots_[number], "kill was asked for", &Cluster::kill);
}

void Cluster::schedule_request(Slot& slot, const char* label, void (Cluster::*act)(ProcessNumber)) {
    const std::uint32_t boots = slot.machine->boots;
    kernel_.schedule(kernel_.now() + request_delay, slot.ties, EventKind::control, label,
                     slot.number, [this, &slot, boots, act] {
                         if (slot.machine->boots == boots) (this->*act)(slot.number);
                     });
}

host::Task<> Cluster::run_program(Cluster& cluster, Slot& slot) {
    co_await slot.program(slot.incarnation->host);
    cluster.program_returned(slot);
}

// The program's own task still runs: what is left of the process is cleared away by an event of the
// world, once the task has ended.
void Cluster::program_returned(Slot& slot) {
    const std::uint32_t incarnation = slot.process->incarnation();
    kernel_.schedule(
        kernel_.now() + host::Duration{1}, slot.ties, EventKind::control, "process ended",
        slot.number, [this, &slot, incarnation] {
            if (slot.incarnation == nullptr || slot.process->incarnation() != incarnation) return;
            const auto report = [&](std::size_t count, std::string_view what) {
                if (count == 0) return;
                leftovers_.push_back(
                    fmt::format("{}: {} {}", slot.process->full_name(), count, what));
            };
            // The program's own task has ended: whoever still waits, in whatever group, was left.
            report(slot.process->parked_count(), "waiting task(s)");
            report(slot.process->pending_count(), "pending event(s)");
            report(network_.open_ends(*slot.process), "connection(s) or listener(s)");
            report(slot.incarnation->disk.open_files(), "open file(s)");
            // A lock is the machine's: another process of it may be the one that has it.
            if (runs_alone(slot)) report(slot.machine->disk.held_locks(), "directory lock(s)");
            slot.supervised = false;
            kernel_.kill(*slot.process);
        });
}

bool Cluster::runs_alone(const Slot& slot) const {
    return std::ranges::none_of(slots_, [&](const auto& other) {
        return other.get() != &slot && other->machine == slot.machine &&
               other->incarnation != nullptr;
    });
}

void Cluster::process_died(kernel::Process& process) {
    for (const auto& slot : slots_) {
        if (slot->process != &process) continue;
        slot->incarnation.reset();
        if (slot->supervised) schedule_restart(*slot);
    }
}

void Cluster::schedule_restart(Slot& slot) {
    kernel_.schedule(kernel_.now() + slot.options.restart_delay, slot.ties, EventKind::control,
                     "supervisor restarts", slot.number, [this, &slot] {
                         if (slot.supervised) start(slot.number);
                     });
}

void Cluster::kill(ProcessNumber number) {
    Slot& slot = *slots_[number];
    slot.taken_down = slot.taken_down || slot.supervised;
    slot.supervised = false;
    kernel_.kill(*slot.process);
}

void Cluster::request_shutdown(ProcessNumber number) {
    Slot& slot = *slots_[number];
    slot.supervised = false;
    if (slot.incarnation != nullptr) slot.incarnation->host.request_shutdown();
}

void Cluster::pause(ProcessNumber number) {
    kernel_.pause(*slots_[number]->process);
}

std::size_t Cluster::resume(ProcessNumber number) {
    return kernel_.resume(*slots_[number]->process);
}

std::size_t Cluster::set_step_time(ProcessNumber process, host::Duration step_time) {
    return slots_[process]->process->set_step_time(step_time);
}

void Cluster::go_dark(MachineNumber machine) {
    machines_[machine]->powered = false;
    // First the network: the dying must not say goodbye.
    network_.power_off(machine);
    for (const auto& slot : slots_) {
        if (slot->machine_number == machine) kill(slot->number);
    }
}

disk::PowerLossReport Cluster::power_off(MachineNumber machine) {
    go_dark(machine);
    return machines_[machine]->disk.power_loss();
}

std::size_t Cluster::lose(MachineNumber machine) {
    if (machines_[machine]->powered) go_dark(machine);
    return machines_[machine]->disk.replace();
}

void Cluster::power_on(MachineNumber machine) {
    if (machines_[machine]->powered) return;
    machines_[machine]->powered = true;
    ++machines_[machine]->boots;
    network_.power_on(machine);
    for (const auto& slot : slots_) {
        if (slot->machine_number == machine) start_again(slot->number);
    }
}

bool Cluster::is_powered(MachineNumber machine) const {
    return machines_[machine]->powered;
}

kernel::MachineClock& Cluster::clock(MachineNumber machine) {
    return machines_[machine]->clock;
}

disk::MachineDisk& Cluster::disk(MachineNumber machine) {
    return machines_[machine]->disk;
}

const std::string& Cluster::machine_name(MachineNumber machine) const {
    return machines_[machine]->name;
}

const kernel::Process& Cluster::process(ProcessNumber number) const {
    return *slots_[number]->process;
}

MachineNumber Cluster::machine_of(ProcessNumber number) const {
    return slots_[number]->machine_number;
}

bool Cluster::is_running(ProcessNumber number) const {
    return slots_[number]->incarnation != nullptr;
}

bool Cluster::is_at_its_pace(ProcessNumber number) const {
    const kernel::Process& process = *slots_[number]->process;
    return process.state() == kernel::ProcessState::running && !process.is_slow();
}

}  // namespace atlas::sim::cluster
