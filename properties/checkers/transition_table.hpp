#pragma once
// A model's memory of where a state goes with an argument, for steps that are costly to work out.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "properties/checkers/model.hpp"

namespace atlas::properties {

/// Few arguments meet one state (as many as operations are under way at once), so each state has a
/// list and not a map.
class TransitionTable {
  public:
    std::optional<State> find(State from, std::uint32_t argument) const {
        if (from >= rows_.size()) return std::nullopt;
        for (const auto& [known, to] : rows_[from]) {
            if (known == argument) return to;
        }
        return std::nullopt;
    }

    void add(State from, std::uint32_t argument, State to) {
        if (from >= rows_.size()) rows_.resize(from + 1);
        rows_[from].emplace_back(argument, to);
    }

  private:
    std::vector<std::vector<std::pair<std::uint32_t, State>>> rows_;
};

}  // namespace atlas::properties
