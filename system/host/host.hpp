#pragma once
// The seam: the world as one process sees it. Everything that Atlas asks of the outside goes
// through here, and nothing else does. `adapters/` implements it for a real machine, `sim/` for a
// simulated one. Passed to constructors by reference; it outlives all that it is passed to.
//
// One process runs on one thread. Whatever resumes a task does so from the executor's queue, never
// from inside the call that woke it; the order of two wake-ups is not promised.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "system/host/clock.hpp"
#include "system/host/disk.hpp"
#include "system/host/log.hpp"
#include "system/host/network.hpp"
#include "system/host/random.hpp"
#include "system/host/task.hpp"
#include "system/host/time.hpp"

namespace atlas::host {

/// Why a parked task goes on.
enum class Wake : std::uint8_t { notified, deadline };

/// The place where one task waits; lives in that task's frame. The primitives of this room (event,
/// queue, semaphore, task group) are built on it; code above uses those.
class Parked {
  public:
    Parked() = default;
    Parked(const Parked&) = delete;
    Parked& operator=(const Parked&) = delete;

    bool is_parked() const { return state_ != nullptr; }

    /// For the worlds alone: what they keep of the waiting task, null when none waits.
    void set_world_state(void* state) { state_ = state; }
    void* world_state() const { return state_; }

  private:
    void* state_ = nullptr;
};

class Host {
  public:
    virtual ~Host() = default;

    virtual Clock& clock() = 0;
    virtual Network& network() = 0;
    virtual Disk& disk() = 0;

    /// "api-1", "postgres-0": for logs and reports. Unique among machines.
    virtual std::string_view machine_name() const = 0;

    /// An executor for one new task; TaskGroup asks for it, others need not. It never runs work
    /// inside the call that submits it.
    virtual Executor executor() = 0;

    /// Suspends the calling task until unpark or the deadline. A cancelled task leaves by an
    /// exception (boost::system::system_error, operation_aborted), at once if it is cancelled
    /// already. At most one task parks in one place.
    virtual Task<Wake> park(Parked& place, Deadline deadline) = 0;

    /// Lets the task parked there go on, with Wake::notified. Nothing if none is parked.
    virtual void unpark(Parked& place) = 0;

    /// A source of its own for each (name, instance): a draw here moves no draw elsewhere. In
    /// simulation it depends on (root seed, machine, process, incarnation, name, instance), so a
    /// restarted process does not repeat itself.
    virtual RandomSource random(std::string_view name, std::uint64_t instance = 0) = 0;

    /// Bytes fit for secrets.
    virtual void entropy(std::span<std::byte> bytes) = 0;

    /// Runs pure CPU work off the loop: the work touches nothing but what it owns. `cost` is about
    /// what it takes on one core; in simulation it runs at once and completes after that virtual
    /// time. At most a bounded number runs at once, the rest wait in order.
    /// Errors: resource_exhausted (the queue is full).
    virtual Task<Result<void>> run_computation(Duration cost, std::function<void()> work) = 0;

    /// True once the process has been asked to stop (SIGTERM, a simulated graceful stop).
    virtual bool shutdown_requested() const = 0;

    /// Returns when shutdown_requested() has become true.
    virtual Task<> wait_for_shutdown() = 0;

    /// The process cannot go on safely: it logs and dies as by kill -9.
    [[noreturn]] virtual void fatal(std::string_view reason) = 0;

    virtual void log(LogRecord record) = 0;
    /// False when records of that level are dropped: spares building them.
    virtual bool logs(LogLevel level) const = 0;

    /// A named place where the simulator may delay or kill. Nothing in production. The name is
    /// "room.what_just_happened", in the past tense.
    virtual Task<> fault_point(std::string_view name) = 0;

    /// One of 0..n-1; always 0 in production. For models alone, where the real backend's contract
    /// leaves a choice. n > 0.
    virtual std::uint32_t choose(std::string_view name, std::uint32_t n) = 0;
};

/// Sleeps until that moment.
Task<> sleep_until(Host& host, TimePoint moment);
Task<> sleep_for(Host& host, Duration duration);

/// A deadline that much later than now.
Deadline deadline_after(Host& host, Duration duration);

/// run_computation with a value: `co_await compute(host, cost, [input = ...] { return f(input);
/// })`.
template <typename Function>
Task<Result<std::invoke_result_t<Function&>>> compute(Host& host, Duration cost,
                                                      Function function) {
    using Value = std::invoke_result_t<Function&>;
    auto shared = std::make_shared<std::pair<Function, std::optional<Value>>>(std::move(function),
                                                                              std::nullopt);
    Result<void> done =
        co_await host.run_computation(cost, [shared] { shared->second.emplace(shared->first()); });
    if (!done) co_return std::unexpected(std::move(done.error()));
    co_return std::move(*shared->second);
}

}  // namespace atlas::host
