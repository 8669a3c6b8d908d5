// When all programs have ended, no task, connection, file or lock is left. What is there is counted
// by the world that ran them; this only judges the count.

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

Judgement check_nothing_left_behind(const RunRecord& run) {
    if (!run.facts.leftovers) return {Verdict::unknown, "Nobody counted what was left behind.\n"};
    std::vector<std::string> wrong;
    for (const std::string& leftover : *run.facts.leftovers) {
        wrong.push_back("Left behind: " + leftover + ".");
    }
    return judge(wrong, "Nothing was left behind.");
}

}  // namespace atlas::properties
