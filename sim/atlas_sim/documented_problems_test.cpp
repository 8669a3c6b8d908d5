// docs/errors.md has every problem type that the system can answer with, with its status, and no
// other. The list is read from the system's headers, so that a type cannot be left out of it.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

namespace atlas::sim::atlas_sim {
namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// What the expression's two groups hold wherever it matches: name and status.
std::map<std::string, std::string> matches(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    std::map<std::string, std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
        EXPECT_TRUE(found.emplace((*at)[1], (*at)[2]).second) << (*at)[1] << " is there twice";
    }
    return found;
}

std::string all_headers_in(const std::filesystem::path& folder) {
    std::string text;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        if (file.path().extension() == ".hpp") text += content_of(file.path());
    }
    return text;
}

TEST(DocumentedProblems, AreThoseOfTheCode) {
    // The tests are in build/PRESET/ci/tests of the repository.
    const std::filesystem::path repository =
        (std::filesystem::read_symlink("/proc/self/exe") / "../../../../..").lexically_normal();
    const auto registered = matches(all_headers_in(repository / "system"),
                                    R"re("urn:atlas:problem:([a-z-]+)",\s*"[^"]*",\s*(\d+)\})re");
    const auto documented = matches(content_of(repository / "docs/errors.md"),
                                    R"re(\n\| `([a-z-]+)` \| (\d+) \| [^|]+ \| [^|]+ \|)re");
    EXPECT_GT(registered.size(), 20U);
    EXPECT_EQ(documented, registered);
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
