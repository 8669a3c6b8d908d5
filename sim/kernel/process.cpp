#include "sim/kernel/process.hpp"

#include <algorithm>
#include <utility>

#include "sim/kernel/kernel.hpp"
#include "sim/kernel/parking.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::kernel {

Process::Process(Kernel& kernel, std::uint32_t number, std::string machine, std::string name)
    : kernel_(kernel),
      number_(number),
      machine_(std::move(machine)),
      name_(std::move(name)),
      ties_(kernel.seed(), "process", machine_ + "/" + name_) {}

std::string Process::full_name() const {
    return machine_ + "/" + name_ + "#" + std::to_string(incarnation_);
}

void Process::start() {
    ATLAS_CHECK(state_ == ProcessState::stopped, "only a stopped process is started");
    ATLAS_CHECK(first_pending_ == nullptr && first_parking_ == nullptr,
                "a stopped process has nothing pending");
    ++incarnation_;
    last_task_ = 0;
    busy_until_ = {};
    state_ = ProcessState::running;
}

void Process::ended() {
    ATLAS_CHECK(first_parking_ == nullptr, "a process ends when its last task has ended");
    unwind();
    state_ = ProcessState::stopped;
}

std::size_t Process::parked_count() const {
    std::size_t count = 0;
    for (const Parking* parking = first_parking_; parking != nullptr; parking = parking->next) {
        ++count;
    }
    return count;
}

std::size_t Process::pending_count() const {
    std::size_t count = held_back_.size();
    for (const Event* event = first_pending_; event != nullptr; event = event->next)
        ++count;
    return count;
}

void Process::submit(std::uint32_t task, EventFunction function) {
    if (!is_alive()) {
        unwinding_.push_back(std::move(function));
        return;
    }
    Event& event =
        kernel_.schedule(kernel_.now(), *this, EventKind::post, "task", task, std::move(function));
    event.task = task;
}

std::size_t Process::set_step_time(host::Duration step_time) {
    step_time_ = step_time;
    return std::exchange(late_steps_, 0);
}

void Process::begin_death() {
    if (!is_alive()) return;
    state_ = ProcessState::dying;
    kernel_.dying_.push_back(this);
}

void Process::own(Event& event) {
    ATLAS_CHECK(is_alive(), "the dead schedule nothing");
    event.process = this;
    link(event);
}

void Process::link(Event& event) {
    event.previous = nullptr;
    event.next = first_pending_;
    if (first_pending_ != nullptr) first_pending_->previous = &event;
    first_pending_ = &event;
}

void Process::unlink(Event& event) {
    (event.previous != nullptr ? event.previous->next : first_pending_) = event.next;
    if (event.next != nullptr) event.next->previous = event.previous;
    event.previous = event.next = nullptr;
}

// A task that a parent started has a higher number than its parent, and may refer to what the
// parent's frame holds: so the highest go first. What one frame's end leads to (the destruction of
// a coroutine goes through its executor) runs before the next is touched.
void Process::unwind() {
    const auto drain = [this] {
        while (!unwinding_.empty()) {
            EventFunction function = std::move(unwinding_.front());
            unwinding_.pop_front();
            function();
        }
    };
    drain();
    for (;;) {
        Event* youngest_event = nullptr;
        for (Event* event = first_pending_; event != nullptr; event = event->next) {
            if (youngest_event == nullptr || event->task > youngest_event->task) {
                youngest_event = event;
            }
        }
        for (Event* event : held_back_) {
            if (youngest_event == nullptr || event->task > youngest_event->task) {
                youngest_event = event;
            }
        }
        Parking* youngest_parking = nullptr;
        for (Parking* parking = first_parking_; parking != nullptr; parking = parking->next) {
            if (youngest_parking == nullptr || parking->task > youngest_parking->task) {
                youngest_parking = parking;
            }
        }
        if (youngest_event == nullptr && youngest_parking == nullptr) break;
        const bool is_parking =
            youngest_parking != nullptr &&
            (youngest_event == nullptr || youngest_parking->task >= youngest_event->task);
        if (is_parking) {
            Parking::Handler dropped = youngest_parking->take();
        } else {
            EventFunction dropped = std::move(youngest_event->function);
            const auto held = std::find(held_back_.begin(), held_back_.end(), youngest_event);
            if (held != held_back_.end()) {
                held_back_.erase(held);
                kernel_.release(*youngest_event);
            } else {
                kernel_.cancel(*youngest_event);
            }
        }
        drain();
    }
}

}  // namespace atlas::sim::kernel
