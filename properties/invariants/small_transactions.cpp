// What the workloads that speak SQL (properties/workloads) saw of the database's own promises: the
// rule over two rows that only SERIALIZABLE keeps, and the queue whose workers pass one another by.

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

Judgement check_ownership(const RunRecord& run) {
    return judge(run.facts.unowned_pairs.value(), "No transaction saw a pair with nobody on.");
}

Judgement check_job_queue(const RunRecord& run) {
    return judge(run.facts.job_faults.value(),
                 "Each job was done once, and no worker waited for another's.");
}

}  // namespace atlas::properties
