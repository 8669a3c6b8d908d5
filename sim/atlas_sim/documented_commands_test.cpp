// The commands in the README and in docs/ are ones that atlas-sim knows: each is run, shortened.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "sim/atlas_sim/exit_code.hpp"

namespace atlas::sim::atlas_sim {
namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// Commands in code: to the end of the code, or to the sentence that stands two spaces behind them.
std::set<std::string> documented_commands(const std::filesystem::path& repository) {
    std::vector<std::filesystem::path> pages{repository / "README.md"};
    for (const auto& entry : std::filesystem::directory_iterator(repository / "docs")) {
        if (entry.path().extension() == ".md") pages.push_back(entry.path());
    }
    const std::regex command(R"(atlas-sim ((?:--\w|list |check |model )[^`\n>]*?)(?:  |`|\n| >))");
    std::set<std::string> commands;
    for (const std::filesystem::path& page : pages) {
        const std::string text = content_of(page);
        for (std::sregex_iterator found(text.begin(), text.end(), command), end; found != end;
             ++found)
            commands.insert((*found)[1]);
    }
    return commands;
}

// A few virtual seconds of the first seed say as well whether the words are understood.
std::string shortened(std::string words) {
    words = std::regex_replace(words, std::regex(R"((--seeds \d+)\.\.\d+)"), "$1..1");
    if (words.find("--seed") != std::string::npos) words += " --for 5s";
    return words;
}

TEST(DocumentedCommands, AreKnown) {
    const auto program =
        (std::filesystem::read_symlink("/proc/self/exe") / "../../../atlas-sim").lexically_normal();
    // The build is in build/PRESET of the repository.
    const std::filesystem::path repository = program.parent_path().parent_path().parent_path();
    const std::set<std::string> commands = documented_commands(repository);
    EXPECT_GT(commands.size(), 6U) << "is this where the documents are?";
    std::string name = std::filesystem::temp_directory_path() / "atlas-sim-XXXXXX";
    const std::filesystem::path folder = ::mkdtemp(name.data());
    std::filesystem::create_directory_symlink(repository / "scenarios", folder / "scenarios");
    const auto run = [&](const std::string& words) {
        const std::string line = "cd " + folder.string() + " && " + program.string() + " " + words;
        const int status = std::system((line + " >out 2>&1").c_str());
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    };
    ASSERT_EQ(run("--seed 1 --for 5s --history history.jsonl"), to_int(ExitCode::held));
    for (const std::string& words : commands) {
        const int code = run(shortened(words));
        // A planted bug may be found even in so short a run.
        EXPECT_TRUE(code == to_int(ExitCode::held) || code == to_int(ExitCode::violated))
            << "atlas-sim " << words << " ended with " << code << ":\n"
            << content_of(folder / "out");
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
