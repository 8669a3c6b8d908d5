// The histories that the fuzzer begins with have every kind of operation, and can be read.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "properties/history/json_lines.hpp"
#include "properties/history/user_operations.hpp"

namespace atlas::properties {
namespace {

std::vector<UserOperation> operations_in(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const auto history = read_history(text.view());
    EXPECT_TRUE(history) << path << ": " << history.error().reason;
    if (!history) return {};
    auto operations = user_operations(*history);
    EXPECT_TRUE(operations) << path << ": " << operations.error().reason;
    return operations ? *std::move(operations) : std::vector<UserOperation>{};
}

TEST(Corpus, HasEveryKindOfOperationOnUsers) {
    // The tests are in build/PRESET/ci/tests of the repository.
    const std::filesystem::path repository =
        (std::filesystem::read_symlink("/proc/self/exe") / "../../../../..").lexically_normal();
    std::set<UserFunction> found;
    for (const auto& file :
         std::filesystem::directory_iterator(repository / "ci" / "corpus" / "history")) {
        if (!file.path().filename().string().starts_with("users-")) continue;
        for (const UserOperation& operation : operations_in(file.path()))
            found.insert(operation.function);
    }
    for (const UserFunction function : all_user_functions)
        EXPECT_TRUE(found.contains(function)) << name(function);
}

}  // namespace
}  // namespace atlas::properties
