#pragma once
// How long after this server a follower has written, flushed and replayed the log: the lags of
// pg_stat_replication, measured as PostgreSQL does. The sender takes a sample each time it finds
// the log longer, and each of the three has a place among the samples, which its position passes.

#include <cstdint>
#include <deque>
#include <optional>

#include "sim/models/postgres/replication/messages.hpp"

namespace atlas::sim::models::postgres {

/// Microseconds. None before the first sample is passed, and when nothing new has come for a while.
struct ReplicationLags {
    std::optional<std::int64_t> write = {};
    std::optional<std::int64_t> flush = {};
    std::optional<std::int64_t> replay = {};
};

/// Times are those of the sender's clock, in microseconds.
class LagTracker {
  public:
    /// This many samples are kept for who has not passed them. Of one who has more before it, the
    /// next one is kept, and then the newest.
    static constexpr std::size_t most_samples = 8192;

    /// The log can be sent up to there. Nothing if that is known.
    void sample(std::uint64_t position, std::int64_t now);

    /// A follower says how far it is. When it says twice that it has all that was sent, and nothing
    /// new, the lags are of long ago, and forgotten.
    void reply(const StandbyStatus& status, std::uint64_t sent, std::int64_t now);

    const ReplicationLags& lags() const { return lags_; }

  private:
    struct Sample {
        std::uint64_t position = 0;
        std::int64_t time = 0;
    };
    struct Head {
        std::uint64_t next = 0;  ///< The number of the first sample that it has not passed.
        std::optional<Sample> passed = {};  ///< The last one, while there are more.
        std::optional<Sample> kept = {};    ///< The next one, if it is not among the samples now.
    };

    std::uint64_t end() const { return first_ + samples_.size(); }
    const Sample& next_of(const Head& head) const { return samples_[head.next - first_]; }
    void forget_oldest();
    void forget_passed();
    std::optional<std::int64_t> read(Head& head, std::uint64_t position, std::int64_t now);
    std::optional<std::int64_t> estimate(const Head& head, std::uint64_t position) const;

    std::deque<Sample> samples_;
    std::uint64_t first_ = 0;  // The number of the first of them.
    std::uint64_t sampled_ = 0;
    Head written_;
    Head flushed_;
    Head applied_;
    StandbyStatus last_;
    ReplicationLags lags_;
};

}  // namespace atlas::sim::models::postgres
