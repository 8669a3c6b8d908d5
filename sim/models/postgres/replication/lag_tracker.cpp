// LagTrackerWrite(), LagTrackerRead() and ProcessStandbyReplyMessage() of PostgreSQL's walsender.c.

#include "sim/models/postgres/replication/lag_tracker.hpp"

#include <algorithm>
#include <utility>

namespace atlas::sim::models::postgres {

void LagTracker::sample(std::uint64_t position, std::int64_t now) {
    if (position == sampled_) return;
    sampled_ = position;
    if (samples_.size() == most_samples) forget_oldest();
    samples_.push_back({position, now});
}

void LagTracker::forget_oldest() {
    for (Head* head : {&written_, &flushed_, &applied_}) {
        if (head->next != first_) continue;
        if (!head->kept) head->kept = samples_.front();
        ++head->next;
    }
    samples_.pop_front();
    ++first_;
}

void LagTracker::forget_passed() {
    const std::uint64_t needed = std::min({written_.next, flushed_.next, applied_.next});
    for (; first_ < needed; ++first_)
        samples_.pop_front();
}

void LagTracker::reply(const StandbyStatus& status, std::uint64_t sent, std::int64_t now) {
    const auto written = read(written_, status.written, now);
    const auto flushed = read(flushed_, status.flushed, now);
    const auto applied = read(applied_, status.applied, now);
    forget_passed();
    const bool nothing_new = status.written == last_.written && status.flushed == last_.flushed &&
                             status.applied == last_.applied;
    if (nothing_new && status.applied == sent) lags_ = {};
    if (written) lags_.write = written;
    if (flushed) lags_.flush = flushed;
    if (applied) lags_.replay = applied;
    last_ = status;
}

std::optional<std::int64_t> LagTracker::read(Head& head, std::uint64_t position, std::int64_t now) {
    std::optional<std::int64_t> time;
    if (head.kept && head.kept->position > position) {
        time = head.kept->time;
    } else {
        if (head.kept) {
            head.passed = std::exchange(head.kept, std::nullopt);
            time = head.passed->time;
        }
        for (; head.next < end() && next_of(head).position <= position; ++head.next) {
            head.passed = next_of(head);
            time = head.passed->time;
        }
        if (head.next == end()) {
            // Of no use for what comes after a pause.
            head.passed.reset();
        } else if (!time) {
            time = estimate(head, position);
        }
    }
    // The clock may have been set back.
    if (!time || *time > now) return std::nullopt;
    return now - *time;
}

// When the log may have been as long as that, so that the lag of one that is stuck grows.
std::optional<std::int64_t> LagTracker::estimate(const Head& head, std::uint64_t position) const {
    const Sample& after = next_of(head);
    // All was quiet, and it has not reached the first of what came then: as if it did now.
    if (!head.passed) return after.time;
    const Sample& before = *head.passed;
    if (position < before.position || before.time > after.time) return std::nullopt;
    const __int128 time = after.time - before.time;
    const auto done = static_cast<__int128>(position - before.position);
    const auto whole = static_cast<__int128>(after.position - before.position);
    return before.time + static_cast<std::int64_t>(time * done / whole);
}

}  // namespace atlas::sim::models::postgres
