#include "system/reliability/sliding_window.hpp"

#include <algorithm>

#include "system/host/check.hpp"

namespace atlas::reliability {
namespace {

constexpr std::int64_t parts_of_time = 10;

bool is_by_time(const SlidingWindowOptions& options) {
    return options.kind == SlidingWindowOptions::Kind::time;
}

}  // namespace

SlidingWindow::SlidingWindow(SlidingWindowOptions options)
    : parts_(is_by_time(options) ? std::size_t{parts_of_time} : options.calls),
      part_time_(is_by_time(options) ? options.time / parts_of_time : host::Duration::zero()) {
    ATLAS_CHECK(!parts_.empty(), "a window of no calls judges nothing");
    ATLAS_CHECK(!is_by_time(options) || part_time_ > host::Duration::zero(),
                "a window of no time judges nothing");
}

void SlidingWindow::record(host::TimePoint now, bool failed, bool slow) noexcept {
    move_to(now);
    // By count, each call has a part of its own.
    if (part_time_ == host::Duration::zero()) move_on();
    for (CallCounts* counts : {&parts_[newest_], &total_}) {
        counts->calls += 1;
        counts->failed += failed ? 1 : 0;
        counts->slow += slow ? 1 : 0;
    }
}

const CallCounts& SlidingWindow::counts(host::TimePoint now) noexcept {
    move_to(now);
    return total_;
}

void SlidingWindow::clear() noexcept {
    std::ranges::fill(parts_, CallCounts{});
    total_ = {};
}

void SlidingWindow::move_to(host::TimePoint now) noexcept {
    if (part_time_ == host::Duration::zero()) return;
    const std::int64_t number = now.since_epoch / part_time_;
    const std::int64_t steps =
        std::min(number - newest_number_, static_cast<std::int64_t>(parts_.size()));
    for (std::int64_t i = 0; i < steps; ++i)
        move_on();
    newest_number_ = std::max(newest_number_, number);
}

void SlidingWindow::move_on() noexcept {
    newest_ = (newest_ + 1) % parts_.size();
    CallCounts& oldest = parts_[newest_];
    total_.calls -= oldest.calls;
    total_.failed -= oldest.failed;
    total_.slow -= oldest.slow;
    oldest = {};
}

}  // namespace atlas::reliability
