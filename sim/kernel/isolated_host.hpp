#pragma once
// A process that is alone in its world: no network, no disk. For the tests of code that needs time
// and tasks only, and for measuring the kernel itself.

#include <memory>
#include <string>

#include "sim/kernel/kernel.hpp"
#include "sim/kernel/simulated_host.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::kernel {

class IsolatedHost {
  public:
    /// Starts the process of that name, a new one or, when it was there and has ended, its next
    /// incarnation.
    IsolatedHost(Kernel& kernel, std::string machine, std::string name);
    ~IsolatedHost();

    host::Host& host();
    host::TaskGroup& tasks();
    Process& process() { return process_; }
    HostHooks& hooks() { return hooks_; }
    MachineClock& clock() { return clock_; }

  private:
    struct Absent;

    Process& process_;
    MachineClock clock_;
    HostHooks hooks_;
    std::unique_ptr<Absent> absent_;
    std::unique_ptr<SimulatedHost> host_;
    std::unique_ptr<host::TaskGroup> tasks_;
};

}  // namespace atlas::sim::kernel
