#include "properties/checkers/configuration_set.hpp"

#include <algorithm>

namespace atlas::properties {

namespace {

constexpr std::size_t first_capacity = 64;

/// Multiply and fold, word by word: the table's size is a power of two, so the low bits must depend
/// on all of the record.
std::uint64_t hash_of(std::span<const std::uint64_t> record) {
    std::uint64_t hash = 0x9e3779b97f4a7c15;
    for (const std::uint64_t word : record) {
        hash = (hash ^ word) * 0xff51afd7ed558ccd;
        hash ^= hash >> 32;
    }
    hash *= 0xc4ceb9fe1a85ec53;
    return hash ^ (hash >> 29);
}

}  // namespace

ConfigurationSet::ConfigurationSet(std::size_t words)
    : words_(words), mask_(first_capacity - 1), table_(first_capacity * words, vacant) {}

std::size_t ConfigurationSet::place_of(std::span<const std::uint64_t> record) const {
    std::size_t slot = hash_of(record) & mask_;
    while (true) {
        const std::uint64_t* stored = &table_[slot * words_];
        if (*stored == vacant || std::equal(record.begin(), record.end(), stored)) return slot;
        slot = (slot + 1) & mask_;
    }
}

bool ConfigurationSet::insert(std::span<const std::uint64_t> record) {
    const std::size_t slot = place_of(record);
    if (table_[slot * words_] != vacant) return false;
    std::copy(record.begin(), record.end(), &table_[slot * words_]);
    ++size_;
    if (size_ * 10 > (mask_ + 1) * 7) grow();
    return true;
}

void ConfigurationSet::grow() {
    const std::vector<std::uint64_t> old = std::move(table_);
    mask_ = mask_ * 2 + 1;
    table_.assign((mask_ + 1) * words_, vacant);
    for (std::size_t at = 0; at < old.size(); at += words_) {
        if (old[at] == vacant) continue;
        const std::span<const std::uint64_t> record(&old[at], words_);
        std::copy(record.begin(), record.end(), &table_[place_of(record) * words_]);
    }
}

}  // namespace atlas::properties
