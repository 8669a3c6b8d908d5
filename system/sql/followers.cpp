#include "system/sql/followers.hpp"

#include <algorithm>
#include <utility>

#include "system/host/task_group.hpp"

namespace atlas::sql {
namespace {

/// Some minutes of the primary: a follower further behind is too old for any read.
constexpr std::size_t marks_kept = 128;

PoolOptions options_for(PoolOptions options, host::Endpoint endpoint) {
    options.target.endpoint = std::move(endpoint);
    return options;
}

/// Nothing of a server that is the primary by now, or receives nothing.
host::Task<std::optional<ServerLook>> look_at_follower(Lease& lease, host::Context context) {
    const Result<QueryResult> answer = co_await lease.execute(context, server_look_statement, {});
    if (!answer) co_return std::nullopt;
    const Result<ServerLook> look = read_server_look(*answer);
    if (!look || look->is_primary || !look->position) co_return std::nullopt;
    co_return *look;
}

}  // namespace

struct Followers::Server {
    Server(host::Host& host, Driver& driver, PoolOptions options)
        : view{.endpoint = options.target.endpoint}, pool(host, driver, std::move(options)) {}

    ServerView view;
    Pool pool;
};

Followers::Followers(host::Host& host, Driver& driver, const PoolOptions& pool,
                     std::vector<host::Endpoint> servers, ReadFence& fence, FollowerOptions options)
    : host_(host), fence_(fence), options_(options) {
    for (host::Endpoint& server : servers) {
        servers_.push_back(
            std::make_unique<Server>(host, driver, options_for(pool, std::move(server))));
    }
}

Followers::~Followers() = default;

host::Task<> Followers::look_for_ever() {
    const auto look_at_all = [this](host::TaskGroup& looks) -> host::Task<> {
        for (const auto& server : servers_)
            looks.spawn(look_for_ever(*server));
        co_return;
    };
    co_await host::with_task_group(host_, look_at_all);
}

host::Task<Result<ServerLook>> Followers::look_at(Server& server, host::Context context) {
    Result<Lease> lease = co_await server.pool.acquire(context);
    if (!lease) co_return std::unexpected(std::move(lease.error()));
    const Result<QueryResult> answer = co_await lease->execute(context, server_look_statement, {});
    if (!answer) co_return std::unexpected(answer.error());
    co_return read_server_look(*answer);
}

host::Task<> Followers::look_for_ever(Server& server) {
    for (;;) {
        const host::TimePoint begun = host_.clock().now();
        const host::Context context{.deadline = host::Deadline::at(begun + options_.look_time)};
        const Result<ServerLook> look = co_await look_at(server, context);
        note(server, begun, look);
        co_await host::sleep_until(host_, begun + options_.between_looks);
    }
}

void Followers::note(Server& server, host::TimePoint begun, const Result<ServerLook>& look) {
    ServerView& view = server.view;
    const ServerRole before = view.role;
    view.role = !look              ? ServerRole::unreachable
                : look->is_primary ? ServerRole::primary
                                   : ServerRole::follower;
    if (view.role != before) {
        constexpr std::string_view names[] = {"unreachable", "primary", "follower"};
        host_.log({host::LogLevel::info,
                   "a database server has another role",
                   {{"server", host::to_string(view.endpoint)},
                    {"role", std::string(names[static_cast<std::size_t>(view.role)])}}});
    }
    view.position = look ? look->position : std::nullopt;
    if (!view.position) return;
    note_timeline(view.position->timeline);
    if (view.role == ServerRole::primary) {
        // One that was replaced, and does not know it, says nothing about who is up to date.
        if (view.position->timeline < newest_timeline_) return;
        if (marks_.size() == marks_kept) marks_.erase(marks_.begin());
        marks_.push_back({*view.position, begun});
        view.as_of = begun;
        return;
    }
    view.as_of.reset();
    for (const PrimaryMark& mark : marks_) {
        if (covers(*view.position, mark.position)) view.as_of = mark.at;
    }
}

void Followers::note_timeline(std::uint32_t timeline) {
    const host::TimePoint now = host_.clock().now();
    const bool is_forgotten = newest_timeline_shown_at_ + options_.timeline_memory < now;
    if (timeline < newest_timeline_ && !is_forgotten) return;
    newest_timeline_ = timeline;
    newest_timeline_shown_at_ = now;
}

bool Followers::is_fresh(const Server& server) const {
    return server.view.as_of && *server.view.as_of + options_.lag > host_.clock().now();
}

// Each in its turn. A session would rather not wait: one that had what it has seen goes first.
Followers::Server* Followers::choose(const Session& session) {
    Server* chosen = nullptr;
    ++turn_;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        Server& server = *servers_[(turn_ + i) % servers_.size()];
        if (server.view.role != ServerRole::follower) continue;
        if (session.consistency == Consistency::eventual) {
            if (is_fresh(server)) return &server;
            continue;
        }
        if (!server.view.position) continue;
        if (covers(*server.view.position, session.seen)) return &server;
        if (chosen == nullptr || is_further(*server.view.position, *chosen->view.position))
            chosen = &server;
    }
    return chosen;
}

host::Task<std::optional<QueryResult>> Followers::read(host::Context context, Session& session,
                                                       Statement statement, Parameters parameters) {
    const bool is_session = session.consistency == Consistency::session;
    if (is_session && session.seen == beyond_all) co_return std::nullopt;
    Server* const server = choose(session);
    if (server == nullptr) co_return std::nullopt;
    const host::TimePoint now = host_.clock().now();
    if (!context.deadline.is_never()) {
        context.deadline = host::Deadline::at(now + context.deadline.remaining(now) / 2);
    }
    std::optional<QueryResult> rows;
    if (is_session) {
        rows =
            co_await read_in_session(*server, context, session, statement, std::move(parameters));
    } else {
        rows = co_await read_eventually(*server, context, statement, std::move(parameters));
    }
    if (rows) ++reads_;
    co_return rows;
}

host::Task<std::optional<QueryResult>> Followers::read_eventually(Server& server,
                                                                  host::Context context,
                                                                  Statement statement,
                                                                  Parameters parameters) {
    Result<Lease> lease = co_await server.pool.acquire(context);
    if (!lease) co_return std::nullopt;
    Result<QueryResult> rows = co_await lease->read(context, statement, std::move(parameters));
    if (!rows) co_return std::nullopt;
    co_return std::move(*rows);
}

// What is asked before makes it new enough: so much has been replayed. What is asked after is how
// far the session may have seen now: all that has been received. The look of a second ago would not
// do for the first: a follower that was started anew may have gone back.
host::Task<std::optional<QueryResult>> Followers::read_in_session(Server& server,
                                                                  host::Context context,
                                                                  Session& session,
                                                                  Statement statement,
                                                                  Parameters parameters) {
    std::optional<LogPosition> shown;
    Result<QueryResult> rows = QueryResult{};
    {
        Result<Lease> lease = co_await server.pool.acquire(context);
        if (!lease) co_return std::nullopt;
        const bool is_new_enough = co_await has_come_to(*lease, context, session.seen);
        if (!is_new_enough) co_return std::nullopt;
        rows = co_await lease->read(context, statement, std::move(parameters));
        if (!rows) co_return std::nullopt;
        const std::optional<ServerLook> after = co_await look_at_follower(*lease, context);
        if (after) shown = after->received;
    }
    if (!shown) co_return std::nullopt;
    const bool stays = co_await is_confirmed(context, *shown);
    if (!stays) co_return std::nullopt;
    session.seen = later_of(session.seen, *shown);
    co_return std::move(*rows);
}

host::Task<bool> Followers::has_come_to(Lease& lease, host::Context context, LogPosition wanted) {
    constexpr host::Duration pause = std::chrono::milliseconds{5};
    const host::TimePoint latest = host_.clock().now() + options_.patience;
    for (;;) {
        const std::optional<ServerLook> look = co_await look_at_follower(lease, context);
        if (!look) co_return false;
        if (covers(*look->position, wanted)) co_return true;
        if (host_.clock().now() + pause > latest) co_return false;
        co_await host::sleep_for(host_, pause);
    }
}

// A follower may be ahead of the one that confirms commits: what it shows would then be undone, if
// that one became the primary. A fence of its timeline that stands further on says that it stays.
host::Task<bool> Followers::is_confirmed(host::Context context, LogPosition position) {
    const auto stands_after = [&](LogPosition fence) {
        return fence.timeline == position.timeline && fence.byte >= position.byte;
    };
    if (stands_after(fence_.confirmed())) co_return true;
    const Result<RaisedFence> raised = co_await fence_.raise(context);
    co_return raised&& stands_after(raised->position);
}

std::vector<ServerView> Followers::view() const {
    std::vector<ServerView> all;
    for (const auto& server : servers_)
        all.push_back(server->view);
    return all;
}

host::Task<> Followers::send_cancels_until_closed() {
    const auto send_to_all = [this](host::TaskGroup& senders) -> host::Task<> {
        for (const auto& server : servers_)
            senders.spawn(server->pool.cancels().send_until_closed());
        co_return;
    };
    co_await host::with_task_group(host_, send_to_all);
}

void Followers::close() noexcept {
    for (const auto& server : servers_)
        server->pool.close();
}

}  // namespace atlas::sql
