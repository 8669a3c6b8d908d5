// The program from outside: exit codes, and what is written where.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "reports/run_report.hpp"
#include "sim/atlas_sim/command_line.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string content_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

struct Ended {
    int exit_code = -1;
    std::string output;
    std::string errors;
};

class ProgramTest : public testing::Test {
  protected:
    ProgramTest() {
        std::string name = std::filesystem::temp_directory_path() / "atlas-sim-XXXXXX";
        folder = ::mkdtemp(name.data());
    }
    ~ProgramTest() override { std::filesystem::remove_all(folder); }

    Ended run(std::vector<std::string> words) {
        // This program is in ci/tests below where atlas-sim is.
        const auto build = std::filesystem::read_symlink("/proc/self/exe") / "../../..";
        words.insert(words.begin(), (build / "atlas-sim").lexically_normal());
        const std::string line = shell_line(words) + " >" + (folder / "out").string() + " 2>" +
                                 (folder / "err").string();
        const int status = std::system(line.c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content_of(folder / "out"),
                content_of(folder / "err")};
    }

    std::string scenario(std::string_view text) {
        const std::filesystem::path path = folder / "scenario.json";
        std::ofstream(path) << text;
        return path;
    }

    std::filesystem::path folder;
};

TEST_F(ProgramTest, LoggingShowsWhatProcessesSayAndChangesNothing) {
    const std::string log = folder / "log.jsonl";
    const auto run_with = [this](std::vector<std::string> words) {
        words.insert(words.begin(), {"--seed", "1", "--for", "20s", "--json", "-", "--set"});
        return run(std::move(words));
    };
    const Ended plain = run_with({"run.log_level=error"});
    const Ended logged = run_with({"run.log_level=debug", "--log", log});
    ASSERT_EQ(plain.exit_code, 0) << plain.errors;
    const auto first = reports::from_json(plain.output);
    const auto second = reports::from_json(logged.output);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->trace_hash, second->trace_hash);
    EXPECT_THAT(content_of(log), HasSubstr(R"("machine":"api-1/atlas-server#1")"));
}

TEST_F(ProgramTest, WhoseFaultItIsDecidesTheExitCode) {
    const std::string file = scenario("{}");
    const Ended setting = run({"--seed", "1", "--scenario", file, "--set", "workload.rat=1"});
    EXPECT_EQ(setting.exit_code, 64);
    EXPECT_THAT(setting.errors, HasSubstr("did you mean 'workload.rate'?"));
    const Ended missing = run({"--seed", "1", "--scenario", folder / "none.json"});
    EXPECT_EQ(missing.exit_code, 65);
    EXPECT_THAT(missing.errors, HasSubstr("none.json: cannot be read"));
    const Ended output = run({"--seed", "1", "--for", "1s", "--json", folder / "none" / "report"});
    EXPECT_EQ(output.exit_code, 73);
    EXPECT_THAT(output.errors, HasSubstr("cannot be written"));
    const Ended sabotage = run({"--seeds", "1..50", "--sabotage", "none-such"});
    EXPECT_EQ(sabotage.exit_code, 64);
    EXPECT_THAT(sabotage.errors, HasSubstr("no such sabotage"));
    EXPECT_THAT(sabotage.output, IsEmpty());
}

TEST_F(ProgramTest, ExpectationsNameProperties) {
    const Ended typed = run({"--seed", "1", "--expect", "invalid:user-record"});
    EXPECT_EQ(typed.exit_code, 64);
    EXPECT_THAT(typed.errors, HasSubstr("did you mean 'user-records'?"));
    const std::string file = scenario(R"({"expect": "invalid:user-record"})");
    const Ended written = run({"--seeds", "1..50", "--scenario", file});
    EXPECT_EQ(written.exit_code, 65);
    EXPECT_THAT(written.errors, HasSubstr("scenario.json: expect: there is no property"));
}

TEST_F(ProgramTest, AViolationThatDidNotComeIsToldAsSuch) {
    const Ended one = run({"--seed", "1", "--for", "5s", "--expect", "invalid:user-records"});
    EXPECT_EQ(one.exit_code, 1);
    EXPECT_THAT(one.output, HasSubstr("expected a violation of user-records; there was none"));
    EXPECT_THAT(one.output, HasSubstr("replay: atlas-sim --seed 1 --for 5s"));
    const Ended many = run({"--seeds", "1..2", "--for", "5s", "--expect", "invalid:any"});
    EXPECT_EQ(many.exit_code, 1);
    EXPECT_THAT(many.output, HasSubstr("there was none in 2 seeds"));
}

TEST_F(ProgramTest, ABatchWritesItsReportsInTheOrderOfTheSeeds) {
    const Ended batch = run({"--seeds", "1..4", "--jobs", "4", "--for", "5s", "--json", "-"});
    EXPECT_EQ(batch.exit_code, 0) << batch.errors;
    EXPECT_THAT(batch.errors, HasSubstr("4 seeds, 0 failed, in "));
    std::istringstream lines(batch.output);
    std::string line;
    int seed = 0;
    while (std::getline(lines, line)) {
        const auto report = reports::from_json(line);
        ASSERT_TRUE(report) << line;
        EXPECT_EQ(report->seed, std::to_string(++seed));
    }
    EXPECT_EQ(seed, 4);
}

TEST_F(ProgramTest, AWorkerThatNeverRanIsNotTakenForOneThatCaughtNothing) {
    // Right for the first seed; no seed has a machine of that name with two nodes.
    const Ended batch = run({"--seeds", "1..2", "--for", "5s", "--expect", "invalid:any", "--set",
                             "topology.api_nodes=2", "--scenario",
                             scenario(R"({"suppress": ["process.kill/api-3/0"]})")});
    EXPECT_EQ(batch.exit_code, 65);
    EXPECT_THAT(batch.errors, HasSubstr("which is no machine here"));
    EXPECT_THAT(batch.output, Not(HasSubstr("there was none")));
}

TEST_F(ProgramTest, ASabotageIsCaughtAndTheReplayLineCatchesItAgain) {
    const Ended batch = run({"--seeds", "1..20", "--sabotage", "cached-get", "--for", "60s",
                             "--expect", "invalid:user-records"});
    ASSERT_EQ(batch.exit_code, 0) << batch.output << batch.errors;
    EXPECT_THAT(batch.output, StartsWith("caught by seed "));
    const std::string seed = batch.output.substr(15, batch.output.find(' ', 15) - 15);
    const Ended again =
        run({"--seed", seed, "--sabotage", "cached-get", "--for", "60s", "--json", "-"});
    EXPECT_EQ(again.exit_code, 1);
    const auto report = reports::from_json(again.output);
    ASSERT_TRUE(report);
    EXPECT_THAT(batch.output, HasSubstr("trace " + report->trace_hash));
    EXPECT_NE(report->sabotages.front().value, "0");
}

TEST_F(ProgramTest, TwoRunsOfOneSeedAreTheSame) {
    const Ended verified = run({"--verify", "--seeds", "1..2", "--for", "10s"});
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
    EXPECT_THAT(verified.output, HasSubstr("2 seeds run twice, 0 differed"));
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
