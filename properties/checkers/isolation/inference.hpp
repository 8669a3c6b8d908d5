#pragma once
// What can be inferred from a history without knowing the database's mind (Elle, section 4): which
// transaction must come before which, and what is wrong at first sight.
//
// Sound: an edge or a finding is there only if every execution that explains the answers has it.
// Not complete: what nobody read leaves no trace, so read every key at the end of a test.

#include <string>
#include <vector>

#include "properties/checkers/isolation/dependency_graph.hpp"
#include "properties/checkers/isolation/level.hpp"
#include "properties/checkers/isolation/transactions.hpp"

namespace atlas::properties::isolation {

/// An anomaly of one read, or of two transactions: no cycle is needed to show it.
struct Finding {
    Anomaly anomaly = Anomaly::internal;
    /// A sentence for people.
    std::string prose;

    friend bool operator==(const Finding&, const Finding&) = default;
};

struct Inference {
    std::vector<Edge> edges = {};
    std::vector<Finding> findings = {};
};

/// The longest read of a list is the order of its appends; all other reads must be its beginnings.
/// What committed and is in no read comes after all that is. O(n log n) in the elements read.
Inference infer_list_append(const TransactionHistory& history);

/// A read names the write it saw. Of two versions the one is known to be the earlier if it is nil,
/// or if whoever wrote the later one had read it. O(n log n) in the accesses.
Inference infer_rw_register(const TransactionHistory& history);

}  // namespace atlas::properties::isolation
