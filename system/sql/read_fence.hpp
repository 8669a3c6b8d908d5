#pragma once
// What makes a read on the primary linearizable, a failover included.
//
// A primary may have been replaced and not know it: then it shows old rows. And one that has
// crashed shows, when it is back, commits that no follower has; if it is then lost, so are they. So
// after the rows are there and before they are told, something is committed, and that commit waits
// for a follower like any other. What was confirmed is never lost (system/failover/README.md). So
// the log up to there is part of every later primary's: what was read is part of what stays, and
// nobody had taken over when it was read.
//
// The commit is of a sequence that is set to what it is: a few bytes of log, no row, no lock.
// All reads that come while a fence is being raised share the next one.

#include <memory>
#include <optional>
#include <string>

#include "system/sql/pool.hpp"

namespace atlas::sql {

/// A fence that stands.
struct RaisedFence {
    /// Where it was raised.
    ServerRun server;
    /// All that was read there before stands before it in the log.
    LogPosition position;
};

class ReadFence {
  public:
    /// `pool` is the primary's, and outlives it.
    ReadFence(host::Host& host, Pool& pool);
    ReadFence(const ReadFence&) = delete;
    ReadFence& operator=(const ReadFence&) = delete;

    /// Begun after the call. It holds for reads on the server that it names, and only for them: the
    /// primary may have changed since. Errors: those of the pool and the connection; whatever
    /// became of the fence itself does not matter to anybody.
    host::Task<Result<RaisedFence>> raise(host::Context context);

    /// Of the last one that stands.
    LogPosition confirmed() const { return confirmed_; }
    std::uint64_t raised() const { return raised_; }

  private:
    struct Round {
        bool is_over = false;
        /// Whoever led it could wait for a connection: that there is none concerns all.
        bool had_time = false;
        std::optional<Result<RaisedFence>> outcome;
    };
    class Leading;

    host::Task<Result<RaisedFence>> raise_one(host::Context context);

    host::Host& host_;
    Pool& pool_;
    std::shared_ptr<Round> next_;  ///< Not begun; null when nobody waits for it.
    bool is_under_way_ = false;
    host::WaitList changed_;
    LogPosition confirmed_;
    std::uint64_t raised_ = 0;
};

/// Raises a fence for what this very lease has read.
host::Task<Result<LogPosition>> raise_fence(Lease& lease, host::Context context);

}  // namespace atlas::sql
