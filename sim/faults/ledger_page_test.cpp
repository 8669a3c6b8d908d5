// docs/ledger.md has a row for each kind of fault, with its floor, and no other.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "sim/faults/fault_kind.hpp"

namespace atlas::sim::faults {
namespace {

std::string text_of_page() {
    // The tests are in build/PRESET/ci/tests of the repository.
    const std::filesystem::path repository =
        (std::filesystem::read_symlink("/proc/self/exe") / "../../../../..").lexically_normal();
    std::ostringstream text;
    text << std::ifstream(repository / "docs" / "ledger.md").rdbuf();
    return text.str();
}

TEST(LedgerPage, HasEveryKindOfFaultAndNoOther) {
    const std::string page = text_of_page();
    const std::regex row(
        R"re(\n\| `([a-z._]+)` \| (\d+|never drawn) \| (\d+) \| (\d+) \| (\d+ %|-) \| (\d+) % \|)re");
    std::map<std::string, std::string> floors;
    for (std::sregex_iterator at(page.begin(), page.end(), row), end; at != end; ++at) {
        EXPECT_TRUE(floors.emplace((*at)[1], (*at)[6]).second) << (*at)[1] << " is there twice";
        EXPECT_LE(std::stoull((*at)[4]), std::stoull((*at)[3])) << (*at)[1];
    }
    std::map<std::string, std::string> expected;
    for (const FaultKindInfo& kind : all_fault_kinds())
        expected.emplace(kind.name, std::to_string(kind.floor_percent));
    EXPECT_EQ(floors, expected) << "run `ci/ledger 1..1000 >docs/ledger.md`";
}

}  // namespace
}  // namespace atlas::sim::faults
