#include "sim/atlas_sim/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "properties/history/watched_driver.hpp"
#include "properties/invariants/invariants.hpp"
#include "properties/sabotage/primary_not_fenced.hpp"
#include "properties/sabotage/rename_without_directory_sync.hpp"
#include "properties/sabotage/rewritten_query.hpp"
#include "properties/sabotage/sabotaged_node.hpp"
#include "sim/atlas_sim/judgement.hpp"
#include "sim/atlas_sim/progress.hpp"
#include "sim/models/postgres/engine/engine.hpp"
#include "sim/sql_client/driver.hpp"
#include "system/host/check.hpp"
#include "system/sql/primary_driver.hpp"
#include "system/sql/resolving_driver.hpp"

namespace atlas::sim::atlas_sim {

using faults::Role;
using host::Duration;
using host::TimePoint;
using network::MachineNumber;
using namespace std::chrono_literals;

namespace {

/// For every program, from being asked to stop until it has ended.
constexpr Duration stop_time = 60s;

std::vector<std::string> names_of(const std::vector<faults::MachineInfo>& machines) {
    std::vector<std::string> names;
    for (const faults::MachineInfo& machine : machines)
        names.push_back(machine.name);
    return names;
}

properties::UserWorkloadOptions workload_options(const SimulationInput& input) {
    const faults::SwarmOptions& options = input.options;
    const faults::WorkloadOptions& drawn = options.workload;
    properties::UserWorkloadOptions workload;
    workload.rate = drawn.rate;
    workload.clients = drawn.clients_per_machine * options.topology.client_machines;
    workload.weight_register = static_cast<std::uint32_t>(drawn.weight_create);
    workload.weight_get = static_cast<std::uint32_t>(drawn.weight_get);
    workload.weight_patch = static_cast<std::uint32_t>(drawn.weight_patch);
    workload.weight_delete = static_cast<std::uint32_t>(drawn.weight_delete);
    workload.weight_list = static_cast<std::uint32_t>(drawn.weight_list);
    workload.weight_change_email = static_cast<std::uint32_t>(drawn.weight_change_email);
    workload.weight_repeat = static_cast<std::uint32_t>(drawn.weight_repeat);
    // One server alone is always the newest.
    workload.session_per_thousand = options.topology.followers == 0 ? 0 : 300;
    workload.operation_timeout = drawn.operation_timeout;
    workload.outdated_per_thousand = static_cast<std::uint32_t>(drawn.outdated_per_thousand);
    workload.directory.working_set = drawn.users;
    workload.directory.hot_users = drawn.hot_users;
    workload.directory.hot_per_thousand = static_cast<std::uint32_t>(drawn.hot_per_thousand);
    workload.directory.email_pool = drawn.email_pool;
    workload.suppressed = input.suppressed_operations;
    return workload;
}

models::postgres::ServerSettings postgres_settings(const faults::SwarmOptions& options) {
    const faults::PostgresOptions& drawn = options.postgres;
    models::postgres::ServerSettings settings;
    settings.fsync = drawn.fsync;
    const host::Result<void> known = settings.set("synchronous_commit", drawn.synchronous_commit);
    ATLAS_CHECK(known.has_value(), "the knob's choices are the server's own");
    settings.max_connections = static_cast<std::uint32_t>(drawn.max_connections);
    settings.deadlock_timeout = drawn.deadlock_timeout;
    settings.checkpoint_timeout = drawn.checkpoint_timeout;
    settings.max_wal_size = drawn.max_wal_size_kib * 1024;
    settings.wal_writer_delay = drawn.wal_writer_delay;
    return settings;
}

host::LogLevel log_level_of(std::string_view level) {
    for (const host::LogLevel each :
         {host::LogLevel::debug, host::LogLevel::info, host::LogLevel::warning}) {
        if (name(each) == level) return each;
    }
    return host::LogLevel::error;
}

std::chrono::milliseconds whole_milliseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration);
}

reliability::CircuitBreakerOptions breaker_options(const faults::SystemOptions& drawn) {
    using Kind = reliability::SlidingWindowOptions::Kind;
    reliability::CircuitBreakerOptions breaker;
    breaker.window.kind = drawn.breaker_by_count ? Kind::count : Kind::time;
    breaker.minimum_calls = static_cast<std::uint32_t>(drawn.breaker_minimum_calls);
    breaker.failures_per_thousand = static_cast<std::uint32_t>(drawn.breaker_failures_per_thousand);
    breaker.slow_per_thousand = static_cast<std::uint32_t>(drawn.breaker_slow_per_thousand);
    breaker.slow_call = drawn.breaker_slow_call;
    breaker.open_time = drawn.breaker_open_time;
    breaker.probes = static_cast<std::uint32_t>(drawn.breaker_probes);
    return breaker;
}

node::ApiNodeOptions api_node_options(const faults::SwarmOptions& options,
                                      host::Endpoint database) {
    const faults::SystemOptions& drawn = options.system;
    node::ApiNodeOptions node;
    node.listen = {"0.0.0.0", cluster::api_port};
    node.http.request_time = drawn.request_time;
    node.database.target.endpoint = std::move(database);
    node.database.size = drawn.pool_size;
    node.database.statement_timeout = whole_milliseconds(drawn.statement_timeout);
    node.database.lock_timeout = whole_milliseconds(drawn.lock_timeout);
    node.database.idle_in_transaction_session_timeout =
        whole_milliseconds(drawn.idle_in_transaction_session_timeout);
    node.database.waiting = drawn.queue_limit;
    node.database.delay = {.target = std::min(drawn.queue_target, drawn.queue_interval),
                           .interval = drawn.queue_interval};
    node.database.breaker = breaker_options(drawn);
    node.retry.max_attempts = static_cast<unsigned>(drawn.retry_attempts);
    node.retry_budget.tokens = static_cast<std::uint32_t>(drawn.retry_budget_tokens);
    node.argon2.memory_kib = static_cast<std::uint32_t>(drawn.argon2_memory_kib);
    node.argon2.iterations = static_cast<std::uint32_t>(drawn.argon2_iterations);
    return node;
}

std::unique_ptr<sql::Driver> driver_by_name(host::Host& host) {
    return std::make_unique<sql::ResolvingDriver>(host, std::make_unique<sql_client::Driver>(host));
}

}  // namespace

Simulation::Simulation(SimulationInput input, kernel::Trace::Sink sink)
    : input_(std::move(input)),
      kernel_(input_.seed),
      dice_(input_.seed, input_.options, input_.suppressed, ledger_),
      machines_(faults::machines_of(input_.options.topology)),
      network_dice_(dice_, names_of(machines_)),
      disk_dice_(dice_),
      fault_point_dice_(dice_, machines_, faults::Envelope::of(input_.options.topology)),
      computation_dice_(dice_, machines_, faults::Envelope::of(input_.options.topology)),
      recorder_([this] { return kernel_.now().since_epoch; }),
      database_log_([this] { return kernel_.now().since_epoch; },
                    [this](const host::Endpoint& server) { return follows(server); }),
      workload_(workload_options(input_), recorder_),
      cluster_(kernel_, network_dice_, disk_dice_) {
    if (sink) kernel_.trace().set_sink(std::move(sink));
    cluster_.hooks().log_level = log_level_of(input_.options.run.log_level);
}

Simulation::~Simulation() = default;

properties::DatabaseGuard Simulation::guard() const {
    const node::ApiNodeOptions node = api_node_options(input_.options, {});
    return {.pool_size = node.database.size,
            .breaker = node.database.breaker,
            .budget = node.retry_budget,
            .request_time = node.http.request_time,
            .pools = input_.options.topology.followers == 0 ? 1 : 2};
}

TimePoint Simulation::clients_end_at() const {
    const faults::RunOptions& run = input_.options.run;
    return TimePoint{run.safety + faults::settling_time(input_.options.topology) +
                     std::min(run.aftermath, run.liveness / 2)};
}

Duration Simulation::healing_time() const {
    return input_.options.run.liveness + faults::settling_time(input_.options.topology);
}

std::vector<std::string> Simulation::abandoned_transactions() const {
    std::vector<std::string> found;
    for (const TransactionWatch& watch : transaction_watches_)
        found.insert(found.end(), watch.found().begin(), watch.found().end());
    return found;
}

std::optional<std::vector<std::string>> Simulation::old_primaries() const {
    if (input_.options.topology.followers == 0) return std::nullopt;
    return primary_watch_.found();
}

std::optional<properties::FollowerReads> Simulation::follower_reads() const {
    if (input_.options.topology.followers == 0) return std::nullopt;
    return database_log_.follower_reads();
}

bool Simulation::follows(const host::Endpoint& server) const {
    const std::vector<host::Endpoint> endpoints = databases_->endpoints();
    const auto place = std::ranges::find(endpoints, server);
    if (place == endpoints.end()) return false;
    const models::postgres::Server* const there =
        databases_->server(static_cast<std::size_t>(place - endpoints.begin()));
    return there != nullptr && there->engine().in_recovery();
}

void Simulation::listen_to_logs(LogListener listener) {
    cluster_.hooks().log_level = host::LogLevel::debug;
    cluster_.hooks().on_log = [this, listener = std::move(listener)](
                                  const kernel::Process& process, const host::LogRecord& record) {
        listener(process, kernel::start_of_time + kernel_.now().since_epoch, record);
    };
}

void Simulation::boot() {
    fault_point_dice_.attach(cluster_.hooks());
    computation_dice_.attach(cluster_.hooks());
    cluster_.hooks().on_fatal = [this](const kernel::Process& process, std::string_view reason) {
        deaths_.push_back({kernel_.now(), process.full_name(), std::string(reason)});
    };
    add_machines();
    std::uint64_t clients = 0;
    for (MachineNumber machine = 0; machine < machines_.size(); ++machine) {
        switch (machines_[machine].role) {
            case Role::postgres:
            case Role::lease_store:
                break;
            case Role::api:
                add_api_node(machine);
                break;
            case Role::client:
                add_clients(machine, clients++);
                break;
        }
    }
    control_ = std::make_unique<cluster::FaultControl>(
        cluster_, machines_, [this] { return databases_->names_of_primaries(); },
        [this] { return databases_->lack_heir(); });
    runner_ = std::make_unique<faults::FaultRunner>(kernel_, *control_, dice_, network_dice_,
                                                    disk_dice_, input_.plan);
}

template <typename Workload>
void Simulation::add_sql_clients(MachineNumber machine, std::string name, Workload& workload) {
    const auto program = [](Simulation& simulation, Workload& own,
                            host::Host& host) -> host::Task<> {
        sql::PrimaryDriver primary(host, driver_by_name(host), simulation.databases_->endpoints());
        properties::DecoratedDriver driver(
            primary, properties::decoration_of_sql_clients(simulation.input_.sabotage,
                                                           simulation.sabotage_ledger_));
        sql::ConnectionTarget target;
        target.endpoint = simulation.databases_->endpoints().front();
        // As API nodes have it: one that is lost must not keep its locks.
        target.session_settings = {
            {"idle_in_transaction_session_timeout",
             std::to_string(simulation.input_.options.system.idle_in_transaction_session_timeout /
                            1ms)}};
        co_await own.run(host, driver, std::move(target), simulation.clients_end_at());
    };
    client_processes_.push_back(cluster_.add_process(
        machine, std::move(name),
        [this, program, &workload](host::Host& host) { return program(*this, workload, host); }));
}

// The databases come first: everybody else is told where they are.
void Simulation::add_machines() {
    std::vector<MachineNumber> databases;
    std::optional<MachineNumber> lease_store;
    for (const faults::MachineInfo& info : machines_) {
        const MachineNumber machine = cluster_.add_machine(info.name);
        if (info.role == Role::postgres) databases.push_back(machine);
        if (info.role == Role::lease_store) lease_store = machine;
    }
    databases_ =
        std::make_unique<cluster::Databases>(cluster_, databases, lease_store, databases_options());
    transaction_watches_.assign(
        databases.size(),
        TransactionWatch(input_.options.system.idle_in_transaction_session_timeout));
}

cluster::DatabasesOptions Simulation::databases_options() {
    cluster::DatabasesOptions options{.settings = postgres_settings(input_.options)};
    if (input_.sabotage == properties::Sabotage::rename_without_directory_sync) {
        options.decorate = [this](cluster::Program program) {
            return properties::rename_without_directory_sync(std::move(program), sabotage_ledger_);
        };
    }
    if (input_.sabotage == properties::Sabotage::primary_not_fenced)
        options.agent = properties::primary_not_fenced(std::move(options.agent), sabotage_ledger_);
    return options;
}

void Simulation::add_api_node(MachineNumber machine) {
    api_endpoints_.push_back({cluster_.network().address_of(machine), cluster::api_port});
    api_processes_.push_back(cluster_.add_process(
        machine, "atlas-server",
        cluster::api_node_program([this](host::Host& host) { return api_node_parts(host); })));
}

void Simulation::add_clients(MachineNumber machine, std::uint64_t index) {
    const std::uint64_t count = input_.options.workload.clients_per_machine;
    const TimePoint until = clients_end_at();
    client_processes_.push_back(
        cluster_.add_process(machine, "clients", [=, this](host::Host& host) {
            return workload_.run_clients(host, api_endpoints_, index * count, count, until);
        }));
    if (index > 0) return;
    add_sql_clients(machine, "owners", ownership_);
    add_sql_clients(machine, "workers", job_queue_);
    final_process_ = cluster_.add_process(machine, "final-reader", [this](host::Host& host) {
        const auto program = [](Simulation& simulation, host::Host& own) -> host::Task<> {
            const host::Deadline deadline =
                host::Deadline::at(*simulation.healed_at_ + simulation.healing_time());
            simulation.final_phase_completed_ = co_await simulation.workload_.run_final_phase(
                own, simulation.api_endpoints_, deadline);
        };
        return program(*this, host);
    });
}

cluster::ApiNodeParts Simulation::api_node_parts(host::Host& host) {
    cluster::ApiNodeParts parts;
    auto driver = std::make_unique<properties::WatchedDriver>(driver_by_name(host), database_log_,
                                                              std::string(host.machine_name()));
    parts.hooks.decorate_handler = [watched = driver.get()](http::Handler handler) {
        return watched->watch(std::move(handler));
    };
    parts.driver = std::move(driver);
    parts.options = api_node_options(input_.options, databases_->endpoints().front());
    parts.options.database_servers = databases_->endpoints();
    if (input_.sabotage != properties::Sabotage::none) {
        parts.run = [this](host::Host& own, sql::Driver& driver, node::ApiNodeOptions options,
                           node::ApiNodeHooks hooks) {
            return properties::run_sabotaged_api_node(own, driver, std::move(options),
                                                      std::move(hooks), input_.sabotage,
                                                      sabotage_ledger_);
        };
    }
    return parts;
}

void Simulation::run() {
    boot();
    runner_->start();
    databases_->start();
    for (const cluster::ProcessNumber process : api_processes_)
        cluster_.start(process);
    for (const cluster::ProcessNumber process : client_processes_)
        cluster_.start(process);
    if (!advance(TimePoint{input_.options.run.safety})) return;
    runner_->stop_and_heal();
    if (!let_databases_settle()) return;
    healed_at_ = kernel_.now();
    final_phase_completed_ = false;
    if (!run_final_phase()) return;
    if (const models::postgres::Server* const primary = databases_->primary()) {
        auto rows = primary->read_committed_rows("users");
        if (rows) final_users_ = std::move(*rows);
    }
    stop_everything();
}

bool Simulation::advance(TimePoint until, std::function<bool()> until_done) {
    no_progress_ =
        let_time_pass(kernel_, {until, std::move(until_done), [this] { look_at_database(); }});
    return no_progress_.empty();
}

bool Simulation::have_ended(const std::vector<cluster::ProcessNumber>& processes) const {
    return std::none_of(processes.begin(), processes.end(),
                        [this](auto process) { return cluster_.is_running(process); });
}

// Invariants are looked at all along, so that a moment in which one did not hold is seen even if
// the end is in order. This reads the model and sends nothing.
void Simulation::look_at_database() {
    for (std::size_t number = 0; number < databases_->count(); ++number) {
        const models::postgres::Server* const server = databases_->server(number);
        if (server == nullptr) continue;
        look_at_users(*server);
        transaction_watches_[number].look(server->idle_transactions(),
                                          databases_->is_at_its_pace(number), kernel_.now());
    }
    look_at_primaries();
}

void Simulation::look_at_primaries() {
    std::vector<SeenServer> servers;
    for (std::size_t number = 0; number < databases_->count(); ++number) {
        SeenServer seen{.name = databases_->name(number),
                        .counts = databases_->is_at_its_pace(number)};
        if (const models::postgres::Server* const server = databases_->server(number)) {
            seen.takes_writes = !server->engine().in_recovery();
            seen.timeline = server->engine().history().timeline;
        }
        servers.push_back(std::move(seen));
    }
    primary_watch_.look(servers, kernel_.now());
}

void Simulation::look_at_users(const models::postgres::Server& server) {
    if (!duplicate_email_.empty()) return;
    const auto rows = server.read_committed_rows("users");
    if (!rows) return;
    properties::RunRecord table;
    table.users = to_user_rows(*rows);
    const properties::Judgement judgement = properties::check_unique_emails(table);
    if (judgement.verdict != properties::Verdict::invalid) return;
    duplicate_email_ =
        fmt::format("At {} ms: {}", kernel_.now().since_epoch / 1ms, judgement.prose);
}

bool Simulation::let_databases_settle() {
    return advance(kernel_.now() + faults::settling_time(input_.options.topology),
                   [this] { return databases_->has_settled(); });
}

bool Simulation::run_final_phase() {
    const TimePoint until = *healed_at_ + healing_time();
    if (!advance(until, [this] { return have_ended(client_processes_); })) return false;
    if (!have_ended(client_processes_)) return true;
    if (input_.options.run.power_loss_at_end) {
        lose_power_at_end();
        if (!let_databases_settle()) return false;
    }
    cluster_.start(final_process_);
    return advance(until + 1s, [this] { return have_ended({final_process_}); });
}

// What is in the databases' memory at the end proves nothing: it has to come back from the disks.
void Simulation::lose_power_at_end() {
    const std::vector<MachineNumber> machines = databases_->machines();
    for (const MachineNumber machine : machines) {
        disk_dice_.everything_unsynced_will_be_lost(cluster_.machine_name(machine));
        cluster_.power_off(machine);
    }
    for (const MachineNumber machine : machines)
        cluster_.power_on(machine);
}

void Simulation::stop_everything() {
    std::vector<cluster::ProcessNumber> clients = client_processes_;
    clients.push_back(final_process_);
    std::vector<std::string> leftovers;
    std::vector<std::vector<cluster::ProcessNumber>> order{clients, api_processes_};
    for (std::vector<cluster::ProcessNumber>& processes : databases_->processes())
        order.push_back(std::move(processes));
    for (const auto& processes : order) {
        if (!stop(processes, leftovers)) return;
    }
    leftovers.insert(leftovers.end(), cluster_.leftovers().begin(), cluster_.leftovers().end());
    leftovers_ = std::move(leftovers);
}

bool Simulation::stop(const std::vector<cluster::ProcessNumber>& processes,
                      std::vector<std::string>& leftovers) {
    for (const cluster::ProcessNumber process : processes)
        cluster_.request_shutdown(process);
    const bool time_went_on =
        advance(kernel_.now() + stop_time, [&] { return have_ended(processes); });
    if (!time_went_on) return false;
    for (const cluster::ProcessNumber process : processes) {
        if (!cluster_.is_running(process)) continue;
        leftovers.push_back(fmt::format("{} did not end within {} s of being asked to",
                                        cluster_.process(process).full_name(), stop_time / 1s));
    }
    return true;
}

}  // namespace atlas::sim::atlas_sim
