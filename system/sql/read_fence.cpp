#include "system/sql/read_fence.hpp"

#include <utility>

namespace atlas::sql {
namespace {

// The position is taken before the fence is in the log, and so is at most where the fence stands.
// One that is "inserted" is beyond every commit that anybody can see.
constexpr Statement fence_statement{
    "read_fence",
    "SELECT pg_catalog.pg_current_wal_insert_lsn(), pg_catalog.setval('read_fence', 1)"};

/// A task that was in a hurry, or whose connection died, tells the others nothing about theirs.
bool concerns_all(const Result<RaisedFence>& outcome, bool had_time) {
    if (outcome || outcome.error().kind == ErrorKind::server) return true;
    const bool has_no_connection = outcome.error().kind == ErrorKind::turned_away ||
                                   outcome.error().kind == ErrorKind::cannot_connect;
    return had_time && has_no_connection;
}

}  // namespace

host::Task<Result<LogPosition>> raise_fence(Lease& lease, host::Context context) {
    const Result<ServerRun> server = co_await lease.server(context);
    if (!server) co_return std::unexpected(server.error());
    const Result<QueryResult> raised = co_await lease.execute(context, fence_statement, {});
    if (!raised) co_return std::unexpected(raised.error());
    co_return read_log_position(*raised, server->timeline);
}

/// The round that is being led, however that ends.
class ReadFence::Leading {
  public:
    Leading(ReadFence& fence, Round& round) : fence_(fence), round_(round) {
        fence_.next_.reset();
        fence_.is_under_way_ = true;
    }
    Leading(const Leading&) = delete;
    Leading& operator=(const Leading&) = delete;
    ~Leading() {
        round_.is_over = true;
        fence_.is_under_way_ = false;
        fence_.changed_.wake_all();
    }

  private:
    ReadFence& fence_;
    Round& round_;
};

ReadFence::ReadFence(host::Host& host, Pool& pool) : host_(host), pool_(pool), changed_(host) {}

host::Task<Result<RaisedFence>> ReadFence::raise(host::Context context) {
    while (!context.deadline.passed(host_.clock().now())) {
        if (next_ == nullptr) next_ = std::make_shared<Round>();
        const std::shared_ptr<Round> round = next_;
        while (is_under_way_ && !round->is_over && !context.deadline.passed(host_.clock().now()))
            (void)co_await changed_.wait(context.deadline);
        if (!is_under_way_ && !round->is_over) {
            // It has not begun, so it is still the next one.
            const Leading leading(*this, *round);
            round->had_time =
                context.deadline.remaining(host_.clock().now()) >= pool_.options().connect_timeout;
            round->outcome = co_await raise_one(context);
            co_return *round->outcome;
        }
        if (round->outcome && concerns_all(*round->outcome, round->had_time))
            co_return *round->outcome;
    }
    co_return std::unexpected(Error{.kind = ErrorKind::deadline_exceeded,
                                    .message = "the read was not confirmed in time"});
}

host::Task<Result<RaisedFence>> ReadFence::raise_one(host::Context context) {
    Result<Lease> lease = co_await pool_.acquire(context);
    if (!lease) co_return std::unexpected(std::move(lease.error()));
    const Result<ServerRun> server = co_await lease->server(context);
    if (!server) co_return std::unexpected(server.error());
    const Result<LogPosition> position = co_await raise_fence(*lease, context);
    if (!position) co_return std::unexpected(position.error());
    confirmed_ = *position;
    ++raised_;
    co_return RaisedFence{*server, *position};
}

}  // namespace atlas::sql
