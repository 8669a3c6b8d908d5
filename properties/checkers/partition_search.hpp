#pragma once
// The search for an order of one partition's operations that explains all answers: Wing and Gong's
// (1993) with Lowe's (2017) linked list and cache of configurations.
//
// The list links the operations that have no place in the order yet, by their calls. The first of
// them to have ended bounds who may come next: an operation called after that end may not. Taking
// an operation lifts it out of the list, going back puts it in again.
//
// A configuration is what the rest of the search depends on: the set of operations placed, and the
// state. All operations that ended before the first unplaced end are placed, and none called after
// it is; so the set is that end's number and one bit for each lane (see Timeline) under way then.
//
// Three sound short cuts:
//  * an operation that only observes and fits is taken at once, without alternatives: in any order
//    in which it comes later it can be moved here (a write of what is there already cannot: where
//    it stood it may have undone another);
//  * an open operation is taken only where it changes the state; if it never is, it never happened;
//  * of open operations that are alike, the one called first is taken first.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "properties/checkers/configuration_set.hpp"
#include "properties/checkers/model.hpp"
#include "properties/checkers/timeline.hpp"

namespace atlas::properties {

enum class SearchStatus : std::uint8_t {
    undecided,     ///< The steps allowed were used; run again to go on.
    linearizable,  ///< An order was found.
    impossible,    ///< There is none.
};

template <SequentialModel Model>
class PartitionSearch {
  public:
    using Operation = typename Model::Operation;

    explicit PartitionSearch(Partition<Model> partition);

    /// Goes on for at most that many steps (a step is one operation tried).
    SearchStatus run(std::uint64_t steps);

    const Partition<Model>& partition() const { return partition_; }
    std::uint64_t steps() const { return steps_; }
    std::size_t configurations() const { return visited_.size(); }

    /// The order that went furthest: past the most ends. Kept while dead ends are met.
    const std::vector<std::uint32_t>& furthest() const { return furthest_; }

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    struct Placed {
        std::uint32_t operation;
        State state_before;
        std::uint32_t ends_before;
        bool has_alternatives;
    };

    static std::vector<Interval> intervals_of(const Partition<Model>& partition);
    void find_twins();
    bool may_come_next(std::uint32_t operation) const;
    bool waits_for_twin(std::uint32_t operation) const;
    void try_operation(std::uint32_t operation);
    bool place(std::uint32_t operation, State after);
    void unplace();
    bool go_back();
    void note_dead_end();
    bool is_new_configuration();

    std::uint32_t head() const { return static_cast<std::uint32_t>(timeline_.size()); }

    Partition<Model> partition_;
    Timeline timeline_;
    std::vector<std::uint32_t> next_;  ///< In the list of unplaced operations; head() is its ring.
    std::vector<std::uint32_t> previous_;
    std::vector<std::uint32_t> twin_;  ///< The open operation before this one that is alike.
    std::vector<std::uint8_t> is_placed_;
    std::uint32_t candidate_;
    State state_;
    std::uint32_t ends_ = 0;  ///< All operations among the first `ends_` to end are placed.
    std::vector<std::uint64_t> window_;  ///< Bits by lane: placed, and not among those.
    std::vector<std::uint64_t> record_;  ///< Scratch for one configuration.
    std::vector<Placed> order_;
    std::vector<std::uint64_t> windows_before_;  ///< For each of order_, window_ before it.
    ConfigurationSet visited_;
    std::uint64_t steps_ = 0;
    std::vector<std::uint32_t> furthest_;
    std::size_t furthest_ends_ = 0;
    std::size_t furthest_shared_ = 0;  ///< How much of furthest_ is the beginning of order_ still.
    bool any_dead_end_ = false;
};

template <SequentialModel Model>
PartitionSearch<Model>::PartitionSearch(Partition<Model> partition)
    : partition_(std::move(partition)),
      timeline_(intervals_of(partition_)),
      is_placed_(timeline_.size(), 0),
      state_(partition_.model.initial_state()),
      window_((timeline_.lanes() + 63) / 64, 0),
      record_(window_.size() + 1, 0),
      visited_(window_.size() + 1) {
    const std::uint32_t count = head();
    next_.resize(count + 1);
    previous_.resize(count + 1);
    for (std::uint32_t i = 0; i <= count; ++i) {
        next_[i] = i == count ? 0 : i + 1;
        previous_[i] = i == 0 ? count : i - 1;
    }
    find_twins();
    candidate_ = next_[head()];
}

template <SequentialModel Model>
std::vector<Interval> PartitionSearch<Model>::intervals_of(const Partition<Model>& partition) {
    std::vector<Interval> intervals;
    intervals.reserve(partition.operations.size());
    for (const auto& timed : partition.operations)
        intervals.push_back(timed.interval);
    return intervals;
}

template <SequentialModel Model>
void PartitionSearch<Model>::find_twins() {
    twin_.assign(timeline_.size(), none);
    std::vector<std::uint32_t> last_of_each_kind;
    for (std::uint32_t i = 0; i < head(); ++i) {
        const auto& timed = partition_.operations[i];
        if (!timed.interval.is_open()) continue;
        bool found = false;
        for (std::uint32_t& last : last_of_each_kind) {
            if (partition_.operations[last].operation != timed.operation) continue;
            twin_[i] = std::exchange(last, i);
            found = true;
            break;
        }
        if (!found) last_of_each_kind.push_back(i);
    }
}

template <SequentialModel Model>
bool PartitionSearch<Model>::may_come_next(std::uint32_t operation) const {
    return operation != head() && timeline_.call(operation) < timeline_.nth_end(ends_);
}

template <SequentialModel Model>
bool PartitionSearch<Model>::waits_for_twin(std::uint32_t operation) const {
    return twin_[operation] != none && is_placed_[twin_[operation]] == 0;
}

template <SequentialModel Model>
SearchStatus PartitionSearch<Model>::run(std::uint64_t steps) {
    const std::uint64_t limit = steps_ + steps;
    while (ends_ < timeline_.ended()) {
        if (may_come_next(candidate_)) {
            if (steps_ == limit) return SearchStatus::undecided;
            ++steps_;
            try_operation(candidate_);
        } else {
            note_dead_end();
            if (!go_back()) return SearchStatus::impossible;
        }
    }
    return SearchStatus::linearizable;
}

template <SequentialModel Model>
void PartitionSearch<Model>::try_operation(std::uint32_t operation) {
    candidate_ = next_[operation];
    if (waits_for_twin(operation)) return;
    const auto& timed = partition_.operations[operation];
    const State after = partition_.model.step(state_, timed.operation);
    if (after == impossible) return;
    if (after == state_ && timed.interval.is_open()) return;
    const bool has_alternatives = !partition_.model.only_observes(timed.operation);
    order_.push_back({operation, state_, ends_, has_alternatives});
    if (place(operation, after)) {
        candidate_ = next_[head()];
    } else {
        go_back();
    }
}

/// False when the configuration it leads to has been visited.
template <SequentialModel Model>
bool PartitionSearch<Model>::place(std::uint32_t operation, State after) {
    windows_before_.insert(windows_before_.end(), window_.begin(), window_.end());
    next_[previous_[operation]] = next_[operation];
    previous_[next_[operation]] = previous_[operation];
    is_placed_[operation] = 1;
    state_ = after;
    const std::uint32_t lane = timeline_.lane(operation);
    window_[lane / 64] |= std::uint64_t{1} << (lane % 64);
    for (; ends_ < timeline_.ended(); ++ends_) {
        const std::uint32_t ending = timeline_.nth_to_end(ends_);
        if (is_placed_[ending] == 0) break;
        const std::uint32_t ended_lane = timeline_.lane(ending);
        window_[ended_lane / 64] &= ~(std::uint64_t{1} << (ended_lane % 64));
    }
    return is_new_configuration();
}

template <SequentialModel Model>
bool PartitionSearch<Model>::is_new_configuration() {
    record_[0] = (std::uint64_t{ends_} << 32) | state_;
    for (std::size_t i = 0; i < window_.size(); ++i)
        record_[i + 1] = window_[i];
    return visited_.insert(record_);
}

template <SequentialModel Model>
void PartitionSearch<Model>::unplace() {
    const Placed last = order_.back();
    order_.pop_back();
    furthest_shared_ = std::min(furthest_shared_, order_.size());
    state_ = last.state_before;
    ends_ = last.ends_before;
    const std::size_t base = windows_before_.size() - window_.size();
    for (std::size_t i = 0; i < window_.size(); ++i)
        window_[i] = windows_before_[base + i];
    windows_before_.resize(base);
    is_placed_[last.operation] = 0;
    next_[previous_[last.operation]] = last.operation;
    previous_[next_[last.operation]] = last.operation;
}

/// To the last operation placed that has alternatives; false when there is none.
template <SequentialModel Model>
bool PartitionSearch<Model>::go_back() {
    while (!order_.empty()) {
        const Placed last = order_.back();
        unplace();
        if (last.has_alternatives) {
            candidate_ = next_[last.operation];
            return true;
        }
    }
    candidate_ = head();
    return false;
}

template <SequentialModel Model>
void PartitionSearch<Model>::note_dead_end() {
    if (any_dead_end_ && ends_ <= furthest_ends_) return;
    any_dead_end_ = true;
    furthest_ends_ = ends_;
    furthest_.resize(furthest_shared_);
    for (std::size_t i = furthest_shared_; i < order_.size(); ++i) {
        furthest_.push_back(order_[i].operation);
    }
    furthest_shared_ = furthest_.size();
}

}  // namespace atlas::properties
