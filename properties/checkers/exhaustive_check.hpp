#pragma once
// Linearizability by its definition: all orders, one after another. The reference that the search
// is compared with in tests; of use up to about ten operations.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "properties/checkers/model.hpp"

namespace atlas::properties {

namespace detail {

template <SequentialModel Model>
bool some_order_explains(Model& model,
                         const std::vector<TimedOperation<typename Model::Operation>>& operations,
                         std::vector<bool>& placed, State state) {
    std::uint64_t first_end = Interval::never;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        if (!placed[i] && operations[i].interval.end < first_end) {
            first_end = operations[i].interval.end;
        }
    }
    if (first_end == Interval::never) return true;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        if (placed[i] || operations[i].interval.call > first_end) continue;
        const State after = model.step(state, operations[i].operation);
        if (after == impossible) continue;
        placed[i] = true;
        const bool explains = some_order_explains(model, operations, placed, after);
        placed[i] = false;
        if (explains) return true;
    }
    return false;
}

}  // namespace detail

template <SequentialModel Model>
bool is_linearizable_by_definition(Partition<Model> partition) {
    std::vector<bool> placed(partition.operations.size(), false);
    return detail::some_order_explains(partition.model, partition.operations, placed,
                                       partition.model.initial_state());
}

}  // namespace atlas::properties
