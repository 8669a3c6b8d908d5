#include "system/host/random.hpp"

#include <bit>
#include <cstring>

#include "system/host/check.hpp"

namespace atlas::host {
namespace {

// -log2(1 - i/256), i = 0..255, and its continuation for the last cell, in units of 1/65536.
// Built with integers alone: log2 of a ratio by repeated squaring.
constexpr std::uint32_t negative_log2_65536(std::uint32_t numerator, std::uint32_t denominator) {
    // value = numerator / denominator in (0, 1]; returns -log2(value) * 65536.
    std::uint64_t mantissa = (static_cast<std::uint64_t>(denominator) << 31) / numerator;
    std::uint32_t result = 0;
    while (mantissa >= (1ULL << 32)) {
        mantissa >>= 1;
        result += 65536;
    }
    for (std::uint32_t bit = 32768; bit != 0; bit >>= 1) {
        mantissa = (mantissa * mantissa) >> 31;
        if (mantissa >= (1ULL << 32)) {
            mantissa >>= 1;
            result += bit;
        }
    }
    return result;
}

constexpr auto exponential_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i)
        table[i] = negative_log2_65536(512 - 2 * i - 1, 512);
    return table;
}();

}  // namespace

std::uint64_t mix(std::uint64_t value) noexcept {
    value += 0x9e3779b97f4a7c15ULL;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

RandomSource::RandomSource(std::uint64_t seed) noexcept : RandomSource(seed, 0) {}

RandomSource::RandomSource(std::uint64_t seed_low, std::uint64_t seed_high) noexcept {
    std::uint64_t value = seed_low ^ mix(seed_high);
    for (std::uint64_t& word : state_) {
        word = mix(value);
        value += 0x9e3779b97f4a7c15ULL;
    }
}

std::uint64_t RandomSource::next() noexcept {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t RandomSource::below(std::uint64_t bound) noexcept {
    ATLAS_CHECK(bound > 0, "an empty range has no member to draw");
    // Lemire's multiplication, without the rejection step when the bias is below 2^-32.
    if (bound <= (1ULL << 32)) {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
    }
    const std::uint64_t limit = bound * (UINT64_MAX / bound);
    for (;;) {
        const std::uint64_t draw = next();
        if (draw < limit) return draw % bound;
    }
}

std::int64_t RandomSource::between(std::int64_t low, std::int64_t high) noexcept {
    ATLAS_CHECK(low <= high, "an empty range has no member to draw");
    const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    if (width == UINT64_MAX) return static_cast<std::int64_t>(next());
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + below(width + 1));
}

Duration RandomSource::between(Duration low, Duration high) noexcept {
    return Duration{between(low.count(), high.count())};
}

bool RandomSource::chance(std::uint64_t numerator, std::uint64_t denominator) noexcept {
    return below(denominator) < numerator;
}

Duration RandomSource::exponential(Duration mean) noexcept {
    // -ln(u) = ln2 * (k + table), where k counts leading zero bits: a tail that is not cut at the
    // table's end. 45426/65536 is ln2.
    const std::uint64_t draw = next();
    const std::uint64_t whole = static_cast<std::uint64_t>(std::countl_zero(draw >> 32) - 32);
    const std::uint64_t log2_65536 =
        whole * 65536 + exponential_table[(draw & 0xff) >> 1];  // upper half: u in (1/2, 1]
    const unsigned __int128 scaled =
        static_cast<unsigned __int128>(static_cast<std::uint64_t>(mean.count())) * log2_65536 *
        45426;
    return Duration{static_cast<std::int64_t>(scaled >> 32)};
}

std::size_t RandomSource::weighted(std::span<const std::uint32_t> weights) noexcept {
    std::uint64_t total = 0;
    for (const std::uint32_t weight : weights)
        total += weight;
    std::uint64_t draw = below(total);
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (draw < weights[i]) return i;
        draw -= weights[i];
    }
    ATLAS_CHECK(false, "a draw below the total falls on some weight");
    return 0;
}

void RandomSource::fill(std::span<std::byte> bytes) noexcept {
    while (!bytes.empty()) {
        const std::uint64_t word = next();
        const std::size_t count = bytes.size() < sizeof word ? bytes.size() : sizeof word;
        std::memcpy(bytes.data(), &word, count);
        bytes = bytes.subspan(count);
    }
}

}  // namespace atlas::host
