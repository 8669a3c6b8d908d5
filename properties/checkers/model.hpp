#pragma once
// What the linearizability checker asks of a sequential specification, and of an operation in a
// history.
//
// A model numbers its states, so that the search compares and stores integers. It belongs to one
// partition (one register, one key, one user), and may number states as it meets them: `step` is
// not const.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/time.hpp"

namespace atlas::properties {

using State = std::uint32_t;

/// "No such state": the operation cannot have got that answer there.
inline constexpr State impossible = std::numeric_limits<State>::max();

template <typename M>
concept SequentialModel = std::equality_comparable<typename M::Operation> &&
                          requires(M model, State state, const typename M::Operation& operation,
                                   std::span<const typename M::Operation* const> done) {
                              { model.initial_state() } -> std::same_as<State>;
                              /// The state afterwards, or `impossible`. An operation whose answer
                              /// is unknown is possible everywhere; where it would be refused it
                              /// leaves the state as it is.
                              { model.step(state, operation) } -> std::same_as<State>;
                              /// Whether it leaves every state as it is: a read, or a refusal.
                              { model.only_observes(operation) } -> std::same_as<bool>;
                              /// A clause in the past tense after "client 3": `read 4`.
                              { model.describe(operation) } -> std::convertible_to<std::string>;
                              /// A clause for what these operations, in this order, leave: `the
                              /// register held 4`.
                              { model.describe_after(done) } -> std::convertible_to<std::string>;
                          };

/// When an operation was under way, by lines of the history: their order is real time.
struct Interval {
    static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t call = 0;
    /// `never`: its answer is not known; it may take effect at any time after its call, or not at
    /// all.
    std::uint64_t end = never;
    /// Where the history has clock times.
    std::optional<host::Duration> called_at = {};
    std::optional<host::Duration> ended_at = {};

    bool is_open() const { return end == never; }
};

template <typename Operation>
struct TimedOperation {
    Operation operation;
    std::uint64_t client = 0;
    Interval interval = {};
};

/// The part of a history that can be judged alone (Herlihy and Wing 1990: a history is linearizable
/// when each object's part is; Horn and Kroening 2015 call it P-compositionality).
template <SequentialModel Model>
struct Partition {
    std::string name;  ///< "user 0190...", "key \"3\"".
    Model model;
    /// In order of their calls. All lines named in the intervals differ.
    std::vector<TimedOperation<typename Model::Operation>> operations;
};

}  // namespace atlas::properties
