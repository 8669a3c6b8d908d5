#include "system/reliability/circuit_breaker.hpp"

#include <algorithm>
#include <utility>

#include "system/host/check.hpp"

namespace atlas::reliability {
namespace {

bool is_per_thousand(std::uint32_t threshold) {
    return threshold >= 1 && threshold <= 1000;
}

}  // namespace

std::string_view name(CircuitState state) noexcept {
    switch (state) {
        case CircuitState::closed:
            return "closed";
        case CircuitState::open:
            return "open";
        case CircuitState::half_open:
            return "half-open";
    }
    return "unknown";
}

CircuitBreaker::Call::Call(Call&& other) noexcept
    : breaker_(std::exchange(other.breaker_, nullptr)),
      round_(other.round_),
      outcome_(other.outcome_),
      longest_(other.longest_) {}

CircuitBreaker::Call::~Call() {
    if (breaker_ != nullptr) breaker_->end(*this);
}

void CircuitBreaker::Call::note(Outcome outcome, host::Duration took) noexcept {
    outcome_ = std::max(outcome_, outcome);
    longest_ = std::max(longest_, took);
}

void CircuitBreaker::Call::succeeded(host::Duration took) noexcept {
    note(Outcome::succeeded, took);
}

void CircuitBreaker::Call::failed(host::Duration took) noexcept {
    note(Outcome::failed, took);
}

CircuitBreaker::CircuitBreaker(const host::Clock& clock, CircuitBreakerOptions options)
    : clock_(clock), options_(options), window_(options.window) {
    ATLAS_CHECK(is_per_thousand(options.failures_per_thousand) &&
                    is_per_thousand(options.slow_per_thousand),
                "a threshold is 1 to 1000 of a thousand");
    ATLAS_CHECK(options.probes >= 1, "without a probe an open circuit never closes");
    ATLAS_CHECK(options.minimum_calls >= 1, "no calls are no evidence");
    ATLAS_CHECK(options.window.kind == SlidingWindowOptions::Kind::time ||
                    options.minimum_calls <= options.window.calls,
                "a window never holds more calls than it is long");
}

bool CircuitBreaker::is_refusing() const {
    switch (state_) {
        case CircuitState::closed:
            return false;
        case CircuitState::open:
            return clock_.now() < open_until_;
        case CircuitState::half_open:
            return probes_out_ >= options_.probes;
    }
    return false;
}

bool CircuitBreaker::refuses() {
    const bool refused = is_refusing();
    if (refused) ++counters_.refused;
    return refused;
}

std::optional<CircuitBreaker::Call> CircuitBreaker::admit() {
    if (refuses()) return std::nullopt;
    if (state_ == CircuitState::open) {
        change_to(CircuitState::half_open);
        ++counters_.probed;
    }
    if (state_ == CircuitState::half_open) ++probes_out_;
    return Call(*this, round_);
}

void CircuitBreaker::end(const Call& call) noexcept {
    using Outcome = Call::Outcome;
    const bool is_current = call.round_ == round_;
    if (call.outcome_ == Outcome::ignored) {
        ++counters_.ignored;
        if (is_current && state_ == CircuitState::half_open) --probes_out_;
        return;
    }
    const bool failed = call.outcome_ == Outcome::failed;
    const bool slow = call.longest_ >= options_.slow_call;
    ++(failed ? counters_.failed : counters_.succeeded);
    if (slow) ++counters_.slow;
    if (!is_current) {
        ++counters_.outdated;
        return;
    }
    const host::TimePoint now = clock_.now();
    if (state_ == CircuitState::closed) {
        window_.record(now, failed, slow);
        judge_window(now);
    } else {
        probed_.calls += 1;
        probed_.failed += failed ? 1 : 0;
        probed_.slow += slow ? 1 : 0;
        judge_probes(now);
    }
}

void CircuitBreaker::judge_window(host::TimePoint now) noexcept {
    const CallCounts& counts = window_.counts(now);
    if (counts.calls >= options_.minimum_calls && is_too_much(counts, counts.calls)) open(now);
}

void CircuitBreaker::judge_probes(host::TimePoint now) noexcept {
    if (is_too_much(probed_, options_.probes)) {
        open(now);
    } else if (probed_.calls == options_.probes) {
        change_to(CircuitState::closed);
        ++counters_.closed;
    }
}

bool CircuitBreaker::is_too_much(const CallCounts& counts, std::uint64_t calls) const noexcept {
    return counts.failed * std::uint64_t{1000} >= options_.failures_per_thousand * calls ||
           counts.slow * std::uint64_t{1000} >= options_.slow_per_thousand * calls;
}

void CircuitBreaker::open(host::TimePoint now) noexcept {
    change_to(CircuitState::open);
    open_until_ = now + options_.open_time;
    ++counters_.opened;
}

void CircuitBreaker::change_to(CircuitState state) noexcept {
    state_ = state;
    ++round_;
    window_.clear();
    probes_out_ = 0;
    probed_ = {};
}

}  // namespace atlas::reliability
