#pragma once
// Which strikes hold on which target now. They may overlap: what they do to it lasts until the last
// of them has ended.

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "sim/faults/strike_book.hpp"

namespace atlas::sim::faults {

template <typename Target>
class Overlaps {
  public:
    /// Both return the strikes that hold on it afterwards.
    const std::vector<StrikeIndex>& add(const Target& target, StrikeIndex index) {
        std::vector<StrikeIndex>& strikes = strikes_[target];
        strikes.push_back(index);
        return strikes;
    }
    /// Once only, where the strike was added more than once.
    const std::vector<StrikeIndex>& remove(const Target& target, StrikeIndex index) {
        std::vector<StrikeIndex>& strikes = strikes_[target];
        const auto found = std::ranges::find(strikes, index);
        if (found != strikes.end()) strikes.erase(found);
        return strikes;
    }

    const std::vector<StrikeIndex>& on(const Target& target) { return strikes_[target]; }

  private:
    std::map<Target, std::vector<StrikeIndex>> strikes_;
};

}  // namespace atlas::sim::faults
