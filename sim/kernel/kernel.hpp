#pragma once
// The kernel: virtual time, the pending events, and the order in which they happen. One kernel is
// one world; it runs on one thread and touches nothing outside.

#include <boost/asio/execution_context.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/kernel/event.hpp"
#include "sim/kernel/event_heap.hpp"
#include "sim/kernel/frame_recycling.hpp"
#include "sim/kernel/process.hpp"
#include "sim/kernel/seed.hpp"
#include "sim/kernel/tie_source.hpp"
#include "sim/kernel/trace.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::kernel {

/// Why run_until came back.
enum class RunEnd : std::uint8_t {
    time_reached,  ///< All events up to the given moment have happened.
    idle,          ///< No event is pending: with tasks still waiting, a deadlock.
    no_progress,   ///< Too many events in one instant of virtual time.
    stopped,       ///< stop() was called.
};

class Kernel {
  public:
    explicit Kernel(Seed seed);
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    ~Kernel();

    const Seed& seed() const { return seed_; }
    host::TimePoint now() const { return now_; }
    Trace& trace() { return trace_; }

    /// Something that will happen to `process`: it does not happen if that process dies first, and
    /// waits while it is paused. The digest stands for what it carries.
    template <typename F>
    Event& schedule(host::TimePoint at, Process& process, EventKind kind, const char* label,
                    std::uint64_t digest, F&& function) {
        Event& event = make_event(at, process.ties_.next(), kind, label, digest);
        process.own(event);
        event.function = EventFunction(std::forward<F>(function));
        return event;
    }

    /// Something that will happen to the world, whatever becomes of any process. `ties` belongs to
    /// who schedules it.
    template <typename F>
    Event& schedule(host::TimePoint at, TieSource& ties, EventKind kind, const char* label,
                    std::uint64_t digest, F&& function) {
        Event& event = make_event(at, ties.next(), kind, label, digest);
        event.function = EventFunction(std::forward<F>(function));
        return event;
    }

    /// Takes a pending event back. It must not have happened yet.
    void cancel(Event& event);

    /// Lets all events up to and including `until` happen, and sets the time to it.
    RunEnd run_until(host::TimePoint until);

    /// Ends run_until after the present event.
    void stop() { stop_requested_ = true; }

    /// The event that is happening; what it schedules has it as its cause.
    EventId current_event() const { return current_event_; }

    Process& add_process(std::string machine, std::string name);
    const std::vector<std::unique_ptr<Process>>& processes() const { return processes_; }

    void pause(Process& process);
    /// Events that came due while the process was paused happen now, in their old order; returns
    /// how many.
    std::size_t resume(Process& process);

    /// Ends the process at once: its tasks are unwound, youngest first, outside the trace.
    /// Safe at any moment but from inside one of its own tasks (see SimulatedHost::fatal).
    void kill(Process& process);

    /// Called after a process has died and been unwound, whatever it died of.
    void set_death_observer(std::function<void(Process&)> observer) {
        death_observer_ = std::move(observer);
    }

    /// The bound on events in one instant; a task that never lets time pass is caught by it.
    void set_instant_limit(std::uint64_t limit) { instant_limit_ = limit; }

    boost::asio::execution_context& context() { return context_; }

  private:
    friend class Process;

    Event& make_event(host::TimePoint at, std::uint64_t tie, EventKind kind, const char* label,
                      std::uint64_t digest);
    void release(Event& event);
    void dispatch(Event& event);
    bool must_wait_in_line(Event& event);
    void finish_deaths();

    Seed seed_;
    host::TimePoint now_{};
    std::uint64_t next_sequence_ = 0;
    EventId next_event_ = 1;
    EventId current_event_ = 0;
    std::uint64_t events_this_instant_ = 0;
    std::uint64_t instant_limit_ = 1'000'000;
    bool stop_requested_ = false;
    EventHeap heap_;
    Trace trace_;
    FrameRecycling frames_;
    boost::asio::execution_context context_;
    std::deque<Event> pool_;
    std::vector<Event*> free_;
    std::vector<std::unique_ptr<Process>> processes_;
    std::vector<Process*> dying_;
    std::function<void(Process&)> death_observer_;
};

}  // namespace atlas::sim::kernel
