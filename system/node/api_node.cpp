#include "system/node/api_node.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "system/api/api.hpp"
#include "system/api/routes.hpp"
#include "system/host/task_group.hpp"
#include "system/http/server.hpp"
#include "system/node/clean_up.hpp"
#include "system/node/failure_report.hpp"
#include "system/service/health.hpp"
#include "system/service/users.hpp"
#include "system/sql/primary_driver.hpp"
#include "system/sql/topology.hpp"

namespace atlas::node {
namespace {

http::ServerOptions server_options(http::ServerOptions options) {
    options.is_never_shed = [](const http::Request& request) {
        const api::RouteMatch match = api::find_route(request.method, request.target);
        return match.route != nullptr && match.route->is_never_shed;
    };
    return options;
}

http::Handler decorate(http::Handler handler, const ApiNodeHooks& hooks) {
    return hooks.decorate_handler ? hooks.decorate_handler(std::move(handler)) : handler;
}

/// The several servers that the options name, or nothing.
struct DatabaseServers {
    DatabaseServers(host::Host& host, sql::Driver& driver, const ApiNodeOptions& options)
        : is_one(options.database_servers.size() < 2) {
        if (!is_one) primary.emplace(host, driver, options.database_servers);
    }

    sql::Driver& driver_or(sql::Driver& only) { return is_one ? only : *primary; }

    bool is_one;
    std::optional<sql::PrimaryDriver> primary;
};

/// All that an API node is made of, in the order in which the parts need one another.
struct ApiNode {
    ApiNode(host::Host& world, sql::Driver& driver, const ApiNodeOptions& options,
            const ApiNodeHooks& hooks)
        : host(world),
          servers(world, driver, options),
          pool(world, servers.driver_or(driver), options.database),
          database{world, pool, options.retry, world.random("sql.retry"),
                   reliability::RetryBudget(options.retry_budget)},
          users(world, database, {.cost = options.argon2, .at_once = options.hashes_at_once}),
          database_ready(world),
          health(database, database_ready),
          api({users, health}, {options.idempotency_secret, options.idempotency_previous_secret}),
          server(world, decorate(api.handler(), hooks), server_options(options.http)),
          tasks(world),
          cancels(world) {
        if (servers.is_one) return;
        topology.emplace(world, pool, driver, options.database_servers, options.followers);
        database.topology = &*topology;
        servers.primary->refuse_older_than(
            [this] { return topology->followers.newest_timeline(); });
    }

    host::Host& host;
    DatabaseServers servers;
    sql::Pool pool;
    std::optional<sql::Topology> topology;
    sql::Database database;
    service::Users users;
    host::Event database_ready;
    service::Health health;
    api::Api api;
    http::Server server;
    host::TaskGroup tasks;
    host::TaskGroup cancels;  ///< What sends them goes on until the others have ended.
};

/// Until it succeeds: the database may come up after this node, and go down in between.
host::Task<> bring_up_to_date(ApiNode& node, std::vector<store::Migration> migrations) {
    constexpr host::Duration attempt_time = std::chrono::seconds{30};
    constexpr host::Duration longest_pause = std::chrono::seconds{2};
    host::Duration pause = std::chrono::milliseconds{100};
    FailureReport report(node.host);
    for (;;) {
        const host::Context context{.deadline = host::deadline_after(node.host, attempt_time)};
        const sql::Result<void> done = co_await store::migrate(node.database, context, migrations);
        if (done) break;
        report.failed(done.error());
        co_await host::sleep_for(node.host, pause);
        pause = std::min(pause * 2, longest_pause);
    }
    node.database_ready.set();
    node.host.log({host::LogLevel::info,
                   "the database schema is up to date",
                   {{"migrations", static_cast<std::int64_t>(migrations.size())}}});
}

void log_start(host::Host& host, const host::Endpoint& endpoint) {
    host.log(
        {host::LogLevel::warning,
         "the API has no authentication yet: whoever can connect can read and change all users",
         {{"listen", host::to_string(endpoint)}}});
}

void log_drain(host::Host& host, const http::Server& server) {
    host.log({host::LogLevel::info,
              "draining",
              {{"connections", static_cast<std::int64_t>(server.connections())},
               {"requests_in_flight", static_cast<std::int64_t>(server.requests_in_flight())}}});
}

}  // namespace

host::Task<host::Result<void>> run_api_node(host::Host& host, sql::Driver& driver,
                                            ApiNodeOptions options, ApiNodeHooks hooks) {
    host::Result<std::unique_ptr<host::Listener>> listener =
        host.network().listen(options.listen, options.transport);
    if (!listener) co_return std::unexpected(std::move(listener.error()));
    const host::Endpoint endpoint = (*listener)->local_endpoint();
    log_start(host, endpoint);
    if (hooks.on_listening) hooks.on_listening(endpoint);

    ApiNode node(host, driver, options, hooks);
    node.tasks.spawn(node.server.serve(std::move(*listener)));
    node.tasks.spawn(bring_up_to_date(node, std::move(options.migrations)));
    node.tasks.spawn(node.health.probe_for_ever());
    node.tasks.spawn(clean_up_for_ever(node.database, node.database_ready));
    if (node.topology) node.tasks.spawn(node.topology->followers.look_for_ever());
    node.cancels.spawn(node.pool.cancels().send_until_closed());
    if (node.topology) node.cancels.spawn(node.topology->followers.send_cancels_until_closed());
    std::exception_ptr cancelled;
    try {
        co_await host.wait_for_shutdown();
    } catch (const boost::system::system_error&) {
        cancelled = std::current_exception();
    }

    // A task that is cancelled has no time to drain, but its parts must end before it does.
    co_await host::shield_from_cancellation();
    const host::Duration drain_time = cancelled ? host::Duration::zero() : options.drain_time;
    node.health.drain();
    if (!cancelled) co_await host::sleep_for(host, options.unready_time);
    log_drain(host, node.server);
    co_await node.server.drain(host::deadline_after(host, drain_time));
    co_await node.tasks.stop();
    node.pool.close();
    if (node.topology) node.topology->followers.close();
    if (cancelled) {
        co_await node.cancels.stop();
    } else {
        co_await node.cancels.join();
    }
    host.log({host::LogLevel::info, "stopped"});
    if (cancelled) std::rethrow_exception(cancelled);
    co_return host::Result<void>{};
}

}  // namespace atlas::node
