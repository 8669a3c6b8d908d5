// FrameStore: frames kept for later, and put back.

#include <numeric>

#include "sim/models/postgres/executor/query_run.hpp"

namespace atlas::sim::models::postgres {

std::vector<std::size_t> all_relations(const Query& query) {
    std::vector<std::size_t> relations(query.range.size());
    std::iota(relations.begin(), relations.end(), std::size_t{0});
    return relations;
}

void FrameStore::add(const CurrentFrame& frame) {
    for (const std::size_t relation : relations_)
        slots_.push_back({frame.rows[relation], frame.versions[relation]});
    results_.push_back({frame.aggregates, frame.windows});
    ++size_;
}

void FrameStore::restore(std::size_t place, CurrentFrame& frame) const {
    std::size_t slot = place * relations_.size();
    for (const std::size_t relation : relations_) {
        frame.put(relation, slots_[slot].row, slots_[slot].version);
        ++slot;
    }
    const Results& results = results_[place];
    const bool same = frame.aggregates.data() == results.aggregates.data() &&
                      frame.windows.data() == results.windows.data();
    if (same) return;
    frame.aggregates = results.aggregates;
    frame.windows = results.windows;
    ++frame.changes;
}

void FrameStore::clear() {
    slots_.clear();
    results_.clear();
    size_ = 0;
}

}  // namespace atlas::sim::models::postgres
