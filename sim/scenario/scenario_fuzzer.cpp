// Scenario files: what is refused is refused with a complaint; what is accepted, written out
// expanded and read again, is the same configuration.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sim/scenario/scenario.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace atlas::sim;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto scenario = scenario::read_scenario(text, "fuzz.json");
    if (!scenario) {
        if (scenario.error().empty()) std::abort();
        return 0;
    }
    const kernel::Seed seed{1};
    const auto made = scenario::resolve(seed, *scenario, {});
    if (!made) {
        if (made.error().empty()) std::abort();
        return 0;
    }
    const auto again =
        scenario::read_scenario(scenario::write_scenario(*made, true), "written.json");
    if (!again) std::abort();
    const auto same = scenario::resolve(seed, *again, {});
    if (!same) std::abort();
    if (scenario::configuration_hash(*same) != scenario::configuration_hash(*made)) std::abort();
    return 0;
}
