#pragma once
// One key of a key-value store with get, put and append; a key never put holds the empty text.
//
// No get can tell apart two texts that are the beginning of no answer: what is appended to either
// stays so, and a put replaces it. They are one state, which keeps appends that nobody read from
// multiplying the search.

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "properties/checkers/interned_strings.hpp"
#include "properties/checkers/model.hpp"
#include "properties/checkers/transition_table.hpp"

namespace atlas::properties {

struct KeyValueOperation {
    enum class Action : std::uint8_t { get, put, append };

    Action action = Action::get;
    std::uint32_t text = 0;  ///< A number of the model's.

    friend bool operator==(const KeyValueOperation&, const KeyValueOperation&) = default;
};

class KeyValueModel {
  public:
    using Operation = KeyValueOperation;

    KeyValueModel();

    /// All operations are made before the first step: the answers decide which states differ.
    Operation get(std::string_view answer);
    Operation put(std::string_view value);
    Operation append(std::string_view value);

    State initial_state() const { return 0; }
    State step(State state, const Operation& operation);
    bool only_observes(const Operation& operation) const {
        return operation.action == Operation::Action::get;
    }
    std::string describe(const Operation& operation) const;
    std::string describe_after(std::span<const Operation* const> done) const;

  private:
    static constexpr State unreadable = impossible - 1;

    State state_of(std::string_view text);
    State after_put(std::uint32_t text);
    State after_append(State state, std::uint32_t text);

    InternedStrings texts_;
    InternedStrings states_;
    std::set<std::string, std::less<>> answers_;
    std::vector<State> puts_;  ///< By text; `impossible` until worked out.
    TransitionTable appends_;
};

}  // namespace atlas::properties
