#include "sim/cluster/databases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/models/postgres/engine/engine.hpp"
#include "system/failover/cluster_keys.hpp"
#include "system/host/check.hpp"
#include "system/lease_store/entries_file.hpp"

namespace atlas::sim::cluster {

using models::postgres::FollowerState;
using models::postgres::Server;
using network::MachineNumber;
using namespace std::chrono_literals;

namespace {

// A follower that is cut off is to be noticed, and one that comes back to be let in, in the time in
// which leases end.
void replicate(models::postgres::ServerSettings& settings) {
    settings.wal_keep_size = 16UL * 1024 * 1024;
    settings.wal_retrieve_retry_interval = 1s;
    settings.wal_sender_timeout = 5s;
    settings.wal_receiver_timeout = 5s;
}

}  // namespace

Databases::Databases(Cluster& cluster, const std::vector<MachineNumber>& machines,
                     std::optional<MachineNumber> lease_store, DatabasesOptions options)
    : cluster_(cluster), options_(std::move(options)) {
    ATLAS_CHECK(!machines.empty() && lease_store.has_value() == (machines.size() > 1),
                "several servers have a lease store, and one has none");
    if (!lease_store) {
        add_alone(machines.front());
        return;
    }
    replicate(options_.settings);
    lease_store_ = cluster_.add_process(*lease_store, "lease-store", lease_store_program());
    for (const MachineNumber machine : machines)
        add_with_agent(machine, *lease_store);
}

Program Databases::decorated(Program program) const {
    return options_.decorate ? options_.decorate(std::move(program)) : program;
}

void Databases::add_alone(MachineNumber machine) {
    servers_.push_back(std::make_unique<Database>(Database{.machine = machine}));
    Database& database = *servers_.back();
    database.process = cluster_.add_process(
        machine, "postgres", decorated(postgres_program(options_.settings, database.view)));
}

void Databases::add_with_agent(MachineNumber machine, MachineNumber lease_store) {
    servers_.push_back(std::make_unique<Database>(Database{.machine = machine}));
    Database& database = *servers_.back();
    MachineDatabaseOptions own{.settings = options_.settings};
    own.settings.cluster_name = cluster_.machine_name(machine);
    database.process = cluster_.add_process(
        machine, "postgres",
        decorated(postgres_program(own.settings, database.view, data_directory(own))),
        {.supervised = false});
    own.process = database.process;
    failover::AgentSettings agent = options_.agent;
    agent.name = cluster_.machine_name(machine);
    agent.lease_store = {cluster_.network().address_of(lease_store), lease_store_port};
    agent.advertised = {cluster_.network().address_of(machine), postgres_port};
    agent.server.endpoint = agent.advertised;
    agent.server.user = "postgres";
    agent.server.database = "postgres";
    database.agent =
        cluster_.add_process(machine, "agent", agent_program(cluster_, own, std::move(agent)));
}

void Databases::start() {
    if (lease_store_) cluster_.start(*lease_store_);
    for (const auto& each : servers_)
        cluster_.start(each->agent.value_or(each->process));
}

std::vector<host::Endpoint> Databases::endpoints() const {
    std::vector<host::Endpoint> endpoints;
    for (const auto& each : servers_)
        endpoints.push_back({cluster_.machine_name(each->machine), postgres_port});
    return endpoints;
}

const Server* Databases::server(std::size_t number) const {
    return servers_[number]->view.server;
}

const std::string& Databases::name(std::size_t number) const {
    return cluster_.machine_name(servers_[number]->machine);
}

bool Databases::is_at_its_pace(std::size_t number) const {
    const Database& database = *servers_[number];
    return cluster_.is_at_its_pace(database.process) &&
           (!database.agent || cluster_.is_at_its_pace(*database.agent));
}

std::vector<const Databases::Database*> Databases::primaries() const {
    std::vector<const Database*> found;
    for (const auto& each : servers_) {
        const Server* server = each->view.server;
        if (server != nullptr && !server->engine().in_recovery()) found.push_back(each.get());
    }
    return found;
}

const Server* Databases::primary() const {
    const std::vector<const Database*> found = primaries();
    return found.size() == 1 ? found.front()->view.server : nullptr;
}

std::vector<std::string> Databases::names_of_primaries() const {
    std::vector<std::string> names;
    for (const Database* each : primaries())
        names.push_back(cluster_.machine_name(each->machine));
    return names;
}

bool Databases::has_settled() const {
    const Server* const leader = primary();
    if (leader == nullptr) return false;
    if (servers_.size() == 1) return true;
    const std::string& confirming = leader->settings().synchronous_standby_names;
    const auto streaming = std::ranges::count_if(
        leader->engine().followers(),
        [](const auto* follower) { return follower->state == FollowerState::streaming; });
    // Anybody ("*") may confirm while it is not settled who does.
    return !confirming.empty() && confirming != "*" &&
           static_cast<std::size_t>(streaming) + 1 == servers_.size();
}

// What the store has on disk is what it has told, or is about to.
std::optional<failover::StoreView> Databases::in_store() const {
    const std::string path = fmt::format("{}/{}", lease_store::ServerOptions{}.directory,
                                         lease_store::entries_file_name);
    const auto bytes = cluster_.disk(cluster_.machine_of(*lease_store_)).durable_bytes(path);
    if (!bytes) return std::nullopt;
    const auto stored =
        lease_store::decode_file({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    if (!stored) return std::nullopt;
    const auto view =
        failover::read_view(failover::ClusterKeys(options_.agent.cluster), stored->entries);
    return view ? std::optional(*view) : std::nullopt;
}

bool Databases::follows(const Database& follower, const Database& leader) const {
    const std::string& name = cluster_.machine_name(follower.machine);
    return follower.view.server != nullptr &&
           std::ranges::any_of(leader.view.server->engine().followers(), [&](const auto* each) {
               return each->progress.application_name == name &&
                      each->state == FollowerState::streaming;
           });
}

// While the store stands still, a change of the key may have come and not yet been written.
bool Databases::lack_heir() const {
    if (servers_.size() == 1) return false;
    const std::vector<const Database*> leaders = primaries();
    if (leaders.size() != 1 || !cluster_.is_at_its_pace(*lease_store_)) return true;
    const std::string& leader = cluster_.machine_name(leaders.front()->machine);
    const std::optional<failover::StoreView> seen = in_store();
    if (!seen || !seen->leadership || seen->leadership->holder != leader) return true;
    if (!seen->synchronous || seen->synchronous->primary != leader) return true;
    return std::ranges::none_of(servers_, [&](const auto& each) {
        return each.get() != leaders.front() &&
               seen->synchronous->may_lead(cluster_.machine_name(each->machine)) &&
               follows(*each, *leaders.front());
    });
}

std::vector<MachineNumber> Databases::machines() const {
    std::vector<MachineNumber> machines;
    for (const auto& each : servers_)
        machines.push_back(each->machine);
    if (lease_store_) machines.push_back(cluster_.machine_of(*lease_store_));
    return machines;
}

// An agent would start again what is stopped before it.
std::vector<std::vector<ProcessNumber>> Databases::processes() const {
    std::vector<ProcessNumber> agents;
    std::vector<ProcessNumber> servers;
    for (const auto& each : servers_) {
        if (each->agent) agents.push_back(*each->agent);
        servers.push_back(each->process);
    }
    std::vector<std::vector<ProcessNumber>> all;
    if (!agents.empty()) all.push_back(std::move(agents));
    all.push_back(std::move(servers));
    if (lease_store_) all.push_back({*lease_store_});
    return all;
}

}  // namespace atlas::sim::cluster
