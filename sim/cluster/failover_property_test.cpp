// Random faults over random seeds: whatever happens to machines, processes and links, what was
// confirmed is there in the end, in the order in which it came about.

#include <gtest/gtest.h>

#include <set>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/failover_cluster_fixture.hpp"

namespace atlas::sim::cluster {
namespace {

using namespace std::chrono_literals;

/// What may befall the cluster; most are over again after a while.
enum class Mishap : std::uint8_t {
    database_killed,
    agent_killed,
    database_paused,
    agent_paused,
    both_paused,
    power_lost,
    cut_off,
    cut_off_from_clients_too,
    store_killed,
    store_cut_off,
    nothing,
};
constexpr std::uint64_t mishaps = 11;

class Story {
  public:
    explicit Story(std::uint64_t seed)
        : kernel_(kernel::Seed{seed}),
          dice_(kernel_.seed().derive({"failover story"})),
          cluster_(kernel_, network_, disk_) {
        cluster_.cluster().hooks().at_fault_point = [this](const kernel::Process& process,
                                                           std::string_view name) {
            kernel::HostHooks::FaultPointDecision decision;
            if (process.name() == "agent" && name.starts_with("failover."))
                decision.kill = fault_points_ && dice_.chance(1, 4);
            return decision;
        };
    }

    /// What was wrong in the end; empty if nothing was.
    std::string tell() {
        if (!cluster_.settle()) return "it has not come up\n" + story();
        fault_points_ = true;
        for (int i = 0; i < 12; ++i) {
            befall();
            cluster_.let_pass(dice_.between(500ms, 8s));
            if (dice_.chance(1, 3)) heal();
        }
        heal();
        fault_points_ = false;
        if (!cluster_.settle(120s)) return "it has not settled\n" + story();
        const std::string wrong = cluster_.judge();
        return wrong.empty() ? wrong : wrong + story();
    }

    std::size_t confirmed() const { return cluster_.confirmed().size(); }
    std::size_t leaders() const {
        std::set<int> leaders;
        for (const auto& write : cluster_.confirmed())
            leaders.insert(write.node);
        return leaders.size();
    }

  private:
    void heal() {
        note("healed", -1);
        cluster_.heal();
    }

    void note(const char* what, int node) {
        notes_.emplace_back(cluster_.acts().size(), std::string(what) + " " + std::to_string(node));
    }

    // Those that lead are hit more often: there it matters.
    int victim() {
        const int leader = cluster_.primary();
        if (leader >= 0 && dice_.chance(1, 2)) return leader;
        return static_cast<int>(dice_.below(FailoverCluster::nodes));
    }

    void befall() {
        const auto mishap = static_cast<Mishap>(dice_.below(mishaps));
        const int node = victim();
        Cluster& world = cluster_.cluster();
        switch (mishap) {
            case Mishap::database_killed:
                note("database killed", node);
                return world.kill(cluster_.database(node));
            case Mishap::agent_killed:
                note("agent killed", node);
                return world.kill(cluster_.agent(node));
            case Mishap::database_paused:
                note("database paused", node);
                return world.pause(cluster_.database(node));
            case Mishap::agent_paused:
                note("agent paused", node);
                return world.pause(cluster_.agent(node));
            case Mishap::both_paused:
                note("both paused", node);
                world.pause(cluster_.database(node));
                return world.pause(cluster_.agent(node));
            case Mishap::power_lost:
                note("power lost", node);
                world.power_off(cluster_.machine(node));
                return;
            case Mishap::cut_off:
                note("cut off", node);
                return cluster_.set_cut_off(node, true, false);
            case Mishap::cut_off_from_clients_too:
                note("cut off, also from clients", node);
                return cluster_.set_cut_off(node, true, true);
            case Mishap::store_killed:
                note("store without power", -1);
                world.power_off(cluster_.store_machine());
                return;
            case Mishap::store_cut_off:
                note("store cut off", -1);
                return cluster_.set_store_cut_off(true);
            case Mishap::nothing:
                return;
        }
    }

    std::string story() const {
        std::string text;
        std::size_t next = 0;
        for (std::size_t i = 0; i <= cluster_.acts().size(); ++i) {
            for (; next < notes_.size() && notes_[next].first == i; ++next)
                text += "    -- " + notes_[next].second + "\n";
            if (i < cluster_.acts().size()) text += cluster_.acts()[i] + "\n";
        }
        return text + cluster_.describe();
    }

    kernel::Kernel kernel_;
    host::RandomSource dice_;
    CalmNetwork network_;
    CalmDisk disk_;
    FailoverCluster cluster_;
    bool fault_points_ = false;
    std::vector<std::pair<std::size_t, std::string>> notes_;
};

TEST(FailoverProperty, what_was_confirmed_is_there_in_the_end) {
    std::size_t changes = 0;
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        Story story(seed);
        ASSERT_EQ(story.tell(), "") << "seed " << seed;
        EXPECT_GT(story.confirmed(), 200U) << "seed " << seed;
        changes += story.leaders() - 1;
    }
    EXPECT_GT(changes, 10U);
}

}  // namespace
}  // namespace atlas::sim::cluster
