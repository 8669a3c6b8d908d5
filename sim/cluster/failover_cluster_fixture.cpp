#include "sim/cluster/failover_cluster_fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/sql_client/driver.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::cluster {

using host::Host;
using host::Task;
using network::MachineNumber;
using namespace std::chrono_literals;

namespace {

constexpr int clients = 3;

models::postgres::ServerSettings database_settings(const std::string& name) {
    models::postgres::ServerSettings settings;
    settings.cluster_name = name;
    settings.wal_keep_size = 16UL * 1024 * 1024;
    settings.wal_retrieve_retry_interval = 1s;
    settings.wal_sender_timeout = 5s;
    settings.wal_receiver_timeout = 5s;
    return settings;
}

std::string name_of(int node) {
    return fmt::format("node-{}", node);
}

sql::ConnectionTarget superuser_at(host::Endpoint endpoint) {
    sql::ConnectionTarget target;
    target.endpoint = std::move(endpoint);
    target.user = "postgres";
    target.database = "postgres";
    return target;
}

}  // namespace

FailoverCluster::FailoverCluster(kernel::Kernel& kernel, network::NetworkPolicy& network,
                                 disk::DiskPolicy& disk, failover::AgentSettings settings)
    : kernel_(kernel),
      cluster_(kernel, network, disk),
      store_machine_(cluster_.add_machine("store")),
      store_(cluster_.add_process(store_machine_, "lease-store", lease_store_program())) {
    write_acts_down();
    settings.lease_store = {cluster_.network().address_of(store_machine_), lease_store_port};
    for (int node = 0; node < nodes; ++node)
        add_node(node, settings);
    client_machine_ = cluster_.add_machine("client");
    cluster_.add_process(client_machine_, "clients",
                         [this](Host& host) { return run_clients(host); });
    cluster_.start_all();
}

void FailoverCluster::add_node(int number, const failover::AgentSettings& common) {
    Node& node = *(nodes_[index(number)] = std::make_unique<Node>());
    node.machine = cluster_.add_machine(name_of(number));
    MachineDatabaseOptions database{.settings = database_settings(name_of(number))};
    node.database = cluster_.add_process(
        node.machine, "postgres",
        postgres_program(database.settings, node.view, data_directory(database)),
        {.supervised = false});
    database.process = node.database;
    failover::AgentSettings settings = common;
    settings.name = name_of(number);
    settings.advertised = {cluster_.network().address_of(node.machine), postgres_port};
    settings.server = superuser_at(settings.advertised);
    node.agent =
        cluster_.add_process(node.machine, "agent", agent_program(cluster_, database, settings));
}

void FailoverCluster::write_acts_down() {
    cluster_.hooks().log_level = host::LogLevel::info;
    cluster_.hooks().on_log = [this](const kernel::Process& process,
                                     const host::LogRecord& record) {
        if (process.name() != "agent") return;
        const auto now =
            std::chrono::duration_cast<std::chrono::milliseconds>(kernel_.now().since_epoch);
        std::string line =
            fmt::format("@{} {}: {}", now.count(), process.machine(), record.message);
        for (const host::LogField& field : record.fields) {
            if (const auto* text = std::get_if<std::string>(&field.value))
                line += fmt::format(" | {}", *text);
        }
        acts_.push_back(std::move(line));
    };
    cluster_.hooks().on_fatal = [this](const kernel::Process& process, std::string_view reason) {
        acts_.push_back(fmt::format("{} died: {}", process.full_name(), reason));
    };
}

void FailoverCluster::let_pass(host::Duration time) {
    kernel_.run_until(kernel_.now() + time);
}

std::vector<int> FailoverCluster::primaries() const {
    std::vector<int> found;
    for (int node = 0; node < nodes; ++node) {
        const auto* server = nodes_[index(node)]->view.server;
        if (server != nullptr && !server->engine().in_recovery()) found.push_back(node);
    }
    return found;
}

int FailoverCluster::primary() const {
    const std::vector<int> found = primaries();
    return found.size() == 1 ? found.front() : -1;
}

int FailoverCluster::confirming() const {
    const int leader = primary();
    if (leader < 0) return -1;
    const std::string names =
        nodes_[index(leader)]->view.server->settings().synchronous_standby_names;
    for (int node = 0; node < nodes; ++node) {
        if (names == "\"" + name_of(node) + "\"") return node;
    }
    return -1;
}

bool FailoverCluster::has_settled() const {
    const int leader = primary();
    if (leader < 0 || confirming() < 0) return false;
    const auto& engine = nodes_[index(leader)]->view.server->engine();
    std::size_t streaming = 0;
    for (const models::postgres::Follower* follower : engine.followers())
        streaming += follower->state == models::postgres::FollowerState::streaming ? 1 : 0;
    return streaming == nodes - 1;
}

bool FailoverCluster::settle(host::Duration patience) {
    const host::TimePoint end = kernel_.now() + patience;
    while (!has_settled()) {
        if (kernel_.now() >= end) return false;
        let_pass(100ms);
    }
    // Until whoever confirms is named in the key.
    let_pass(5s);
    return has_settled();
}

void FailoverCluster::set_blocked(MachineNumber a, MachineNumber b, bool blocked) {
    cluster_.network().set_blocked({a, b}, blocked);
    cluster_.network().set_blocked({b, a}, blocked);
}

void FailoverCluster::set_cut_off(int node, bool cut_off, bool from_clients_too) {
    for (int other = 0; other < nodes; ++other) {
        if (other != node) set_blocked(machine(node), machine(other), cut_off);
    }
    set_blocked(machine(node), store_machine_, cut_off);
    if (from_clients_too) set_blocked(machine(node), client_machine_, cut_off);
}

void FailoverCluster::set_store_cut_off(bool cut_off) {
    for (int node = 0; node < nodes; ++node)
        set_blocked(machine(node), store_machine_, cut_off);
}

void FailoverCluster::heal() {
    set_store_cut_off(false);
    cluster_.power_on(store_machine_);
    cluster_.resume(store_);
    cluster_.start_again(store_);
    for (int node = 0; node < nodes; ++node) {
        set_cut_off(node, false, true);
        cluster_.power_on(machine(node));
        cluster_.resume(database(node));
        cluster_.resume(agent(node));
        cluster_.start_again(agent(node));
    }
}

Task<> FailoverCluster::make_table(Host& host) {
    sql_client::Driver driver(host);
    for (int node = 0;; node = (node + 1) % nodes) {
        const host::Context context{.deadline = host::deadline_after(host, 2s)};
        const host::Endpoint endpoint{cluster_.network().address_of(machine(node)), postgres_port};
        auto connection = co_await driver.connect(context, superuser_at(endpoint));
        if (connection) {
            const auto made =
                co_await (*connection)->query(context, "CREATE TABLE writes (id int PRIMARY KEY)");
            if (made || made.error().sqlstate == "42P07") co_return;
        }
        co_await host::sleep_for(host, 200ms);
    }
}

Task<> FailoverCluster::run_clients(Host& host) {
    co_await make_table(host);
    const auto body = [&](host::TaskGroup& tasks) -> Task<> {
        for (int number = 0; number < clients; ++number)
            tasks.spawn(run_client(host, number));
        co_return;
    };
    co_await host::with_task_group(host, body);
}

// A client stays with a server for as long as that takes its writes.
Task<> FailoverCluster::run_client(Host& host, int number) {
    sql_client::Driver driver(host);
    std::unique_ptr<sql::Connection> connection;
    int node = number % nodes;
    while (true) {
        if (connection == nullptr) {
            const host::Endpoint endpoint{cluster_.network().address_of(machine(node)),
                                          postgres_port};
            auto opened = co_await driver.connect({.deadline = host::deadline_after(host, 500ms)},
                                                  superuser_at(endpoint));
            if (opened) connection = *std::move(opened);
        }
        bool taken = false;
        if (connection != nullptr) {
            Write write{.id = ++last_id_, .node = node, .begun = host.clock().now()};
            const auto result =
                co_await connection->query({.deadline = host::deadline_after(host, 3s)},
                                           fmt::format("INSERT INTO writes VALUES ({})", write.id));
            taken = result.has_value();
            if (taken) {
                write.confirmed = host.clock().now();
                confirmed_.push_back(write);
            }
        }
        if (!taken) {
            connection.reset();
            node = (node + 1) % nodes;
        }
        co_await host::sleep_for(host, taken ? 20ms : 100ms);
    }
}

std::size_t FailoverCluster::confirmed_by(int node, host::TimePoint since) const {
    std::size_t count = 0;
    for (const Write& write : confirmed_)
        count += write.node == node && write.confirmed > since ? 1 : 0;
    return count;
}

std::string FailoverCluster::describe() const {
    std::string text;
    for (int node = 0; node < nodes; ++node) {
        const auto* server = nodes_[index(node)]->view.server;
        if (server == nullptr) {
            text += fmt::format("node-{} is down\n", node);
            continue;
        }
        const auto& engine = server->engine();
        const auto log = engine.log_state();
        text += fmt::format("node-{} {} on timeline {} at {:X}, replayed {:X}, confirmed by {}",
                            node, engine.in_recovery() ? "follows" : "leads",
                            engine.history().timeline, log.flushed, log.replayed.value_or(0),
                            server->settings().synchronous_standby_names);
        if (engine.in_recovery()) text += "; " + server->settings().primary_conninfo;
        if (engine.receiver())
            text += fmt::format("; receives from {:X}", engine.receiver()->start);
        for (const models::postgres::Follower* follower : engine.followers()) {
            text += fmt::format("; {} {} sent {:X}", follower->progress.application_name,
                                static_cast<int>(follower->state), follower->sent);
        }
        text += "\n";
    }
    return text;
}

int FailoverCluster::count_rows(std::string_view table) const {
    const int leader = primary();
    if (leader < 0) return -1;
    const auto rows = nodes_[index(leader)]->view.server->read_committed_rows(table);
    return rows ? static_cast<int>(rows->rows.size()) : -1;
}

// One after which another one has begun must stand before it: the log has one order.
std::string FailoverCluster::judge() const {
    const int leader = primary();
    if (leader < 0) return "nobody leads, or several do";
    const auto rows = nodes_[index(leader)]->view.server->read_committed_rows("writes");
    if (!rows) return "there is no table";
    std::map<int, std::size_t> places;
    for (const auto& row : rows->rows)
        places.emplace(std::stoi(row.at(0).value_or("0")), places.size());
    std::string wrong;
    for (const Write& write : confirmed_) {
        if (places.contains(write.id)) continue;
        wrong += fmt::format("{} was confirmed by node-{} at {} ms and is not on node-{}\n",
                             write.id, write.node, write.confirmed.since_epoch / 1ms, leader);
    }
    if (!wrong.empty()) return wrong;
    std::size_t furthest = 0;
    std::size_t told = 0;
    std::vector<const Write*> by_beginning;
    for (const Write& write : confirmed_)
        by_beginning.push_back(&write);
    std::ranges::sort(by_beginning, {}, [](const Write* write) { return write->begun; });
    for (const Write* write : by_beginning) {
        for (; told < confirmed_.size() && confirmed_[told].confirmed < write->begun; ++told)
            furthest = std::max(furthest, places.at(confirmed_[told].id));
        if (told > 0 && places.at(write->id) < furthest)
            wrong += fmt::format("{} stands before what was confirmed earlier\n", write->id);
    }
    return wrong;
}

}  // namespace atlas::sim::cluster
