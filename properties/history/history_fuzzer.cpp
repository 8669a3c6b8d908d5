// History files in each format that `atlas-sim check` reads: what is refused is refused with its
// line, a reason and what would be right; our own, written and read again, is the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "properties/checkers/linearizable_file.hpp"
#include "properties/history/json_lines.hpp"

namespace atlas::properties {
namespace {

void expect_explained(const Unreadable& unreadable) {
    if (unreadable.reason.empty() || unreadable.expected.empty()) std::abort();
}

}  // namespace
}  // namespace atlas::properties

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace atlas::properties;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto history = read_history(text)) {
        const auto again = read_history(write_history(*history));
        if (!again || *again != *history) std::abort();
    } else {
        expect_explained(history.error());
    }
    const auto checked = check_linearizable_file(text, {.steps_per_partition = 1000});
    if (!checked) expect_explained(checked.error());
    return 0;
}
