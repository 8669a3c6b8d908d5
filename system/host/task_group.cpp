#include "system/host/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <utility>

#include "system/host/check.hpp"

namespace atlas::host {
namespace {

bool is_cancellation(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const boost::system::system_error& error) {
        return error.code() == boost::asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

std::string describe_exception(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception of unknown type";
    }
}

}  // namespace

// Ends a child's membership when its completion handler is destroyed: after the child has ended,
// or when a crash drops it.
class TaskGroup::Membership {
  public:
    Membership(TaskGroup& group, std::list<Child>::iterator child)
        : group_(&group), child_(child) {}
    Membership(Membership&& other) noexcept
        : group_(std::exchange(other.group_, nullptr)), child_(other.child_) {}
    Membership& operator=(Membership&&) = delete;
    ~Membership() {
        if (group_ == nullptr) return;
        group_->children_.erase(child_);
        if (group_->children_.empty()) group_->joining_.wake_all();
    }

  private:
    TaskGroup* group_;
    std::list<Child>::iterator child_;
};

// What co_spawn calls at a child's end. It carries the cancellation slot itself and no executor of
// its own: Asio then delivers a cancellation on the spot. (Through bind_cancellation_slot it would
// post it, with a pointer into the signal that is gone if the child ends first.)
class TaskGroup::Completion {
  public:
    using cancellation_slot_type = boost::asio::cancellation_slot;

    Completion(Host& host, Membership membership, cancellation_slot_type slot)
        : host_(&host), membership_(std::move(membership)), slot_(slot) {}

    cancellation_slot_type get_cancellation_slot() const noexcept { return slot_; }

    void operator()(const std::exception_ptr& exception) {
        if (exception && !is_cancellation(exception)) {
            host_->fatal("a task ended by an exception: " + describe_exception(exception));
        }
    }

  private:
    Host* host_;
    Membership membership_;
    cancellation_slot_type slot_;
};

TaskGroup::TaskGroup(Host& host) : host_(host), joining_(host) {}

TaskGroup::~TaskGroup() {
    ATLAS_CHECK(children_.empty(), "a task group is stopped before it is destroyed");
}

void TaskGroup::spawn(Task<> task) {
    const auto child = children_.emplace(children_.end());
    boost::asio::co_spawn(host_.executor(), run_child(*child, std::move(task)),
                          Completion(host_, Membership(*this, child), child->signal.slot()));
}

// When a coroutine ends without ever having been suspended, co_spawn awaits a post before it calls
// the completion handler. In a cancelled coroutine that await throws, and the exception ends the
// loop (Boost 1.81, impl/co_spawn.hpp). So a task cancelled before it began is not begun, and
// whatever a task did, its end no longer looks at its cancellation.
Task<> TaskGroup::run_child(Child& child, Task<> task) {
    child.has_begun = true;
    if (child.cancelled_before_it_began) co_return;
    std::exception_ptr left_by;
    try {
        co_await std::move(task);
    } catch (...) {
        left_by = std::current_exception();
    }
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    if (left_by) std::rethrow_exception(left_by);
}

void TaskGroup::cancel() {
    for (Child& child : children_) {
        if (child.has_begun) {
            child.signal.emit(boost::asio::cancellation_type::terminal);
        } else {
            child.cancelled_before_it_began = true;
        }
    }
}

Task<> TaskGroup::join() {
    while (!children_.empty())
        co_await joining_.wait(Deadline::never());
}

Task<> TaskGroup::stop() {
    cancel();
    co_await join();
}

Task<> with_task_group(Host& host, std::function<Task<>(TaskGroup&)> body) {
    TaskGroup group(host);
    std::exception_ptr left_by;
    try {
        co_await body(group);
        co_await group.join();
    } catch (...) {
        left_by = std::current_exception();
    }
    if (left_by) {
        co_await shield_from_cancellation();
        co_await group.stop();
        std::rethrow_exception(left_by);
    }
}

}  // namespace atlas::host
