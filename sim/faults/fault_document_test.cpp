// docs/faults.md says what the code says.

#include "sim/faults/fault_document.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/faults/fault_kind.hpp"

namespace atlas::sim::faults {
namespace {

TEST(FaultDocument, NamesEveryKindAndSwitch) {
    const std::string text = fault_document();
    for (const FaultKindInfo& kind : all_fault_kinds()) {
        EXPECT_NE(text.find("### `" + std::string(kind.name) + "`"), std::string::npos);
        EXPECT_NE(text.find("`faults." + std::string(kind.name) + ".on`"), std::string::npos);
    }
}

TEST(FaultDocument, IsTheOneInTheRepository) {
    std::filesystem::path folder = std::filesystem::current_path();
    while (!std::filesystem::exists(folder / "scenarios" / "default.json")) {
        ASSERT_NE(folder, folder.root_path()) << "the working directory is outside the repository";
        folder = folder.parent_path();
    }
    std::stringstream page;
    page << std::ifstream(folder / "docs" / "faults.md").rdbuf();
    EXPECT_TRUE(page.str() == fault_document())
        << "run `atlas-sim list faults --markdown > docs/faults.md`";
}

}  // namespace
}  // namespace atlas::sim::faults
