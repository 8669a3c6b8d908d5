#include "sim/kernel/parking.hpp"

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <utility>

#include "sim/kernel/kernel.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::kernel {

Parking::Parking(Process& owner, host::Parked& at) : process(owner), place(at) {
    ATLAS_CHECK(!at.is_parked(), "at most one task parks in one place");
}

Parking::~Parking() {
    if (handler) {
        Handler dropped = take();
    }
    place.set_world_state(nullptr);
}

void Parking::suspend(Handler suspended, std::uint32_t of_task, host::Deadline deadline) {
    task = of_task;
    place.set_world_state(this);
    auto slot = boost::asio::get_associated_cancellation_slot(suspended);
    if (slot.is_connected()) {
        slot.assign([this](boost::asio::cancellation_type) {
            wake(boost::asio::error::operation_aborted, host::Wake::notified);
        });
    }
    handler.emplace(std::move(suspended));
    next = process.first_parking_;
    if (next != nullptr) next->previous = this;
    process.first_parking_ = this;
    // The dying wait for nothing but their end.
    if (deadline.is_never() || !process.is_alive()) return;
    Kernel& kernel = process.kernel();
    const host::TimePoint at = std::max(kernel.now(), deadline.point());
    alarm = &kernel.schedule(at, process, EventKind::alarm, "alarm", task, [this] {
        alarm = nullptr;
        Handler resumed = take();
        std::move(resumed)(boost::system::error_code{}, host::Wake::deadline);
    });
    alarm->task = task;
}

Parking::Handler Parking::take() {
    Handler taken = std::move(*handler);
    handler.reset();
    (previous != nullptr ? previous->next : process.first_parking_) = next;
    if (next != nullptr) next->previous = previous;
    place.set_world_state(nullptr);
    if (alarm != nullptr) process.kernel().cancel(*std::exchange(alarm, nullptr));
    return taken;
}

void Parking::wake(boost::system::error_code error, host::Wake reason) {
    if (!handler || !process.is_alive()) return;
    Event& event = process.kernel().schedule(
        process.kernel().now(), process, EventKind::wake, "wake", task,
        [resumed = take(), error, reason]() mutable { std::move(resumed)(error, reason); });
    event.task = task;
}

}  // namespace atlas::sim::kernel
