// Scenario files: what is read, what is refused and how it is said, what wins, and that writing and
// reading are each other's inverse.

#include "sim/scenario/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/scenario/json_document.hpp"

namespace atlas::sim::scenario {
namespace {

using faults::FaultId;
using faults::FaultKind;
using kernel::Seed;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::string only_complaint(std::string_view text) {
    const auto read = read_scenario(text, "s.json");
    if (read) return "(accepted)";
    EXPECT_EQ(read.error().size(), 1U);
    return read.error().front();
}

TEST(Scenario, ReadsSettingsAlongTheDots) {
    const auto read = read_scenario(R"({
      "name": "mine",
      "expect": "invalid:unique-emails",
      "postgres": {"fsync": false, "synchronous_commit": "off"},
      "faults": {"network": {"partition": {"symmetric": {"on": true, "every": "20s"}}}},
      "workload.rate": 25,
      "suppress": ["process.kill/api-1/3", "operation/0/12"]
    })",
                                    "s.json");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->expect, "invalid:unique-emails");
    const auto made = resolve(Seed{1}, *read, {});
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->options.postgres.fsync);
    EXPECT_EQ(made->options.postgres.synchronous_commit, "off");
    EXPECT_TRUE(made->options.faults.network_partition_symmetric.on);
    EXPECT_EQ(made->options.faults.network_partition_symmetric.every, 20s);
    EXPECT_EQ(made->options.workload.rate, 25U);
    EXPECT_TRUE(made->suppressed.contains(FaultId{FaultKind::process_kill, "api-1", 3}));
    EXPECT_TRUE(made->suppressed_operations.contains({.client = 0, .ordinal = 12}));
}

TEST(Scenario, SaysLineAndNameAndWhatWouldBeRight) {
    EXPECT_EQ(only_complaint("{\n  \"postgres\": {\n    \"fsnc\": true}}"),
              "s.json:3: postgres.fsnc: unknown; did you mean 'postgres.fsync'?");
    EXPECT_EQ(only_complaint("{\"postgres\": {\"fsync\": \"off\"}}"),
              "s.json:1: postgres.fsync: must be true or false, and is a text");
    EXPECT_EQ(only_complaint("{\"workload\": {\n\"rate\": 0}}"),
              "s.json:2: workload.rate is '0', and must be a whole number in 1 .. 10000");
    EXPECT_EQ(only_complaint("{\"workload\": {\"rate\": 2.5}}"),
              "s.json:1: workload.rate: is 2.5, and must be a whole number in 1 .. 10000");
    EXPECT_THAT(only_complaint("{\"run\": {\"safety\": \"4 minutes\"}}"),
                HasSubstr("'4 minutes' is not a duration"));
    EXPECT_THAT(only_complaint("{\"postgres\": {\"synchronous_commit\": \"sometimes\"}}"),
                HasSubstr("must be one of on, off, local"));
    EXPECT_THAT(only_complaint("{\"suppress\": [\"kill/api-1/3\"]}"), HasSubstr("`list faults`"));
    EXPECT_THAT(only_complaint("{\"suppress\": [\"operation/1\"]}"),
                HasSubstr("or operation/CLIENT/NUMBER"));
    EXPECT_THAT(only_complaint("{\"expect\": \"broken\"}"),
                HasSubstr("'valid', 'detected', or 'invalid:'"));
    EXPECT_THAT(only_complaint("{\"zzzzzzzz\": 1}"), HasSubstr("`list knobs`"));
    EXPECT_EQ(only_complaint("{\"plan\": [\n{\"id\": \"process.kill/api-1/0\", \"when\": 1}]}"),
              "s.json:2: plan.when: unknown; a strike has id, at, lasts, machines, direction, "
              "choice, clock, amount, during");
}

TEST(Scenario, UnreadableJsonIsRefusedWithItsLine) {
    EXPECT_EQ(only_complaint("{\n\"name\": \"a\",\n\"name\": \"b\"}"),
              "s.json: line 3: 'name' is there twice");
    EXPECT_THAT(only_complaint("{\"name\": \"a\"\n"), HasSubstr("line 2: '}' is missing"));
    EXPECT_THAT(only_complaint("{} {}"), HasSubstr("something follows"));
    EXPECT_THAT(only_complaint(std::string(100, '[')), HasSubstr("nested too deeply"));
    EXPECT_THAT(only_complaint("{\"name\": \"a"), HasSubstr("does not end"));
    EXPECT_THAT(only_complaint("[]"), HasSubstr("a scenario is an object"));
    EXPECT_THAT(only_complaint(""), HasSubstr("a value is missing"));
}

RC_GTEST_PROP(Scenario, AnyBytesAreReadOrRefusedButNeverWorse, (const std::string& text)) {
    const auto read = read_scenario(text, "s.json");
    RC_ASSERT(read || !read.error().empty());
}

TEST(Scenario, OverridesWinOverTheFileAndTheFileOverTheSeed) {
    const auto file =
        read_scenario(R"({"workload": {"rate": 33}, "system": {"pool_size": 5}})", "s.json");
    ASSERT_TRUE(file);
    const auto made = resolve(Seed{7}, *file, {"workload.rate=44"});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->options.workload.rate, 44U);
    EXPECT_EQ(made->options.system.pool_size, 5U);
    EXPECT_EQ(made->options.disk.sync, faults::draw(Seed{7}).disk.sync);

    const auto refused = resolve(Seed{7}, *file, {"workload.rat=1", "postgres.fsync"});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error(),
                ElementsAre(HasSubstr("did you mean 'workload.rate'?"), HasSubstr("NAME=VALUE")));
}

TEST(Scenario, AStrikeOutsideTheEnvelopeNeedsAnExpectedViolation) {
    const std::string plan =
        R"("plan": [{"id": "process.kill/client-1/0", "at": "10s", "lasts": "1s"}])";
    const auto refused = resolve(Seed{1}, *read_scenario("{" + plan + "}", "s.json"), {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().front(), HasSubstr("outside what the topology claims"));
    const auto expected =
        read_scenario("{\"expect\": \"invalid:user-records\", " + plan + "}", "s.json");
    EXPECT_TRUE(resolve(Seed{1}, *expected, {}));
    const auto nowhere =
        read_scenario(R"({"plan": [{"id": "process.kill/api-77/0", "at": "10s"}]})", "s.json");
    EXPECT_THAT(resolve(Seed{1}, *nowhere, {}).error().front(), HasSubstr("is no machine"));
}

RC_GTEST_PROP(Scenario, AnExpandedScenarioGivesTheSameConfigurationForAnySeed,
              (std::uint64_t seed, std::uint64_t other)) {
    const auto drawn = resolve(Seed{seed}, Scenario{}, {});
    RC_ASSERT(drawn.has_value());
    const std::string text = write_scenario(*drawn, true);
    const auto read = read_scenario(text, "s.json");
    RC_ASSERT(read.has_value());
    const auto again = resolve(Seed{other}, *read, {});
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->plan == drawn->plan);
    RC_ASSERT(configuration_hash(*again) == configuration_hash(*drawn));
    RC_ASSERT(write_scenario(*again, true) == text);
}

RC_GTEST_PROP(Scenario, ASpelledOutScenarioGivesTheSameConfigurationForItsSeed,
              (std::uint64_t seed)) {
    const auto drawn = resolve(Seed{seed}, Scenario{}, {});
    RC_ASSERT(drawn.has_value());
    const auto read = read_scenario(write_scenario(*drawn, false), "s.json");
    RC_ASSERT(read.has_value());
    const auto again = resolve(Seed{seed}, *read, {});
    RC_ASSERT(again.has_value());
    RC_ASSERT(configuration_hash(*again) == configuration_hash(*drawn));
}

TEST(Scenario, APlanGivenByHandIsWrittenOut) {
    const auto read = read_scenario(
        R"({"plan": [{"id": "process.kill/api-1/0", "at": "10s", "lasts": "1s"}]})", "s.json");
    ASSERT_TRUE(read);
    const auto made = resolve(Seed{1}, *read, {});
    ASSERT_TRUE(made);
    const auto again = read_scenario(write_scenario(*made, false), "s.json");
    ASSERT_TRUE(again);
    EXPECT_EQ(resolve(Seed{1}, *again, {})->plan, made->plan);
    EXPECT_EQ(write_scenario(*resolve(Seed{1}, Scenario{}, {}), false).find("\"plan\""),
              std::string::npos);
}

TEST(Scenario, SuppressedIdsNameMachinesAndClientsOfTheTopology) {
    const auto complaint_about = [](std::string id) {
        const auto read = read_scenario("{\"suppress\": [\"" + id + "\"]}", "s.json");
        const auto made = resolve(Seed{1}, *read,
                                  {"topology.api_nodes=2", "topology.client_machines=2",
                                   "topology.followers=0", "workload.clients_per_machine=3"});
        return made ? "(accepted)" : made.error().front();
    };
    for (const char* right : {"process.kill/api-2/0", "network.latency/api-1>postgres-0/7",
                              "network.partition.symmetric/cluster/1", "operation/5/1000000"}) {
        EXPECT_EQ(complaint_about(right), "(accepted)");
    }
    EXPECT_THAT(complaint_about("process.kill/api-3/0"),
                HasSubstr("'api-3', which is no machine here; there are postgres-0, api-1, api-2"));
    EXPECT_THAT(complaint_about("network.latency/api-1>nowhere/7"), HasSubstr("no machine here"));
    EXPECT_THAT(complaint_about("operation/6/0"), HasSubstr("there is no client 6, only 0 to 5"));
}

TEST(Scenario, TheHashSeesEveryOptionAndEverySuppression) {
    const auto base = resolve(Seed{1}, Scenario{}, {});
    const std::string hash = configuration_hash(*base);
    EXPECT_EQ(hash.size(), 16U);
    EXPECT_NE(configuration_hash(*resolve(Seed{1}, Scenario{}, {"postgres.fsync=off"})), hash);
    Scenario suppressing;
    suppressing.suppressed.insert(FaultId{FaultKind::process_kill, "api-1", 0});
    EXPECT_NE(configuration_hash(*resolve(Seed{1}, suppressing, {})), hash);
    Scenario leaving_out;
    leaving_out.suppressed_operations.insert({.client = 0, .ordinal = 3});
    EXPECT_NE(configuration_hash(*resolve(Seed{1}, leaving_out, {})), hash);
}

TEST(Scenario, TheFilesOfTheRepositoryAreRight) {
    std::filesystem::path folder = std::filesystem::current_path();
    while (!std::filesystem::exists(folder / "scenarios" / "default.json")) {
        if (folder == folder.root_path())
            FAIL() << "no scenarios folder above the working directory";
        folder = folder.parent_path();
    }
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "scenarios")) {
        if (entry.path().extension() != ".json") continue;
        std::stringstream text;
        text << std::ifstream(entry.path()).rdbuf();
        const auto read = read_scenario(text.str(), entry.path().filename().string());
        ASSERT_TRUE(read) << read.error().front();
        EXPECT_EQ(read->name, entry.path().stem());
        EXPECT_FALSE(read->description.empty());
        const auto made = resolve(Seed{1}, *read, {});
        EXPECT_TRUE(made) << made.error().front();
        ++count;
    }
    EXPECT_GE(count, 4U);
}

}  // namespace
}  // namespace atlas::sim::scenario
