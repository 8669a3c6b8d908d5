// A client that is lost in the middle of a transaction holds its locks only until the session's
// time limit: others wait for them. The simulator watches the sessions of its database all along
// (sim/atlas_sim/transaction_watch.hpp); here its findings are reported.

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

Judgement check_abandoned_transactions(const RunRecord& run) {
    return judge(run.facts.abandoned_transactions.value_or(std::vector<std::string>{}),
                 "No session idled in a transaction beyond its limit.");
}

}  // namespace atlas::properties
