#pragma once
// A simulated process: what is pending for it, whether it runs, and how it dies.

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "sim/kernel/event.hpp"
#include "sim/kernel/tie_source.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::kernel {

class Kernel;
struct Parking;

enum class ProcessState : std::uint8_t {
    stopped,  ///< Not started, ended, or killed and cleared away.
    running,
    paused,  ///< Nothing of it happens; clocks go on.
    dying,   ///< Killed; its tasks are being unwound. Every seam call fails.
};

class Process {
  public:
    Process(Kernel& kernel, std::uint32_t number, std::string machine, std::string name);

    Kernel& kernel() const { return kernel_; }
    std::uint32_t number() const { return number_; }
    const std::string& machine() const { return machine_; }
    const std::string& name() const { return name_; }
    /// Grows at each start; the first is 1.
    std::uint32_t incarnation() const { return incarnation_; }
    /// "api-1/atlas-server#2"
    std::string full_name() const;

    ProcessState state() const { return state_; }
    /// Whether its code may run or make seam calls that have an effect.
    bool is_alive() const {
        return state_ == ProcessState::running || state_ == ProcessState::paused;
    }

    /// A new incarnation. It must be stopped.
    void start();
    /// After its last task has ended of itself: nothing may be pending.
    void ended();

    std::uint32_t next_task() { return ++last_task_; }

    /// How many tasks wait with nothing pending to wake them, and how many events are pending.
    std::size_t parked_count() const;
    std::size_t pending_count() const;

    /// Work submitted to the executor of one of its tasks.
    void submit(std::uint32_t task, EventFunction function);

    /// From now on each of its steps takes that long on its one core, and what comes due meanwhile
    /// waits in line; zero for none. How often a step had to wait since this was last set.
    std::size_t set_step_time(host::Duration step_time);
    bool is_slow() const { return step_time_ > host::Duration::zero(); }

    /// Marks it dead from inside one of its own tasks; the kernel buries it after this event.
    void begin_death();

  private:
    friend class Kernel;
    friend struct Parking;

    void own(Event& event);
    void link(Event& event);
    void unlink(Event& event);
    void unwind();

    Kernel& kernel_;
    std::uint32_t number_;
    std::string machine_;
    std::string name_;
    std::uint32_t incarnation_ = 0;
    ProcessState state_ = ProcessState::stopped;
    std::uint32_t last_task_ = 0;
    TieSource ties_;

    host::Duration step_time_{};
    host::TimePoint busy_until_{};
    std::size_t late_steps_ = 0;

    Event* first_pending_ = nullptr;
    Parking* first_parking_ = nullptr;
    std::vector<Event*> held_back_;  ///< Came due while paused.
    std::deque<EventFunction> unwinding_;
};

}  // namespace atlas::sim::kernel
