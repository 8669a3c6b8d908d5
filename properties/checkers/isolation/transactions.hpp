#pragma once
// Transactions as their clients saw them: what each asked of which key, and what it was told.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "properties/checkers/interned_strings.hpp"

namespace atlas::properties::isolation {

/// What a key holds, and thereby what can be inferred from reading it.
enum class DataModel : std::uint8_t {
    list_append,  ///< A list that only grows: a read tells all that was appended before it.
    rw_register,  ///< One value: a read tells the last write alone.
};

/// "list-append", "rw-register".
std::string_view name(DataModel model) noexcept;

enum class AccessKind : std::uint8_t { read, append, write };

/// A number of InternedStrings.
using Key = std::uint32_t;
using Value = std::uint32_t;
/// What a register holds before its first write.
inline constexpr Value nil = std::numeric_limits<Value>::max();

struct Access {
    AccessKind kind = AccessKind::read;
    Key key = 0;
    /// What was appended or written, or a register's answer.
    Value value = nil;
    /// A list's answer.
    std::vector<Value> list = {};
};

enum class Outcome : std::uint8_t {
    committed,
    aborted,  ///< Definite: none of it ever took effect.
    unknown,  ///< It may have taken effect; its reads say nothing.
};

struct Transaction {
    std::uint64_t process = 0;
    Outcome outcome = Outcome::unknown;
    /// Lines of the history. An unknown one has no end.
    std::size_t invoked = 0;
    std::size_t completed = std::numeric_limits<std::size_t>::max();
    /// In the order in which it made them.
    std::vector<Access> accesses = {};
};

/// In the order of their invocations. Each value is appended or written to a key at most once.
struct TransactionHistory {
    DataModel model = DataModel::list_append;
    std::vector<Transaction> transactions = {};
    InternedStrings keys = {};
    InternedStrings values = {};
};

}  // namespace atlas::properties::isolation
