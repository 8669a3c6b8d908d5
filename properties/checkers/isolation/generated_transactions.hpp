#pragma once
// Histories of transactions as a database of a known level would leave them, for tests and
// benchmarks: what the level forbids must not be found in them.

#include <cstddef>
#include <cstdint>

#include "properties/checkers/isolation/transactions.hpp"
#include "system/host/random.hpp"

namespace atlas::properties::isolation {

enum class GeneratedLevel : std::uint8_t {
    read_committed,       ///< Each read sees what has committed by then.
    snapshot_isolation,   ///< Each sees what had committed when it began; first committer wins.
    strict_serializable,  ///< All of a transaction happens at one moment.
};

struct GeneratedTransactions {
    DataModel model = DataModel::list_append;
    GeneratedLevel level = GeneratedLevel::strict_serializable;
    std::size_t transactions = 100;
    std::size_t processes = 5;
    /// In use at a time; each is left for a new one after so many writes.
    std::size_t keys = 4;
    std::size_t writes_of_a_key = 16;
    std::size_t most_accesses = 4;
    /// Of a hundred that commit, so many whose client is not told.
    std::size_t unknown_percent = 5;
};

TransactionHistory make_transactions(host::RandomSource& random,
                                     const GeneratedTransactions& options);

}  // namespace atlas::properties::isolation
