// Every response is one that /openapi.json describes. The clients of the run hold each against it
// when it comes (checkers/described_response.hpp); here their findings are reported.

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

Judgement check_described(const RunRecord& run) {
    return judge(run.facts.undescribed_responses, "Every response was as described.");
}

}  // namespace atlas::properties
