#pragma once
// Tarjan's strongly connected components ("Depth-first search and linear graph algorithms", 1972),
// without recursion: a history's chain of transactions may be as long as the history.

#include <cstdint>
#include <span>
#include <vector>

namespace atlas::properties::isolation {

struct Arc {
    std::uint32_t from;
    std::uint32_t to;
};

/// Those of more than one node, each sorted, in the order of their smallest nodes. Linear in nodes
/// and arcs, but for the sorting.
std::vector<std::vector<std::uint32_t>> strong_components(std::size_t nodes,
                                                          std::span<const Arc> arcs);

}  // namespace atlas::properties::isolation
