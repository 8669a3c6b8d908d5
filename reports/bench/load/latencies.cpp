#include "reports/bench/load/latencies.hpp"

#include <algorithm>
#include <bit>

#include "system/host/check.hpp"

namespace atlas::load {
namespace {

// Each doubling of the value is cut into so many buckets of one width.
constexpr unsigned cut_bits = 7;
constexpr std::uint64_t cuts = std::uint64_t{1} << cut_bits;
constexpr std::size_t bucket_count = (64 - cut_bits) * cuts;

// How many low bits of the value its bucket does not tell apart.
unsigned bits_lost(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    return width > cut_bits + 1 ? width - cut_bits - 1 : 0;
}

std::size_t bucket_of(std::uint64_t value) {
    const unsigned lost = bits_lost(value);
    return lost * cuts + (value >> lost);
}

// The largest value of the bucket.
std::uint64_t upper_end(std::size_t bucket) {
    if (bucket < 2 * cuts) return bucket;
    const std::uint64_t lost = bucket / cuts - 1;
    return ((bucket - lost * cuts + 1) << lost) - 1;
}

}  // namespace

Latencies::Latencies() : buckets_(bucket_count) {}

void Latencies::record(host::Duration latency) {
    ATLAS_CHECK(latency >= host::Duration::zero(), "nothing ends before it begins");
    ++buckets_[bucket_of(static_cast<std::uint64_t>(latency.count()))];
    ++count_;
    longest_ = std::max(longest_, latency);
}

host::Duration Latencies::at_most(std::uint64_t per_thousand) const {
    const std::uint64_t wanted = (count_ * per_thousand + 999) / 1000;
    std::uint64_t passed = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
        passed += buckets_[bucket];
        if (passed == 0 || passed < wanted) continue;
        return std::min(longest_, host::Duration(upper_end(bucket)));
    }
    return longest_;
}

}  // namespace atlas::load
