#pragma once
// A source of pseudo-random numbers: a value, seeded by whoever makes it. The numbers and every
// distribution are defined here, in integers, so that they are the same on every compiler and
// library. Not for secrets: those come from Host::entropy.
//
// The generator is xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number
// generators", 2021), its state filled by SplitMix64.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "system/host/time.hpp"

namespace atlas::host {

class RandomSource {
  public:
    explicit RandomSource(std::uint64_t seed) noexcept;
    RandomSource(std::uint64_t seed_low, std::uint64_t seed_high) noexcept;

    std::uint64_t next() noexcept;

    /// Uniform in [0, bound). bound > 0.
    std::uint64_t below(std::uint64_t bound) noexcept;

    /// Uniform in [low, high], both ends included. low <= high.
    std::int64_t between(std::int64_t low, std::int64_t high) noexcept;
    Duration between(Duration low, Duration high) noexcept;

    /// True in `numerator` of `denominator` cases.
    bool chance(std::uint64_t numerator, std::uint64_t denominator) noexcept;

    /// A geometric approximation of an exponential with that mean, by a table: no floating point.
    /// At most about 22 times the mean.
    Duration exponential(Duration mean) noexcept;

    /// An index, drawn in proportion to its weight. At least one weight is above zero.
    std::size_t weighted(std::span<const std::uint32_t> weights) noexcept;

    void fill(std::span<std::byte> bytes) noexcept;

    template <typename T>
    void shuffle(std::vector<T>& items) noexcept {
        for (std::size_t i = items.size(); i > 1; --i) {
            const std::size_t j = below(i);
            std::swap(items[i - 1], items[j]);
        }
    }

  private:
    std::array<std::uint64_t, 4> state_;
};

/// One step of SplitMix64: a bijection that mixes well; used to derive seeds from seeds.
std::uint64_t mix(std::uint64_t value) noexcept;

}  // namespace atlas::host
