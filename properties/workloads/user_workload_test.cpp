// The default workload on whole API nodes over a table in memory, in a calm world: without a
// sabotage all properties hold; each sabotage that needs no fault is found, by the property that is
// there for it.

#include "properties/workloads/user_workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "properties/history/folded_email.hpp"
#include "properties/history/json_lines.hpp"
#include "properties/invariants/registry.hpp"
#include "properties/sabotage/sabotaged_node.hpp"
#include "properties/workloads/tiny_database_fixture.hpp"
#include "sim/cluster/calm.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using sim::cluster::Cluster;
using sim::cluster::ProcessNumber;

constexpr std::uint16_t port = 8080;
constexpr host::Duration safety = 60s;

struct Outcome {
    RunVerdict verdict;
    History history;
    std::uint64_t acted = 0;
    bool recovered = false;
};

host::Task<> serve(host::Host& host, TinyDatabase& database, Sabotage sabotage,
                   SabotageLedger& ledger) {
    TinyDriver driver(host, database);
    node::ApiNodeOptions options{.listen = {"0.0.0.0", port},
                                 .argon2 = {.memory_kib = 8, .iterations = 1}};
    const host::Result<void> served =
        co_await run_sabotaged_api_node(host, driver, std::move(options), {}, sabotage, ledger);
    EXPECT_TRUE(served) << host::describe(served.error());
}

host::Task<> use(host::Host& host, UserWorkload& workload, std::vector<host::Endpoint> nodes,
                 std::uint64_t first) {
    co_await workload.run_clients(host, nodes, first, 6, host::TimePoint{safety});
}

host::Task<> finish(host::Host& host, UserWorkload& workload, std::vector<host::Endpoint> nodes,
                    bool& recovered) {
    recovered = co_await workload.run_final_phase(host, nodes, host::deadline_after(host, 60s));
}

Outcome run(Sabotage sabotage, std::uint64_t seed, UserWorkloadOptions options = {}) {
    Outcome outcome;
    SabotageLedger ledger;
    TinyDatabase database;
    sim::kernel::Kernel kernel{sim::kernel::Seed{seed}};
    sim::cluster::CalmNetwork network;
    sim::cluster::CalmDisk disk;
    HistoryRecorder recorder([&] { return kernel.now().since_epoch; });
    UserWorkload workload(options, recorder);
    RunRecord record;
    {
        Cluster cluster(kernel, network, disk);
        std::vector<host::Endpoint> nodes;
        std::vector<ProcessNumber> servers;
        for (const char* name : {"api-1", "api-2"}) {
            const auto machine = cluster.add_machine(name);
            nodes.push_back({cluster.network().address_of(machine), port});
            servers.push_back(cluster.add_process(machine, "server", [&](host::Host& host) {
                return serve(host, database, sabotage, ledger);
            }));
        }
        for (const std::uint64_t first : {0, 6}) {
            cluster.add_process(
                cluster.add_machine("client-" + std::to_string(first)), "clients",
                [&, first](host::Host& host) { return use(host, workload, nodes, first); });
        }
        cluster.start_all();
        kernel.run_until(host::TimePoint{safety + 10s});
        record.facts.faults_ended_at = kernel.now().since_epoch;
        cluster.start(cluster.add_process(
            cluster.add_machine("client-last"), "clients",
            [&](host::Host& host) { return finish(host, workload, nodes, outcome.recovered); }));
        kernel.run_until(kernel.now() + 61s);
        for (const ProcessNumber server : servers)
            cluster.request_shutdown(server);
        kernel.run_until(kernel.now() + 30s);
        record.facts.leftovers = cluster.leftovers();
    }
    record.facts.final_phase_completed = outcome.recovered;
    record.facts.ended_at = kernel.now().since_epoch;
    std::ranges::copy(weights_of(options), record.facts.weights.begin());
    record.users = database.rows();
    record.facts.undescribed_responses = recorder.undescribed_responses();
    outcome.history = recorder.history();
    // As `atlas-sim check` would read it.
    const auto read = read_history(write_history(outcome.history));
    EXPECT_TRUE(read.has_value()) << describe(read.error());
    record.operations = user_operations(*read).value();
    outcome.verdict = judge_run(record);
    outcome.acted = ledger.acted;
    return outcome;
}

std::string prose(const RunVerdict& verdict) {
    std::string text;
    for (const Finding& finding : verdict.findings) {
        text += std::string(finding.property) + ": " +
                std::string(name(finding.judgement.verdict)) + "\n" + finding.judgement.prose;
    }
    return text;
}

std::size_t count(const History& history, std::string_view function, EntryType type) {
    return static_cast<std::size_t>(std::ranges::count_if(history, [&](const Entry& entry) {
        return entry.function == function && entry.type == type;
    }));
}

TEST(UserWorkload, HoldsOnAServiceThatIsRight) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        const Outcome outcome = run(Sabotage::none, seed);
        EXPECT_EQ(outcome.verdict.verdict, Verdict::valid) << prose(outcome.verdict);
        EXPECT_TRUE(outcome.recovered);
        EXPECT_EQ(outcome.acted, 0U);
    }
}

TEST(UserWorkload, DoesWhatItsOptionsSay) {
    const UserWorkloadOptions options;
    const Outcome outcome = run(Sabotage::none, 1, options);
    const std::size_t begun = count(outcome.history, "register_user", EntryType::invoke) +
                              count(outcome.history, "get_user", EntryType::invoke) +
                              count(outcome.history, "patch_user", EntryType::invoke) +
                              count(outcome.history, "delete_user", EntryType::invoke) +
                              count(outcome.history, "list_users", EntryType::invoke) +
                              count(outcome.history, "change_email", EntryType::invoke) +
                              count(outcome.history, "repeat_registration", EntryType::invoke);
    EXPECT_GT(begun, options.rate * 60 * 8 / 10);
    EXPECT_LT(begun, options.rate * 60 * 15 / 10);
    // E-mails that are taken, versions that are outdated: both happen, and neither is all.
    for (const char* function :
         {"register_user", "patch_user", "change_email", "repeat_registration"}) {
        EXPECT_GT(count(outcome.history, function, EntryType::fail), 5U) << function;
        EXPECT_GT(count(outcome.history, function, EntryType::ok),
                  count(outcome.history, function, EntryType::fail) / 4)
            << function;
    }
    std::set<std::string> spelt;
    std::set<std::string> folded;
    for (const Entry& entry : outcome.history) {
        if (entry.function != "register_user" || entry.type != EntryType::invoke) continue;
        const auto fields = user_fields_from_json(entry.value);
        spelt.insert(*fields->email);
        folded.insert(folded_email(*fields->email));
    }
    EXPECT_GT(folded.size(), 20U);
    EXPECT_GT(spelt.size(), folded.size() + 10) << "one e-mail is spelt in several ways";
}

TEST(UserWorkload, IsTheSameForTheSameSeed) {
    EXPECT_EQ(write_history(run(Sabotage::none, 5).history),
              write_history(run(Sabotage::none, 5).history));
    EXPECT_NE(write_history(run(Sabotage::none, 5).history),
              write_history(run(Sabotage::none, 6).history));
}

// When each operation began and what it did first, by its id.
std::map<sim::scenario::OperationId, std::pair<host::Duration, std::string>> first_calls(
    const History& history) {
    std::map<sim::scenario::OperationId, std::pair<host::Duration, std::string>> calls;
    for (const Entry& entry : history) {
        if (entry.type != EntryType::invoke) continue;
        calls.try_emplace(sim::scenario::parse_operation_id(entry.operation).value(), entry.time,
                          entry.function);
    }
    return calls;
}

TEST(UserWorkload, LeavesTheDrawsOfAllOtherOperationsAloneWhenOneIsSuppressed) {
    UserWorkloadOptions options;
    const auto all = first_calls(run(Sabotage::none, 1, options).history);
    for (const sim::scenario::OperationId suppressed :
         {sim::scenario::OperationId{3, 5}, sim::scenario::OperationId{8, 20}}) {
        ASSERT_TRUE(all.contains(suppressed));
        options.suppressed = {suppressed};
        const auto others = first_calls(run(Sabotage::none, 1, options).history);
        EXPECT_FALSE(others.contains(suppressed));
        for (const auto& [id, call] : all) {
            // The final phase reads the users that there are.
            if (id == suppressed || id.client == options.clients) continue;
            // Answers may come sooner or later; at the very end one may not be begun any more.
            const bool is_last = call.first > safety - 1s;
            // By what was known at that moment it may have picked somebody who is never deleted.
            const bool is_left_out = call.second == "delete_user" && !others.contains(id);
            ASSERT_TRUE(is_last || is_left_out || others.contains(id)) << to_string(id);
            if (is_last || is_left_out) continue;
            EXPECT_EQ(others.at(id).second, call.second) << to_string(id);
            EXPECT_LT(std::chrono::abs(others.at(id).first - call.first), 1s) << to_string(id);
        }
    }
}

TEST(UserWorkload, LeavesOutAKindWithoutWeight) {
    UserWorkloadOptions options;
    options.weight_patch = 0;
    const Outcome outcome = run(Sabotage::none, 1, options);
    // Those of the final phase alone: the newest user and the hot ones.
    EXPECT_EQ(count(outcome.history, "patch_user", EntryType::invoke),
              1 + options.directory.hot_users);
}

struct Planted {
    const char* sabotage;
    const char* property;
};

class SabotageIsFound : public testing::TestWithParam<Planted> {};

TEST_P(SabotageIsFound, ByItsProperty) {
    // A minute of a calm world may pass without the one read that would show it.
    constexpr std::uint64_t seeds = 5;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const Outcome outcome = run(find_sabotage(GetParam().sabotage)->sabotage, seed);
        EXPECT_GT(outcome.acted, 0U);
        if (outcome.verdict.violates(GetParam().property)) return;
        EXPECT_EQ(outcome.verdict.verdict, Verdict::valid) << prose(outcome.verdict);
    }
    ADD_FAILURE() << "not found with seeds 1 to " << seeds;
}

INSTANTIATE_TEST_SUITE_P(Sabotages, SabotageIsFound,
                         testing::Values(Planted{"unique-index-dropped", "unique-emails"},
                                         Planted{"if-match-rewritten", "user-records"},
                                         Planted{"cached-get", "user-records"},
                                         Planted{"commit-acknowledged-early", "user-records"}),
                         [](const auto& info) {
                             std::string text{info.param.sabotage};
                             std::ranges::replace(text, '-', '_');
                             return text;
                         });

}  // namespace
}  // namespace atlas::properties
