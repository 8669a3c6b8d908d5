// What clients read from three databases with agents while machines, links and agents fail: strong
// reads are linearizable through every failover, and a session never goes back; with the fence or
// the token taken away they are not, and the properties say so.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "properties/history/user_operations.hpp"
#include "properties/invariants/invariants.hpp"
#include "properties/sabotage/sabotaged_node.hpp"
#include "properties/workloads/user_workload.hpp"
#include "sim/cluster/calm.hpp"
#include "sim/cluster/failover_cluster_fixture.hpp"
#include "sim/sql_client/driver.hpp"

namespace atlas::sim::cluster {
namespace {

using host::Host;
using properties::Judgement;
using properties::Sabotage;
using properties::Verdict;
using namespace std::chrono_literals;

constexpr int api_nodes = 2;

properties::UserWorkloadOptions workload_options() {
    properties::UserWorkloadOptions options;
    options.rate = 60;
    options.clients = 12;
    options.weight_register = 1;
    options.weight_get = 12;
    options.session_per_thousand = 400;
    options.directory.hot_per_thousand = 800;
    return options;
}

class ConsistencyStory {
  public:
    explicit ConsistencyStory(std::uint64_t seed, Sabotage sabotage = Sabotage::none)
        : kernel_(kernel::Seed{seed}),
          dice_(kernel_.seed().derive({"consistency story"})),
          sabotage_(sabotage),
          recorder_([this] { return kernel_.now().since_epoch; }),
          workload_(workload_options(), recorder_),
          cluster_(kernel_, network_, disk_) {
        Cluster& world = cluster_.cluster();
        for (int number = 0; number < api_nodes; ++number) {
            apis_[number] = world.add_machine("api-" + std::to_string(number));
            endpoints_.push_back({world.network().address_of(apis_[number]), api_port});
            nodes_[number] =
                world.add_process(apis_[number], "atlas-server",
                                  api_node_program([this](Host& host) { return parts(host); }));
        }
        clients_ = world.add_process(world.add_machine("users"), "users",
                                     [this](Host& host) { return use(host); });
    }

    /// What stopped it from being told to its end; empty if nothing did.
    std::string tell() {
        if (!cluster_.settle()) return "it has not come up\n";
        for (const ProcessNumber node : nodes_)
            cluster_.cluster().start(node);
        cluster_.let_pass(3s);
        ends_ = kernel_.now() + 70s;
        cluster_.cluster().start(clients_);
        cluster_.let_pass(3s);
        while (kernel_.now() + 12s < ends_) {
            befall();
            cluster_.let_pass(dice_.between(2s, 4s));
        }
        heal();
        cluster_.let_pass(20s);
        if (!cluster_.settle(120s)) return "it has not settled\n" + cluster_.describe();
        record_.operations = properties::user_operations(recorder_.history()).value();
        return cluster_.judge();
    }

    Judgement strong() const { return properties::check_user_records(record_); }
    Judgement sessions() const { return properties::check_session_reads(record_); }

    /// Reads of that level that were answered.
    std::size_t answered(std::optional<std::string> level) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(record_.operations, [&](const auto& operation) {
                return operation.function == properties::UserFunction::get_user &&
                       operation.outcome == properties::EntryType::ok &&
                       operation.request.consistency == level;
            }));
    }
    std::size_t primaries() const {
        std::set<int> nodes;
        for (const auto& write : cluster_.confirmed())
            nodes.insert(write.node);
        return nodes.size();
    }

  private:
    ApiNodeParts parts(Host& host) {
        ApiNodeParts made;
        made.driver = std::make_unique<sql_client::Driver>(host);
        made.options.listen = {"0.0.0.0", api_port};
        made.options.argon2 = {.memory_kib = 8, .iterations = 1};
        for (int node = 0; node < FailoverCluster::nodes; ++node) {
            const auto machine = cluster_.machine(node);
            made.options.database_servers.push_back(
                {cluster_.cluster().network().address_of(machine), postgres_port});
        }
        made.run = [this](Host& at, sql::Driver& driver, node::ApiNodeOptions options,
                          node::ApiNodeHooks hooks) {
            return properties::run_sabotaged_api_node(at, driver, std::move(options),
                                                      std::move(hooks), sabotage_, ledger_);
        };
        return made;
    }

    host::Task<> use(Host& host) {
        co_await workload_.run_clients(host, endpoints_, 0, workload_options().clients, ends_);
    }

    void set_blocked(network::MachineNumber a, network::MachineNumber b, bool blocked) {
        cluster_.cluster().network().set_blocked({a, b}, blocked);
        cluster_.cluster().network().set_blocked({b, a}, blocked);
    }

    void heal() {
        cluster_.heal();
        for (int node = 0; node < FailoverCluster::nodes; ++node) {
            for (const auto api : apis_)
                set_blocked(cluster_.machine(node), api, false);
        }
    }

    void befall() {
        heal();
        cluster_.let_pass(2s);
        const int leader = cluster_.primary();
        if (leader < 0) return cluster_.let_pass(5s);
        Cluster& world = cluster_.cluster();
        switch (dice_.below(4)) {
            case 0:
                world.power_off(cluster_.machine(leader));
                return cluster_.let_pass(9s);
            case 1:
                return leave_alone_with_one_node(leader);
            case 2:
                world.kill(cluster_.database(leader));
                return cluster_.let_pass(1s);
            default:
                return hold_back_a_follower(leader);
        }
    }

    // It goes on as a primary and does not know better; nor does the node that sees only it.
    void leave_alone_with_one_node(int leader) {
        cluster_.set_cut_off(leader, true, true);
        cluster_.cluster().pause(cluster_.agent(leader));
        set_blocked(cluster_.machine(leader), apis_[1], true);
        cluster_.let_pass(12s);
    }

    // The one that confirms no commits: the others go on without it.
    void hold_back_a_follower(int leader) {
        for (int node = 0; node < FailoverCluster::nodes; ++node) {
            if (node == leader || node == cluster_.confirming()) continue;
            set_blocked(cluster_.machine(leader), cluster_.machine(node), true);
        }
        cluster_.let_pass(3s);
    }

    kernel::Kernel kernel_;
    host::RandomSource dice_;
    CalmNetwork network_;
    CalmDisk disk_;
    Sabotage sabotage_;
    properties::SabotageLedger ledger_;
    properties::HistoryRecorder recorder_;
    properties::UserWorkload workload_;
    properties::RunRecord record_;
    host::TimePoint ends_{};
    std::vector<host::Endpoint> endpoints_;
    std::array<network::MachineNumber, api_nodes> apis_{};
    std::array<ProcessNumber, api_nodes> nodes_{};
    ProcessNumber clients_{};
    FailoverCluster cluster_;
};

TEST(ConsistencyProperty, strong_reads_are_linearizable_and_sessions_never_go_back) {
    std::size_t changes = 0;
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        ConsistencyStory story(seed);
        ASSERT_EQ(story.tell(), "") << "seed " << seed;
        const Judgement strong = story.strong();
        EXPECT_EQ(strong.verdict, Verdict::valid) << "seed " << seed << ": " << strong.prose;
        const Judgement sessions = story.sessions();
        EXPECT_EQ(sessions.verdict, Verdict::valid) << "seed " << seed << ": " << sessions.prose;
        for (const std::optional<std::string>& level :
             {std::optional<std::string>{}, {"session"}, {"eventual"}})
            EXPECT_GT(story.answered(level), 100U) << "seed " << seed << level.value_or("strong");
        changes += story.primaries() - 1;
    }
    EXPECT_GT(changes, 3U);
}

/// The first seed in which it is caught by that property; 0 if in none.
std::uint64_t caught(Sabotage sabotage, Judgement (ConsistencyStory::*property)() const) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        ConsistencyStory story(seed, sabotage);
        (void)story.tell();
        if ((story.*property)().verdict == Verdict::invalid) return seed;
    }
    return 0;
}

TEST(ConsistencyProperty, a_session_whose_token_is_dropped_is_seen_to_go_back) {
    EXPECT_GT(caught(Sabotage::session_token_dropped, &ConsistencyStory::sessions), 0U);
}

TEST(ConsistencyProperty, a_session_that_reads_from_any_follower_is_seen_to_go_back) {
    EXPECT_GT(caught(Sabotage::reads_from_any_follower, &ConsistencyStory::sessions), 0U);
}

TEST(ConsistencyProperty, a_read_without_a_fence_is_seen_to_be_old) {
    EXPECT_GT(caught(Sabotage::reads_unfenced, &ConsistencyStory::strong), 0U);
}

}  // namespace
}  // namespace atlas::sim::cluster
