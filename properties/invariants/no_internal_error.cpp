// No answer has status 500, whatever goes wrong around the service: what it cannot do now is a 503,
// and a 500 is a bug.

#include <fmt/format.h>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

Judgement check_no_internal_error(const RunRecord& run) {
    std::vector<std::string> wrong;
    for (const UserOperation& operation : run.operations) {
        if (operation.response.status != 500U) continue;
        wrong.push_back(
            fmt::format("{} was answered with 500: {}", describe(operation), operation.error));
    }
    return judge(wrong, "No answer had status 500.");
}

}  // namespace atlas::properties
