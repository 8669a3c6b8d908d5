#pragma once
// The owner of tasks: no task in Atlas runs without one. Structured concurrency in the sense of
// N. J. Smith's "Notes on structured concurrency": whoever starts tasks waits for them.

#include <boost/asio/cancellation_signal.hpp>
#include <cstddef>
#include <list>

#include "system/host/event.hpp"

namespace atlas::host {

class TaskGroup {
  public:
    explicit TaskGroup(Host& host);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    /// The group must be empty: stop() or join() first. (A crash of the process in simulation ends
    /// children before parents, so that it holds there too.)
    ~TaskGroup();

    /// Starts a task; it first runs after the caller has gone on. An exception that leaves it,
    /// other than by cancellation, is a broken invariant and ends the process (Host::fatal). A
    /// lambda coroutine must get what it needs as parameters: captures die before it ends.
    void spawn(Task<> task);

    /// Asks every task to end. They do so at their next wait.
    void cancel();

    /// Waits until no task is left.
    Task<> join();

    /// cancel() and join(), and works also in a task that is being cancelled itself.
    Task<> stop();

    std::size_t size() const { return children_.size(); }

  private:
    class Membership;
    class Completion;

    Host& host_;
    std::list<boost::asio::cancellation_signal> children_;
    WaitList joining_;
};

/// Lets the clean-up of a cancelled task wait for things again.
Task<> shield_from_cancellation();

/// True when the calling task has been asked to end.
Task<bool> is_cancelled();

}  // namespace atlas::host
