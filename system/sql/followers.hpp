#pragma once
// The servers that follow the primary, as one node knows them: who is there, how far each has come,
// and reads from them. Each is looked at every second by a task of its own, so that a silent one
// holds up nobody.

#include <memory>
#include <optional>
#include <vector>

#include "system/sql/pool.hpp"
#include "system/sql/read_fence.hpp"
#include "system/sql/session.hpp"

namespace atlas::sql {

struct FollowerOptions {
    host::Duration between_looks = std::chrono::seconds{1};
    /// After it a look has failed.
    host::Duration look_time = std::chrono::seconds{1};
    /// How old an answer of an eventual read may be; on a follower further behind none is read.
    host::Duration lag = std::chrono::seconds{10};
    /// How long a session's read waits for a follower to have what the session has seen.
    host::Duration patience = std::chrono::milliseconds{50};
    /// A timeline that no server has shown for so long is forgotten: it may have been lost with the
    /// only server that was on it. An agent takes far less time to put an old primary down.
    host::Duration timeline_memory = std::chrono::minutes{1};
};

enum class ServerRole : std::uint8_t { unreachable, primary, follower };

/// One server, as it was at the last look.
struct ServerView {
    host::Endpoint endpoint;
    ServerRole role = ServerRole::unreachable;
    /// Nothing when it is not known.
    std::optional<LogPosition> position = {};
    /// It has all that the primary had then; nothing when no such moment is known.
    std::optional<host::TimePoint> as_of = {};
};

class Followers {
  public:
    /// `servers` are all of them, whoever leads now. Each gets a pool of its own, with the limits
    /// of `pool`. Driver and fence outlive it.
    Followers(host::Host& host, Driver& driver, const PoolOptions& pool,
              std::vector<host::Endpoint> servers, ReadFence& fence, FollowerOptions options = {});
    ~Followers();
    Followers(const Followers&) = delete;
    Followers& operator=(const Followers&) = delete;

    /// Until it is cancelled.
    host::Task<> look_for_ever();
    /// Those of its pools.
    host::Task<> send_cancels_until_closed();

    /// Rows that are as new as the session's level asks for, from a follower; nothing when none can
    /// give them, for whatever reason: then the primary is to be asked. Not for strong reads. Half
    /// of the time that is left may pass.
    host::Task<std::optional<QueryResult>> read(host::Context context, Session& session,
                                                Statement statement, Parameters parameters);

    std::vector<ServerView> view() const;
    /// The newest that any server has shown, even if nobody can reach that server now; 0 before.
    std::uint32_t newest_timeline() const { return newest_timeline_; }
    /// Reads that were answered.
    std::uint64_t reads() const { return reads_; }

    /// Drops the idle connections.
    void close() noexcept;

  private:
    struct Server;
    struct PrimaryMark {
        LogPosition position;
        host::TimePoint at;
    };

    host::Task<> look_for_ever(Server& server);
    host::Task<Result<ServerLook>> look_at(Server& server, host::Context context);
    void note(Server& server, host::TimePoint begun, const Result<ServerLook>& look);
    void note_timeline(std::uint32_t timeline);
    Server* choose(const Session& session);
    bool is_fresh(const Server& server) const;
    host::Task<std::optional<QueryResult>> read_eventually(Server& server, host::Context context,
                                                           Statement statement,
                                                           Parameters parameters);
    host::Task<std::optional<QueryResult>> read_in_session(Server& server, host::Context context,
                                                           Session& session, Statement statement,
                                                           Parameters parameters);
    host::Task<bool> has_come_to(Lease& lease, host::Context context, LogPosition wanted);
    host::Task<bool> is_confirmed(host::Context context, LogPosition position);

    host::Host& host_;
    ReadFence& fence_;
    FollowerOptions options_;
    std::vector<std::unique_ptr<Server>> servers_;
    std::vector<PrimaryMark> marks_;  ///< The oldest first; bounded.
    std::uint32_t newest_timeline_ = 0;
    host::TimePoint newest_timeline_shown_at_{};
    std::size_t turn_ = 0;
    std::uint64_t reads_ = 0;
};

}  // namespace atlas::sql
