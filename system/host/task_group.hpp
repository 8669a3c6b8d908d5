#pragma once
// The owner of tasks: no task in Atlas runs without one. Structured concurrency in the sense of
// N. J. Smith's "Notes on structured concurrency": whoever starts tasks waits for them.

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstddef>
#include <functional>
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

    /// Asks every task to end. They do so at their next wait; one that has not begun never does.
    void cancel();

    /// Waits until no task is left.
    Task<> join();

    /// cancel() and join(). In a task that is being cancelled itself, shield_from_cancellation()
    /// comes first: such a task cannot wait for anything else.
    Task<> stop();

    std::size_t size() const { return children_.size(); }

  private:
    class Membership;
    class Completion;
    struct Child {
        boost::asio::cancellation_signal signal;
        bool has_begun = false;
        bool cancelled_before_it_began = false;
    };
    static Task<> run_child(Child& child, Task<> task);

    Host& host_;
    std::list<Child> children_;
    WaitList joining_;
};

/// Runs `body` with a group of its own and leaves no child behind: when the body returns, its
/// children are waited for; when it is left by an exception (it was cancelled, say), they are
/// stopped first. A task that can be cancelled while it has children is written this way.
Task<> with_task_group(Host& host, std::function<Task<>(TaskGroup&)> body);

/// Lets the clean-up of a cancelled task wait for things again: `co_await
/// shield_from_cancellation();`. From then on the task cannot be cancelled. (Not a Task: in a task
/// that is cancelled, awaiting a Task throws before its first line.)
inline auto shield_from_cancellation() {
    return boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
}

}  // namespace atlas::host
