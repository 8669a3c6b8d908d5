#pragma once
// Whether a history is linearizable (Herlihy and Wing 1990), over all its partitions.
//
// They take turns, each turn twice as long as the one before, so that one that is easily refuted is
// found while another explodes; the first refuted one ends the check. Deciding linearizability is
// NP-complete, so each has a budget, and past it the verdict is unknown unless another is invalid.
// The outcome depends on the history and the budget alone.

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "properties/checkers/explanation.hpp"
#include "properties/checkers/model.hpp"
#include "properties/checkers/partition_search.hpp"
#include "properties/verdict.hpp"

namespace atlas::properties {

struct LinearizabilityBudget {
    /// Operations tried, for each partition.
    std::uint64_t steps_per_partition = 20'000'000;
    /// Configurations remembered, at about 16 to 50 bytes each: for each partition and at one time
    /// in all of them together.
    std::size_t configurations_per_partition = 2'000'000;
    std::size_t configurations_in_all = 6'000'000;
};

struct LinearizabilityReport {
    Judgement judgement = {};
    std::uint64_t operations = 0;
    std::uint64_t partitions = 0;
    std::uint64_t steps = 0;
};

template <SequentialModel Model>
class LinearizabilityCheck {
  public:
    LinearizabilityCheck(std::vector<Partition<Model>> partitions, LinearizabilityBudget budget);

    LinearizabilityReport run();

  private:
    using Search = PartitionSearch<Model>;

    enum class Turn : std::uint8_t { again, decided, gave_up, refuted };

    Turn take_turn(Search& search, std::uint64_t steps);
    bool is_spent(const Search& search) const;
    void give_up(const Search& search);
    static Contradiction contradiction_of(const Search& search);
    static ExplainedOperation explained(const Search& search, std::uint32_t operation);
    LinearizabilityReport conclude();

    LinearizabilityBudget budget_;
    LinearizabilityReport report_;
    std::vector<std::unique_ptr<Search>> undecided_;
    std::size_t remembered_ = 0;  ///< Configurations of all undecided searches.
    std::string given_up_;
    std::size_t given_up_count_ = 0;
};

template <SequentialModel Model>
LinearizabilityReport check_linearizable(std::vector<Partition<Model>> partitions,
                                         LinearizabilityBudget budget = {}) {
    return LinearizabilityCheck<Model>(std::move(partitions), budget).run();
}

template <SequentialModel Model>
LinearizabilityCheck<Model>::LinearizabilityCheck(std::vector<Partition<Model>> partitions,
                                                  LinearizabilityBudget budget)
    : budget_(budget) {
    report_.partitions = partitions.size();
    undecided_.reserve(partitions.size());
    for (Partition<Model>& partition : partitions) {
        report_.operations += partition.operations.size();
        undecided_.push_back(std::make_unique<Search>(std::move(partition)));
    }
}

template <SequentialModel Model>
LinearizabilityReport LinearizabilityCheck<Model>::run() {
    constexpr std::uint64_t first_turn = 4096;
    for (std::uint64_t turn = first_turn; !undecided_.empty(); turn *= 2) {
        std::vector<std::unique_ptr<Search>> remaining;
        for (std::unique_ptr<Search>& search : undecided_) {
            const Turn outcome = take_turn(*search, turn);
            if (outcome == Turn::refuted) {
                report_.judgement = {Verdict::invalid, explain(contradiction_of(*search))};
                return report_;
            }
            if (outcome == Turn::again) {
                remaining.push_back(std::move(search));
                continue;
            }
            if (outcome == Turn::gave_up) give_up(*search);
            remembered_ -= search->configurations();
            search.reset();
        }
        undecided_ = std::move(remaining);
    }
    return conclude();
}

/// In slices, so that the memory budget is kept within a slice's configurations.
template <SequentialModel Model>
auto LinearizabilityCheck<Model>::take_turn(Search& search, std::uint64_t steps) -> Turn {
    constexpr std::uint64_t slice = 4096;
    for (std::uint64_t done = 0; done < steps; done += slice) {
        const std::uint64_t steps_before = search.steps();
        const std::size_t remembered_before = search.configurations();
        const SearchStatus status = search.run(slice);
        report_.steps += search.steps() - steps_before;
        remembered_ += search.configurations() - remembered_before;
        if (status == SearchStatus::linearizable) return Turn::decided;
        if (status == SearchStatus::impossible) return Turn::refuted;
        if (is_spent(search)) return Turn::gave_up;
    }
    return Turn::again;
}

template <SequentialModel Model>
bool LinearizabilityCheck<Model>::is_spent(const Search& search) const {
    return search.steps() >= budget_.steps_per_partition ||
           search.configurations() >= budget_.configurations_per_partition ||
           remembered_ >= budget_.configurations_in_all;
}

template <SequentialModel Model>
void LinearizabilityCheck<Model>::give_up(const Search& search) {
    constexpr std::size_t most_named = 10;
    if (++given_up_count_ > most_named) return;
    given_up_ +=
        fmt::format("  - {}: {} operations, given up after {} steps and {} configurations\n",
                    search.partition().name, search.partition().operations.size(), search.steps(),
                    search.configurations());
}

template <SequentialModel Model>
ExplainedOperation LinearizabilityCheck<Model>::explained(const Search& search,
                                                          std::uint32_t operation) {
    const auto& timed = search.partition().operations[operation];
    return {search.partition().model.describe(timed.operation), timed.client, timed.interval};
}

template <SequentialModel Model>
Contradiction LinearizabilityCheck<Model>::contradiction_of(const Search& search) {
    // A copy: the model may number states as it replays.
    Model model = search.partition().model;
    const auto& operations = search.partition().operations;
    Contradiction result{search.partition().name, operations.size(), {}, {}, {}};
    std::vector<const typename Model::Operation*> done;
    std::vector<bool> is_done(operations.size(), false);
    State state = model.initial_state();
    for (const std::uint32_t operation : search.furthest()) {
        state = model.step(state, operations[operation].operation);
        done.push_back(&operations[operation].operation);
        is_done[operation] = true;
        result.explained.push_back(explained(search, operation));
    }
    result.state = model.describe_after(done);
    std::uint64_t first_end = Interval::never;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        if (!is_done[i]) first_end = std::min(first_end, operations[i].interval.end);
    }
    for (std::uint32_t i = 0; i < operations.size(); ++i) {
        if (is_done[i] || operations[i].interval.call > first_end) continue;
        ExplainedOperation stuck = explained(search, i);
        stuck.fits = model.step(state, operations[i].operation) != impossible;
        result.stuck.push_back(std::move(stuck));
    }
    return result;
}

template <SequentialModel Model>
LinearizabilityReport LinearizabilityCheck<Model>::conclude() {
    if (given_up_count_ == 0) {
        report_.judgement = {Verdict::valid,
                             fmt::format("All {} operations in {} partition{} are linearizable.\n",
                                         report_.operations, report_.partitions,
                                         report_.partitions == 1 ? "" : "s")};
        return report_;
    }
    report_.judgement = {
        Verdict::unknown,
        fmt::format("Undecided: {} of {} partitions used up their budget, none was refuted.\n{}",
                    given_up_count_, report_.partitions, given_up_)};
    return report_;
}

}  // namespace atlas::properties
