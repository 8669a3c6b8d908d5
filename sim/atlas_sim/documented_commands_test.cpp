// The commands in the README and in docs/ are ones that atlas-sim knows: each is run, shortened. Of
// other programs, which take minutes, the scripts exist, know the options and benchmarks by name.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {
namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::string content_of_pages(const std::filesystem::path& repository) {
    std::string text = content_of(repository / "README.md");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(repository / "docs")) {
        if (entry.path().extension() == ".md") text += '\n' + content_of(entry.path());
    }
    return text;
}

std::vector<std::smatch> matches_in(const std::string& text, const char* expression) {
    const std::regex wanted(expression);
    return {std::sregex_iterator(text.begin(), text.end(), wanted), std::sregex_iterator()};
}

// Commands in code: to the end of the code, or to the sentence that stands two spaces behind them.
std::set<std::string> documented_commands(const std::filesystem::path& repository) {
    const std::string text = content_of_pages(repository);
    std::set<std::string> commands;
    for (const std::smatch& found :
         matches_in(text, R"(atlas-sim ((?:--\w|list |check |model )[^`\n>]*?)(?:  |`|\n| >))"))
        commands.insert(found[1]);
    return commands;
}

// A few virtual seconds of the first seed say as well whether the words are understood.
std::string shortened(std::string words) {
    words = std::regex_replace(words, std::regex(R"((--seeds \d+)\.\.\d+)"), "$1..1");
    if (words.find("--seed") != std::string::npos) words += " --for 5s";
    return words;
}

// The tests are in build/PRESET/ci/tests of the repository.
std::filesystem::path build_folder() {
    return std::filesystem::read_symlink("/proc/self/exe")
        .parent_path()
        .parent_path()
        .parent_path();
}

std::filesystem::path repository_folder() {
    return build_folder().parent_path().parent_path();
}

TEST(DocumentedCommands, AreKnown) {
    const std::filesystem::path program = build_folder() / "atlas-sim";
    const std::filesystem::path repository = repository_folder();
    const std::set<std::string> commands = documented_commands(repository);
    EXPECT_GT(commands.size(), 6U) << "is this where the documents are?";
    std::string name = std::filesystem::temp_directory_path() / "atlas-sim-XXXXXX";
    const std::filesystem::path folder = ::mkdtemp(name.data());
    for (const char* const each : {"scenarios", "properties"})
        std::filesystem::create_directory_symlink(repository / each, folder / each);
    const auto run = [&](const std::string& words) {
        // A model serves until it is told to stop; told twice, it stops in the midst of things.
        const std::string limit =
            words.starts_with("model ") ? "timeout --foreground --preserve-status 1s " : "";
        const std::string line =
            "cd " + folder.string() + " && " + limit + program.string() + " " + words;
        const int status = std::system((line + " >out 2>&1").c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    };
    ASSERT_EQ(run("--seed 1 --for 5s --history history.jsonl"), to_int(ExitCode::held));
    for (const std::string& words : commands) {
        const int code = run(shortened(words));
        // A planted bug may be found even in so short a run, and a database without fsync may not
        // come up again.
        EXPECT_TRUE(code == to_int(ExitCode::held) || code == to_int(ExitCode::violated) ||
                    code == to_int(ExitCode::crashed))
            << "atlas-sim " << words << " ended with " << code << ":\n"
            << content_of(folder / "out");
    }
    std::filesystem::remove_all(folder);
}

TEST(DocumentedCommands, ScriptsExistAndTheirHelpHasTheOptions) {
    const std::filesystem::path repository = repository_folder();
    const std::string text = content_of_pages(repository);
    std::string name = std::filesystem::temp_directory_path() / "atlas-help-XXXXXX";
    const std::filesystem::path folder = ::mkdtemp(name.data());
    std::set<std::string> measurements;
    for (const std::smatch& found : matches_in(
             text, R"((?:`|\n|bash |=\d+ )((?:reports/bench|ci/jobs|ci)/[\w/-]+)([^`\n]*))")) {
        const std::filesystem::path script = repository / found[1].str();
        ASSERT_TRUE(std::filesystem::exists(script)) << found[1];
        if (!found[1].str().starts_with("reports/bench/load/")) continue;
        measurements.insert(found[1]);
        const std::string output = folder / "help";
        ASSERT_EQ(std::system((script.string() + " --help >" + output).c_str()), 0);
        const std::string help = content_of(output);
        const std::string words = found[2];
        for (const std::smatch& option : matches_in(words, R"(--[a-z-]+)"))
            EXPECT_NE(help.find(option.str()), std::string::npos)
                << found[1] << " " << option.str();
    }
    EXPECT_EQ(measurements.size(), 2U) << "run and soak are documented";
    std::filesystem::remove_all(folder);
}

TEST(DocumentedCommands, BenchmarksAreThere) {
    const std::filesystem::path repository = repository_folder();
    std::string sources;
    for (const auto& entry : std::filesystem::directory_iterator(repository / "reports/bench")) {
        if (entry.path().extension() == ".cpp") sources += content_of(entry.path());
    }
    const std::string text = content_of_pages(repository);
    const std::vector<std::smatch> filters = matches_in(text, R"(--benchmark_filter=(\w+))");
    EXPECT_FALSE(filters.empty());
    for (const std::smatch& filter : filters) {
        const std::regex declared(R"(BENCHMARK(_CAPTURE)?\()" + filter[1].str());
        EXPECT_TRUE(std::regex_search(sources, declared)) << filter[1];
    }
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
