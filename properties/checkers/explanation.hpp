#pragma once
// Why a partition is not linearizable, in sentences.

#include <cstddef>
#include <string>
#include <vector>

#include "properties/checkers/model.hpp"

namespace atlas::properties {

struct ExplainedOperation {
    std::string text;  ///< "read 4"
    std::uint64_t client = 0;
    Interval interval = {};
    /// Of one that could come next: whether its answer fits the state reached.
    bool fits = false;
};

/// The end of the order that went furthest.
struct Contradiction {
    std::string partition;
    std::size_t operations = 0;  ///< In the partition.
    std::vector<ExplainedOperation> explained;
    std::string state;  ///< "the register held 4"
    /// Those that could come next, in order of their calls; none leads on.
    std::vector<ExplainedOperation> stuck;
};

/// "client 3 read 4 (lines 7 to 9)".
std::string describe(const ExplainedOperation& operation);

std::string explain(const Contradiction& contradiction);

}  // namespace atlas::properties
