#include "system/host/semaphore.hpp"

namespace atlas::host {

// The permit goes to the head of the line, or becomes available where nobody waits: nobody who
// comes later can take it first. One who is woken has it even if it is cancelled in that instant
// (WaitList::wait), and gives it back on its way out.
void Semaphore::release() {
    if (!waiting_.wake_one()) ++available_;
}

Task<Result<Semaphore::Permit>> Semaphore::acquire(Deadline deadline) {
    if (available_ > 0) {
        --available_;
        co_return Permit{*this};
    }
    if (waiting_.size() >= waiting_limit_) {
        co_return failure(ErrorCode::resource_exhausted, "too many tasks wait for a permit");
    }
    if (co_await waiting_.wait(deadline) == Wake::deadline) {
        co_return failure(ErrorCode::deadline_exceeded, "no permit came free in time");
    }
    co_return Permit{*this};
}

}  // namespace atlas::host
