#pragma once
// A family of random sources, one for each ordinal: what the seventh draws does not depend on
// whether the sixth drew anything. For whatever must be as it was when others are left out.

#include <cstdint>

#include "system/host/random.hpp"

namespace atlas::host {

class RandomSources {
  public:
    /// All that they will draw follows from the state of `origin`.
    explicit RandomSources(RandomSource origin) : low_(origin.next()), high_(origin.next()) {}

    RandomSource source(std::uint64_t ordinal) const { return RandomSource{low_ + ordinal, high_}; }

  private:
    std::uint64_t low_;
    std::uint64_t high_;
};

}  // namespace atlas::host
