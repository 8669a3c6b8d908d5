#pragma once
// Makes histories that are linearizable by construction: operations of several clients that overlap
// at random, each taking effect at one moment between its call and its end. For the tests and the
// benchmark of the checker.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "properties/checkers/key_value_model.hpp"
#include "properties/checkers/model.hpp"
#include "properties/checkers/register_model.hpp"
#include "properties/checkers/user_record_model.hpp"
#include "system/host/random.hpp"

namespace atlas::properties {

struct PlanOptions {
    std::size_t operations = 100;
    std::size_t clients = 5;
    /// Of 1000 operations, how many stay open: half of those take effect.
    std::uint32_t open_per_thousand = 0;
};

/// When operations are under way, and in which order they take effect.
struct Plan {
    struct Slot {
        std::uint64_t client = 0;
        Interval interval = {};
    };
    std::vector<Slot> slots;           ///< In order of their calls.
    std::vector<std::size_t> effects;  ///< Slots, in the order in which they take effect.
};

Plan make_plan(host::RandomSource& random, PlanOptions options);

/// Reads, writes and compare-and-sets of values 0 to values - 1.
Partition<RegisterModel> make_register_history(host::RandomSource& random, PlanOptions options,
                                               std::uint32_t values = 5);

/// Gets, appends of texts that are all different, and a few puts.
Partition<KeyValueModel> make_key_value_history(host::RandomSource& random, PlanOptions options);

/// A registration, then reads and updates, some of them with an outdated version.
Partition<UserRecordModel> make_user_history(host::RandomSource& random, PlanOptions options);

}  // namespace atlas::properties
