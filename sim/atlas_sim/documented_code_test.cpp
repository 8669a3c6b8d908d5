// Code that the documents quote ("From `PATH`:", then a block) is in that file, word for word: an
// example that has become untrue fails here, and so does one whose file is not there.

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

std::size_t count_of(const std::regex& expression, const std::string& text) {
    return static_cast<std::size_t>(
        std::distance(std::sregex_iterator(text.begin(), text.end(), expression), {}));
}

TEST(DocumentedCode, IsInTheFileThatItNames) {
    // The tests are in build/PRESET/ci/tests of the repository.
    const std::filesystem::path repository =
        (std::filesystem::read_symlink("/proc/self/exe") / "../../../../..").lexically_normal();
    const std::regex quotation(R"re(From `([^`]+)`:\n\n```[a-z]*\n([^`]*)```)re");
    const std::regex announcement(R"re(From `[^`]*`:)re");
    std::size_t quotations = 0;
    for (const auto& page : std::filesystem::recursive_directory_iterator(repository / "docs")) {
        if (page.path().extension() != ".md") continue;
        const std::string text = content_of(page.path());
        EXPECT_EQ(count_of(announcement, text), count_of(quotation, text))
            << page.path().filename() << " announces code that does not follow";
        for (std::sregex_iterator at(text.begin(), text.end(), quotation), end; at != end; ++at) {
            ++quotations;
            EXPECT_TRUE(std::filesystem::is_regular_file(repository / (*at)[1].str()))
                << page.path().filename() << " quotes " << (*at)[1] << ", which is not there";
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
