// Code that the documents quote ("From `PATH`:", then a block) is in that file, word for word: an
// example that has become untrue fails here.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

namespace atlas::sim::atlas_sim {
namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(DocumentedCode, IsInTheFileThatItNames) {
    // The tests are in build/PRESET/ci/tests of the repository.
    const std::filesystem::path repository =
        (std::filesystem::read_symlink("/proc/self/exe") / "../../../../..").lexically_normal();
    const std::regex quotation(R"re(From `([^`]+)`:\n\n```[a-z]*\n([^`]*)```)re");
    std::size_t quotations = 0;
    for (const auto& page : std::filesystem::directory_iterator(repository / "docs")) {
        if (page.path().extension() != ".md") continue;
        const std::string text = content_of(page.path());
        for (std::sregex_iterator at(text.begin(), text.end(), quotation), end; at != end; ++at) {
            ++quotations;
            const std::string source = content_of(repository / (*at)[1].str());
            EXPECT_NE(source.find((*at)[2].str()), std::string::npos)
                << page.path().filename() << " quotes what is not in " << (*at)[1] << ":\n"
                << (*at)[2];
        }
    }
    EXPECT_GT(quotations, 8U) << "is this where the documents are?";
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
