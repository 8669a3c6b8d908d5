// One primary at a time: a server whose lease has ended takes no writes any more, whatever it can
// reach. Watched by looking at the servers themselves, second by second, with five seconds of grace
// in which it and its agent ran at their pace. That nothing is lost of what it took meanwhile and
// somebody was told of is for acknowledged-writes and user-records.

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

Judgement check_one_primary(const RunRecord& run) {
    return judge(run.facts.old_primaries.value(),
                 "No server went on taking writes for long once another one did.");
}

}  // namespace atlas::properties
