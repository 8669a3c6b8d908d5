#pragma once
// Machines with a disk, a clock and an address, and the programs that run on them: starting,
// killing, losing power, and a supervisor that starts again what died of itself.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk/machine_disk.hpp"
#include "sim/disk/policy.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/kernel/simulated_host.hpp"
#include "sim/network/simulated_network.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::cluster {

/// What a process runs; called anew for each incarnation. When it returns, the process ends.
using Program = std::function<host::Task<>(host::Host&)>;

/// In the order of add_process, from 0.
using ProcessNumber = std::uint32_t;

struct ProcessOptions {
    /// How long the supervisor waits before it starts again a process that died of itself.
    host::Duration restart_delay = std::chrono::milliseconds{500};
    /// Otherwise another process of its machine looks after it: it runs when that asks for it, and
    /// is not started by its machine's boot, by start_all() or when it dies of itself.
    bool supervised = true;
};

class Cluster {
  public:
    Cluster(kernel::Kernel& kernel, network::NetworkPolicy& network_policy,
            disk::DiskPolicy& disk_policy);
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;
    ~Cluster();

    network::MachineNumber add_machine(std::string name);
    ProcessNumber add_process(network::MachineNumber machine, std::string name, Program program,
                              ProcessOptions options = {});

    void start(ProcessNumber process);
    /// Starts it if kill() or power_off() took it down; what was never started, or has ended of
    /// itself, stays as it is.
    void start_again(ProcessNumber process);
    /// Starts every process that is not running, in order.
    void start_all();

    /// For a process that looks after another one of its machine: a moment later that one runs, or
    /// is killed, also when the one that asked has died by then; not when the machine has.
    void request_start(ProcessNumber process);
    void request_kill(ProcessNumber process);

    /// The process dies at once and stays down until start(). Its machine closes its sockets.
    void kill(ProcessNumber process);
    /// SIGTERM. It is expected to end of itself; it is not started again.
    void request_shutdown(ProcessNumber process);
    void pause(ProcessNumber process);
    /// How many events had come due meanwhile.
    std::size_t resume(ProcessNumber process);

    /// See kernel::Process::set_step_time; it outlives the process's incarnations.
    std::size_t set_step_time(ProcessNumber process, host::Duration step_time);

    /// The machine goes dark: its processes die, nobody is told, and what its disk had not synced
    /// may be lost.
    disk::PowerLossReport power_off(network::MachineNumber machine);
    /// As power_off, and its disk is gone: whoever boots in its place finds an empty one. How many
    /// files had been durable on it.
    std::size_t lose(network::MachineNumber machine);
    /// It boots, and what was taken down starts.
    void power_on(network::MachineNumber machine);
    bool is_powered(network::MachineNumber machine) const;

    kernel::MachineClock& clock(network::MachineNumber machine);
    disk::MachineDisk& disk(network::MachineNumber machine);
    network::SimulatedNetwork& network() { return network_; }
    kernel::Kernel& kernel() { return kernel_; }
    /// To be filled before the first start().
    kernel::HostHooks& hooks() { return hooks_; }

    std::size_t machine_count() const { return machines_.size(); }
    std::size_t process_count() const { return slots_.size(); }
    const std::string& machine_name(network::MachineNumber machine) const;
    const kernel::Process& process(ProcessNumber number) const;
    network::MachineNumber machine_of(ProcessNumber number) const;
    bool is_running(ProcessNumber number) const;
    /// Running, and neither paused nor slow.
    bool is_at_its_pace(ProcessNumber number) const;

    /// What programs left behind when they ended of themselves: "api-1/atlas-server#1: 1
    /// waiting task(s)". Empty is right.
    const std::vector<std::string>& leftovers() const { return leftovers_; }

  private:
    struct Machine;
    struct Incarnation;
    struct Slot;

    static host::Task<> run_program(Cluster& cluster, Slot& slot);
    void program_returned(Slot& slot);
    bool runs_alone(const Slot& slot) const;
    void go_dark(network::MachineNumber machine);
    void process_died(kernel::Process& process);
    void schedule_restart(Slot& slot);
    void schedule_request(Slot& slot, const char* label, void (Cluster::*act)(ProcessNumber));

    kernel::Kernel& kernel_;
    network::SimulatedNetwork network_;
    disk::DiskPolicy& disk_policy_;
    kernel::HostHooks hooks_;
    std::vector<std::unique_ptr<Machine>> machines_;
    std::vector<std::unique_ptr<Slot>> slots_;
    std::vector<std::string> leftovers_;
};

}  // namespace atlas::sim::cluster
