#include "sim/models/postgres/testing/replicated_servers_fixture.hpp"

#include <fmt/format.h>

#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/replication/replication_connection.hpp"
#include "sim/models/postgres/server.hpp"
#include "sim/sql_client/driver.hpp"
#include "system/host/check.hpp"
#include "system/host/task_group.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::sim::models::postgres::testing {

using host::Task;
using namespace std::chrono_literals;

// The client machine's connections, one a session.
struct ReplicatedServers::Sessions {
    explicit Sessions(host::Host& host) : driver(host) {}

    sql_client::Driver driver;
    std::map<int, std::unique_ptr<sql::Connection>> open;
};

ReplicatedServers::ReplicatedServers(kernel::Kernel& kernel, network::NetworkPolicy& network,
                                     disk::DiskPolicy& disk)
    : kernel_(kernel), cluster_(kernel, network, disk) {
    const auto client =
        cluster_.add_process(cluster_.add_machine("client"), "client",
                             [this](host::Host& host) { return run_requests(host); });
    cluster_.start(client);
}

ReplicatedServers::~ReplicatedServers() = default;

int ReplicatedServers::add(ServerSettings settings) {
    const int number = static_cast<int>(nodes_.size());
    Node& made = *nodes_.emplace_back(std::make_unique<Node>());
    made.settings = std::move(settings);
    made.machine = cluster_.add_machine(fmt::format("node-{}", number));
    made.endpoint = {cluster_.network().address_of(made.machine), 5432};
    made.process =
        cluster_.add_process(made.machine, "postgres",
                             [this, &made](host::Host& host) { return serve_node(host, made); },
                             {.restart_delay = std::chrono::hours(1)});
    return number;
}

std::string ReplicatedServers::conninfo(int number, int of) const {
    const Node& upstream = *nodes_[static_cast<std::size_t>(of)];
    return fmt::format("host={} port={} user=postgres application_name=node-{} connect_timeout=5",
                       upstream.endpoint.address, upstream.endpoint.port, number);
}

void ReplicatedServers::copy_before_start(int number, int source, std::string slot) {
    node(number).copy = Copy::backup;
    node(number).slot = std::move(slot);
    node(number).source = conninfo(number, source);
}

void ReplicatedServers::rewind_before_start(int number, int source) {
    node(number).copy = Copy::rewind;
    node(number).source = conninfo(number, source);
}

void ReplicatedServers::start(int number) {
    cluster_.start(node(number).process);
}
void ReplicatedServers::kill(int number) {
    cluster_.kill(node(number).process);
}
void ReplicatedServers::power_off(int number) {
    cluster_.power_off(node(number).machine);
}
void ReplicatedServers::power_on(int number) {
    cluster_.power_on(node(number).machine);
}
void ReplicatedServers::stop(int number) {
    cluster_.request_shutdown(node(number).process);
    let_pass(2s);
}

Task<host::Result<void>> ReplicatedServers::make_copy(host::Host& host, const Node& self) {
    if (!self.slot.empty()) {
        const host::Deadline soon = host::deadline_after(host, 5s);
        auto source =
            co_await ReplicationConnection::open(host, *parse_conninfo(self.source), soon);
        if (!source) co_return std::unexpected(std::move(source).error());
        auto made = co_await (*source)->run(
            fmt::format("CREATE_REPLICATION_SLOT {} PHYSICAL RESERVE_WAL", self.slot), soon);
        if (!made) co_return std::unexpected(std::move(made).error());
    }
    auto copied = co_await base_backup(host, "data", {.conninfo = self.source, .slot = self.slot});
    co_return copied;
}

Task<> ReplicatedServers::serve_node(host::Host& host, Node& self) {
    self.error.clear();
    if (self.copy == Copy::backup) {
        const auto copied = co_await make_copy(host, self);
        self.error = copied ? "" : host::describe(copied.error());
    } else if (self.copy == Copy::rewind) {
        const auto done = co_await rewind(host, "data", {.conninfo = self.source});
        self.error = done ? "" : host::describe(done.error());
        if (done) self.rewound = *done;
    }
    if (!self.error.empty()) co_return;
    self.copy = Copy::none;
    if (!self.left_file.empty()) {
        const std::string name = std::exchange(self.left_file, "");
        const auto left = co_await host::replace_file(host, "data", name, "");
        ATLAS_CHECK(left.has_value(), "the disk of these tests has no errors");
    }
    Server server(host, self.settings, "data");
    // For as long as it lives, a crash included.
    struct Shown {
        explicit Shown(Node& node) : of(node) {}
        ~Shown() { of.server = nullptr; }
        Node& of;
    } shown(self);
    const auto served =
        co_await protocol::serve(host, server, self.endpoint, [&] { self.server = &server; });
    if (!served) self.error = host::describe(served.error());
}

namespace {

std::string describe(const sql::Result<sql::QueryResult>& result) {
    if (!result) {
        if (result.error().kind == sql::ErrorKind::server)
            return result.error().sqlstate + " " + result.error().message;
        return "lost";
    }
    std::string line;
    for (const auto& row : result->rows) {
        std::string shown = "(";
        for (const auto& value : row)
            shown += (shown.size() > 1 ? "," : "") + value.value_or("~");
        line += shown + ")";
    }
    return line + (line.empty() ? "" : " ") + result->command_tag;
}

}  // namespace

Task<> ReplicatedServers::run_requests(host::Host& host) {
    Sessions sessions(host);
    const auto run_one = [this, &sessions, &host](Request request) -> Task<> {
        const host::Context context{.deadline = host::deadline_after(host, 60s)};
        std::unique_ptr<sql::Connection> connection = std::move(sessions.open[request.session]);
        if (connection == nullptr) {
            sql::ConnectionTarget target;
            target.endpoint = node(request.node).endpoint;
            target.user = "postgres";
            target.database = "postgres";
            auto opened = co_await sessions.driver.connect(context, std::move(target));
            if (!opened) {
                outcomes_[request.session] = opened.error().kind == sql::ErrorKind::server
                                                 ? opened.error().sqlstate
                                                 : "lost";
                co_return;
            }
            connection = *std::move(opened);
        }
        const auto result = co_await connection->query(context, request.statements);
        const bool usable = connection->is_usable();
        const bool kept = request.session < first_own_session;
        if (usable && kept) sessions.open[request.session] = std::move(connection);
        outcomes_[request.session] = describe(result);
    };
    const auto body = [&](host::TaskGroup& tasks) -> Task<> {
        while (true) {
            for (Request& request : std::exchange(requests_, {}))
                tasks.spawn(run_one(std::move(request)));
            co_await host::sleep_for(host, 1ms);
        }
    };
    co_await host::with_task_group(host, body);
}

void ReplicatedServers::begin(int session, int number, std::string statements) {
    outcomes_.erase(session);
    requests_.push_back({session, number, std::move(statements)});
}

std::optional<std::string> ReplicatedServers::outcome(int session) {
    const auto found = outcomes_.find(session);
    if (found == outcomes_.end()) return std::nullopt;
    return found->second;
}

void ReplicatedServers::let_pass(host::Duration duration) {
    kernel_.run_until(kernel_.now() + duration);
}

std::string ReplicatedServers::run(int number, std::string statements) {
    const int session = next_session_++;
    begin(session, number, std::move(statements));
    for (int i = 0; i < 10'000 && !outcome(session); ++i)
        let_pass(2ms);
    return outcome(session).value_or("has not ended");
}

std::string ReplicatedServers::run_until(int number, std::string statements, std::string expected,
                                         host::Duration patience) {
    const host::TimePoint end = kernel_.now() + patience;
    std::string last;
    while (kernel_.now() < end) {
        last = run(number, statements);
        if (last == expected) break;
        let_pass(20ms);
    }
    return last;
}

}  // namespace atlas::sim::models::postgres::testing
