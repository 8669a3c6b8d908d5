#pragma once
// Cycles of dependencies: each shows that no order of its transactions explains what they saw.

#include <vector>

#include "properties/checkers/isolation/dependency_graph.hpp"
#include "properties/checkers/isolation/level.hpp"

namespace atlas::properties::isolation {

struct Cycle {
    Anomaly anomaly = Anomaly::g0;
    /// Each begins where the one before it ends, and the first where the last ends.
    std::vector<Edge> edges = {};
};

/// One cycle for each group of transactions that are before themselves, of the kind that the
/// weakest levels forbid. Whether there is one of a kind is exact, but for G-single and
/// G-nonadjacent: which of the two is said depends on the shortest that is found (the same levels
/// forbid both). Linear in the edges, and for each cycle in the edges of its group.
///
/// The graph's nodes from `transactions` on are moments of real time; in the cycles they are not
/// seen.
std::vector<Cycle> find_cycles(const DependencyGraph& graph, std::size_t transactions);

}  // namespace atlas::properties::isolation
