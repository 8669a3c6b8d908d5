// One primary at a time: a server whose lease has ended takes no writes any more, whatever it can
// reach. Watched by looking at the servers themselves, all along.

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

Judgement check_one_primary(const RunRecord& run) {
    return judge(run.facts.old_primaries.value(),
                 "No server went on taking writes once another one did.");
}

}  // namespace atlas::properties
