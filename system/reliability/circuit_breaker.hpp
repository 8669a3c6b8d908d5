#pragma once
// Stops asking a server that fails or crawls, and finds out with a few calls whether it is back
// (M. Nygard, "Release It!", 2007). States, windows and thresholds are Resilience4j's, in parts per
// thousand.
//
//  * closed: every call is admitted. When enough of the latest calls failed or were slow: open.
//  * open: none is, for a while. The first one after it makes it half-open.
//  * half-open: a few are, as probes; they alone decide. When all have been answered: closed. As
//    soon as they cannot come out well any more: open.
//
// Unlike Resilience4j's, a call that was admitted before the state changed says nothing about the
// state after: else those that were still waiting for the dead server would count against the
// probes. Which error is the server's and which is the caller's own is for the caller to know; the
// latter is a success if the server answered, and nothing if it was not asked.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "system/host/clock.hpp"
#include "system/reliability/sliding_window.hpp"

namespace atlas::reliability {

struct CircuitBreakerOptions {
    SlidingWindowOptions window = {};
    /// Fewer in the window are no evidence.
    std::uint32_t minimum_calls = 20;
    /// Failed, or slow, of a thousand calls: as many or more open it. 1 to 1000.
    std::uint32_t failures_per_thousand = 500;
    std::uint32_t slow_per_thousand = 800;
    /// A call that takes as long is slow, whatever its outcome.
    host::Duration slow_call = std::chrono::seconds{2};
    host::Duration open_time = std::chrono::seconds{2};
    std::uint32_t probes = 3;
};

struct CircuitBreakerCounters {
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t slow = 0;      ///< Of those that succeeded or failed.
    std::uint64_t ignored = 0;   ///< They told nothing about the server.
    std::uint64_t outdated = 0;  ///< The state changed before they ended.
    std::uint64_t refused = 0;
    std::uint64_t opened = 0;
    std::uint64_t probed = 0;  ///< How often it became half-open.
    std::uint64_t closed = 0;
};

enum class CircuitState : std::uint8_t { closed, open, half_open };

/// "closed", "open", "half-open".
std::string_view name(CircuitState state) noexcept;

class CircuitBreaker {
  public:
    /// The right to one call. It ends the call when destroyed: with the worst that was said of it,
    /// as ignored when nothing was. The breaker outlives it.
    class Call {
      public:
        Call(Call&& other) noexcept;
        Call& operator=(Call&&) = delete;
        ~Call();

        /// A part of the call took so long; the longest counts.
        void succeeded(host::Duration took) noexcept;
        void failed(host::Duration took) noexcept;

      private:
        friend class CircuitBreaker;
        enum class Outcome : std::uint8_t { ignored, succeeded, failed };

        Call(CircuitBreaker& breaker, std::uint64_t round) : breaker_(&breaker), round_(round) {}
        void note(Outcome outcome, host::Duration took) noexcept;

        CircuitBreaker* breaker_;
        std::uint64_t round_;
        Outcome outcome_ = Outcome::ignored;
        host::Duration longest_{};
    };

    /// `clock` outlives it.
    CircuitBreaker(const host::Clock& clock, CircuitBreakerOptions options);
    CircuitBreaker(const CircuitBreaker&) = delete;
    CircuitBreaker& operator=(const CircuitBreaker&) = delete;

    /// Whether a call would be refused now: for those who would have to wait before they ask. Takes
    /// no probe's place; counts as refused.
    bool refuses();

    /// The right to a call, unless it is refused.
    std::optional<Call> admit();

    CircuitState state() const { return state_; }
    const CircuitBreakerOptions& options() const { return options_; }
    const CircuitBreakerCounters& counters() const { return counters_; }

  private:
    bool is_refusing() const;
    void end(const Call& call) noexcept;
    void judge_window(host::TimePoint now) noexcept;
    void judge_probes(host::TimePoint now) noexcept;
    bool is_too_much(const CallCounts& counts, std::uint64_t calls) const noexcept;
    void change_to(CircuitState state) noexcept;
    void open(host::TimePoint now) noexcept;

    const host::Clock& clock_;
    CircuitBreakerOptions options_;
    SlidingWindow window_;
    CircuitState state_ = CircuitState::closed;
    std::uint64_t round_ = 0;  ///< Grows with every change of state.
    host::TimePoint open_until_{};
    std::uint32_t probes_out_ = 0;  ///< Admitted in this round, and not ended as ignored.
    CallCounts probed_;             ///< Those of them that have ended.
    CircuitBreakerCounters counters_;
};

}  // namespace atlas::reliability
