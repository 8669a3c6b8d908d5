#pragma once
// What makes an API node: wiring, start, drain.

#include <functional>
#include <string>
#include <vector>

#include "system/host/host.hpp"
#include "system/http/handler.hpp"
#include "system/http/server_options.hpp"
#include "system/reliability/retry.hpp"
#include "system/reliability/retry_budget.hpp"
#include "system/service/users.hpp"
#include "system/sql/connection.hpp"
#include "system/sql/followers.hpp"
#include "system/sql/pool_options.hpp"
#include "system/store/migrations.hpp"

namespace atlas::node {

struct ApiNodeOptions {
    /// There is no authentication yet: loopback unless the operator says otherwise.
    host::Endpoint listen{"127.0.0.1", 8080};
    host::Transport transport = {};
    http::ServerOptions http = {};
    /// `database.target` says which PostgreSQL.
    sql::PoolOptions database = {};
    /// Where there are several, all of them, whoever leads now; the target's own endpoint does not
    /// matter then. All nodes name the same ones. With fewer than two there are no followers.
    std::vector<host::Endpoint> database_servers = {};
    sql::FollowerOptions followers = {};
    /// For transactions that PostgreSQL gave up (40001, 40P01) or whose connection died before
    /// COMMIT was sent.
    reliability::RetryPolicy retry = {};
    /// Shared by all of them.
    reliability::RetryBudgetOptions retry_budget = {};
    passwords::Argon2Cost argon2 = {};
    /// Password hashes worked on at once: as many as the host has threads for them.
    std::size_t hashes_at_once = 1;
    /// By it nodes know a repeated request (Idempotency-Key): the same for all nodes.
    std::string idempotency_secret = {};
    /// The one before it, for as long as keys of its time are kept; empty when there was none.
    std::string idempotency_previous_secret = {};
    /// After a request to stop: how long it goes on serving while /readyz says no, so that load
    /// balancers go elsewhere before it stops listening.
    host::Duration unready_time{};
    /// After that: how long requests in flight may take. Then they are cut, and the database is
    /// asked to cancel what they were waiting for: two seconds more if it does not answer.
    host::Duration drain_time = std::chrono::seconds{15};
    std::vector<store::Migration> migrations = store::built_in_migrations();
};

/// What a composition root may add; production adds nothing.
struct ApiNodeHooks {
    /// Wraps the whole API; the server's own refusals (408, 413, ...) do not pass through it.
    http::HandlerDecorator decorate_handler = {};
    /// Called once with the endpoint that was bound (the port, when port 0 was asked for).
    std::function<void(host::Endpoint)> on_listening = {};
};

/// Listens at once (`/livez` and its like answer, the rest is 503 "not started"), brings the schema
/// up to date as soon as the database is there, serves until the host asks to shut down, drains,
/// returns. Errors: those of Network::listen. `driver` outlives the task.
host::Task<host::Result<void>> run_api_node(host::Host& host, sql::Driver& driver,
                                            ApiNodeOptions options, ApiNodeHooks hooks = {});

}  // namespace atlas::node
