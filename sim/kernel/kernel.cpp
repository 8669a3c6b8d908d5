#include "sim/kernel/kernel.hpp"

#include <algorithm>
#include <utility>

#include "system/host/check.hpp"

namespace atlas::sim::kernel {

Kernel::Kernel(Seed seed) : seed_(std::move(seed)) {}

Kernel::~Kernel() {
    // Tasks refer to what is about to go, so they are ended first, as by a crash.
    death_observer_ = {};
    for (const auto& process : processes_)
        kill(*process);
}

Event& Kernel::make_event(host::TimePoint at, std::uint64_t tie, EventKind kind, const char* label,
                          std::uint64_t digest) {
    ATLAS_CHECK(at >= now_, "nothing is scheduled in the past");
    if (free_.empty()) {
        pool_.emplace_back();
        free_.push_back(&pool_.back());
    }
    Event& event = *free_.back();
    free_.pop_back();
    event.id = next_event_++;
    event.cause = current_event_;
    event.process = nullptr;
    event.kind = kind;
    event.label = label;
    event.digest = digest;
    event.task = 0;
    heap_.push({at, tie, next_sequence_++}, event);
    return event;
}

void Kernel::release(Event& event) {
    event.function.reset();
    event.process = nullptr;
    free_.push_back(&event);
}

void Kernel::cancel(Event& event) {
    if (event.process != nullptr) {
        const auto held =
            std::find(event.process->held_back_.begin(), event.process->held_back_.end(), &event);
        if (held != event.process->held_back_.end()) {
            event.process->held_back_.erase(held);
            release(event);
            return;
        }
        event.process->unlink(event);
    }
    heap_.remove(event);
    release(event);
}

RunEnd Kernel::run_until(host::TimePoint until) {
    const FrameRecycling::Scope recycling(frames_);
    stop_requested_ = false;
    finish_deaths();
    while (!heap_.empty() && heap_.top_key().time <= until) {
        const host::TimePoint time = heap_.top_key().time;
        if (time != now_) {
            now_ = time;
            events_this_instant_ = 0;
        }
        if (++events_this_instant_ > instant_limit_) return RunEnd::no_progress;
        dispatch(heap_.pop());
        if (stop_requested_) return RunEnd::stopped;
    }
    if (until != host::TimePoint::max()) {
        now_ = std::max(now_, until);
        events_this_instant_ = 0;
    }
    return heap_.empty() ? RunEnd::idle : RunEnd::time_reached;
}

void Kernel::dispatch(Event& event) {
    if (event.process != nullptr) {
        event.process->unlink(event);
        if (event.process->state() == ProcessState::paused) {
            event.process->held_back_.push_back(&event);
            return;
        }
        if (must_wait_in_line(event)) return;
    }
    trace_.record(now_, event);
    current_event_ = event.id;
    EventFunction function = std::move(event.function);
    release(event);
    function();
    function.reset();
    finish_deaths();
}

// One step of a slow process at a time. The tie is zero so that those in line keep their order.
bool Kernel::must_wait_in_line(Event& event) {
    Process& process = *event.process;
    if (process.busy_until_ > now_) {
        ++process.late_steps_;
        heap_.push({process.busy_until_, 0, next_sequence_++}, event);
        process.link(event);
        return true;
    }
    process.busy_until_ = now_ + process.step_time_;
    return false;
}

void Kernel::finish_deaths() {
    while (!dying_.empty()) {
        Process& process = *dying_.back();
        dying_.pop_back();
        process.unwind();
        process.state_ = ProcessState::stopped;
        if (death_observer_) death_observer_(process);
    }
}

Process& Kernel::add_process(std::string machine, std::string name) {
    const auto number = static_cast<std::uint32_t>(processes_.size() + 1);
    processes_.push_back(
        std::make_unique<Process>(*this, number, std::move(machine), std::move(name)));
    return *processes_.back();
}

void Kernel::pause(Process& process) {
    if (process.state_ == ProcessState::running) process.state_ = ProcessState::paused;
}

std::size_t Kernel::resume(Process& process) {
    if (process.state_ != ProcessState::paused) return 0;
    process.state_ = ProcessState::running;
    const std::vector<Event*> held_back = std::exchange(process.held_back_, {});
    for (Event* event : held_back) {
        // The tie is zero so that they come first and keep their order.
        heap_.push({now_, 0, next_sequence_++}, *event);
        process.link(*event);
    }
    return held_back.size();
}

void Kernel::kill(Process& process) {
    process.begin_death();
    finish_deaths();
}

}  // namespace atlas::sim::kernel
