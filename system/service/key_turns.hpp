#pragma once
// Requests of one idempotency key, one after the other within a node. Those that wait hold no
// connection: else a few repetitions of one slow request would take all of the pool, each waiting
// for a lock that the first one has.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "system/host/semaphore.hpp"

namespace atlas::service {

struct KeyTurnCounters {
    std::uint64_t given = 0;
    std::uint64_t too_many = 0;  ///< As many waited for that key as may.
    std::uint64_t too_late = 0;  ///< The turn did not come in time.
};

class KeyTurns {
    struct Line;
    using Lines = std::map<std::string, Line>;

    /// In the line of a key, waiting or at its head; the last one to leave takes the line away.
    class Place {
      public:
        Place(Lines& lines, Lines::iterator line) : lines_(&lines), line_(line) {
            ++line_->second.places;
        }
        Place(Place&& other) noexcept
            : lines_(std::exchange(other.lines_, nullptr)), line_(other.line_) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (lines_ != nullptr && --line_->second.places == 0) lines_->erase(line_);
        }

      private:
        Lines* lines_;
        Lines::iterator line_;
    };

    struct Line {
        Line(host::Host& host, std::size_t waiting) : head(host, 1, waiting) {}

        host::Semaphore head;
        std::size_t places = 0;
    };

  public:
    /// At most `waiting` stand in line for one key.
    explicit KeyTurns(host::Host& host, std::size_t waiting = 8) : host_(host), waiting_(waiting) {}
    KeyTurns(const KeyTurns&) = delete;
    KeyTurns& operator=(const KeyTurns&) = delete;

    /// It is one's turn until it is destroyed. The KeyTurns outlive it.
    class Turn {
      public:
        Turn(Place place, host::Semaphore::Permit permit)
            : place_(std::move(place)), permit_(std::move(permit)) {}

      private:
        // The permit goes first: it belongs to the line.
        Place place_;
        host::Semaphore::Permit permit_;
    };

    /// Nothing when it does not come in time, or too many wait for that key already.
    host::Task<std::optional<Turn>> take(std::string key, host::Deadline deadline);

    /// How many keys have a line.
    std::size_t keys() const { return lines_.size(); }
    const KeyTurnCounters& counters() const { return counters_; }

  private:
    host::Host& host_;
    std::size_t waiting_;
    Lines lines_;
    KeyTurnCounters counters_;
};

}  // namespace atlas::service
