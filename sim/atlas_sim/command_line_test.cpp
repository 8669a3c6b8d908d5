// The command line of atlas-sim: what is understood, and what is refused with which exit code.

#include "sim/atlas_sim/command_line.hpp"

#include <gtest/gtest.h>

#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {
namespace {

std::variant<Command, int> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "atlas-sim");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

RunCommand run_of(std::vector<const char*> words) {
    auto parsed = parse(std::move(words));
    return std::get<RunCommand>(std::get<Command>(std::move(parsed)));
}

TEST(CommandLine, OneSeedOrARange) {
    EXPECT_EQ(run_of({"--seed", "42"}).seed->text(), "42");
    EXPECT_EQ(run_of({"--seed", "0123456789abcdef0123456789abcdef01234567"}).seed->text(),
              "0123456789abcdef0123456789abcdef01234567");
    EXPECT_EQ(run_of({"--seeds", "1..200"}).seeds,
              (std::pair<std::uint64_t, std::uint64_t>(1, 200)));
    EXPECT_EQ(run_of({"--seeds", "7"}).seeds, (std::pair<std::uint64_t, std::uint64_t>(7, 7)));
}

TEST(CommandLine, WhatIsNotUnderstoodIsWrongUsage) {
    const std::vector<std::vector<const char*>> wrong = {
        {},
        {"--seed", "x"},
        {"--seed", "1", "--seeds", "1..2"},
        {"--seeds", "5..1"},
        {"--seed", "1", "--for", "10"},
        {"--seed", "1", "--for", "0s"},
        {"--seed", "1", "--set", "fsync"},
        {"--seed", "1", "--expanded"},
        {"--seeds", "1..2", "--trace", "t"},
        {"--seeds", "0..18446744073709551615"},
        {"--seed", "1", "--verify", "--expect", "valid"},
        {"--seed", "1", "--verify", "--json", "j"},
        {"--seed", "1", "--verify", "--trace", "t"},
        {"--seed", "1", "--verify", "--history", "h"},
        {"--seed", "1", "--print-scenario", "--json", "j"},
        {"--seed", "1", "--for", "-5s"},
        {"--seed", "1", "--no-such-option"},
        {"list", "nothing"},
        {"model", "postgres", "--listen", "nowhere", "--data", "d"},
    };
    for (const auto& words : wrong) {
        testing::internal::CaptureStderr();
        const auto parsed = parse(words);
        const std::string message = testing::internal::GetCapturedStderr();
        ASSERT_TRUE(std::holds_alternative<int>(parsed)) << (words.empty() ? "" : words.back());
        EXPECT_EQ(std::get<int>(parsed), to_int(ExitCode::wrong_usage));
        EXPECT_NE(message.find("atlas-sim: "), std::string::npos);
    }
}

TEST(CommandLine, TheWordsOfARunMakeItAgain) {
    const RunCommand first = run_of({"--seed", "9", "--for", "90s", "--set", "postgres.fsync=off",
                                     "--set", "workload.rate=50", "--sabotage", "cached-get"});
    std::vector<std::string> words = to_arguments(first.options);
    std::vector<const char*> again{"--seed", "9"};
    for (const std::string& word : words)
        again.push_back(word.c_str());
    const RunCommand second = run_of(again);
    EXPECT_EQ(second.options.duration, first.options.duration);
    EXPECT_EQ(second.options.settings, first.options.settings);
    EXPECT_EQ(second.options.sabotage, first.options.sabotage);
}

TEST(CommandLine, ShellLinesAreQuotedWhereTheyNeedIt) {
    EXPECT_EQ(shell_line({"atlas-sim", "--set", "a.b=c"}), "atlas-sim --set a.b=c");
    EXPECT_EQ(shell_line({"--scenario", "my file's.json"}), "--scenario 'my file'\\''s.json'");
    EXPECT_EQ(shell_line({""}), "''");
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
