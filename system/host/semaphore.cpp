#include "system/host/semaphore.hpp"

namespace atlas::host {

void Semaphore::release() {
    ++available_;
    waiting_.wake_one();
}

Task<Result<Semaphore::Permit>> Semaphore::acquire(Deadline deadline) {
    if (available_ == 0 && waiting_.size() >= waiting_limit_) {
        co_return failure(ErrorCode::resource_exhausted, "too many tasks wait for a permit");
    }
    // A woken task does not own the permit yet: one that came in between may have taken it. It
    // then waits again, which costs it its place in line, but no permit can be lost with a task
    // that is cancelled between its wake-up and its turn.
    while (available_ == 0) {
        if (co_await waiting_.wait(deadline) == Wake::deadline) {
            co_return failure(ErrorCode::deadline_exceeded, "no permit came free in time");
        }
    }
    --available_;
    // A second waiter can have been woken for a permit that this one took before its turn.
    if (available_ > 0) waiting_.wake_one();
    co_return Permit{*this};
}

}  // namespace atlas::host
