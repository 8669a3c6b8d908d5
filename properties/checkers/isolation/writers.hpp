#pragma once
// Who wrote a version.

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

#include "properties/checkers/isolation/dependency_graph.hpp"
#include "properties/checkers/isolation/transactions.hpp"

namespace atlas::properties::isolation {

struct Written {
    Key key = 0;
    Value value = nil;
    TransactionNumber transaction = 0;
    std::uint32_t access = 0;  ///< Among the transaction's.
    bool is_last = true;       ///< The transaction's last one of that key.
    bool is_read = false;      ///< Some committed transaction read it.

    friend bool operator<(const Written& a, const Written& b) {
        return std::tie(a.key, a.value) < std::tie(b.key, b.value);
    }
};

/// All versions, by key and value.
class Writers {
  public:
    explicit Writers(const TransactionHistory& history);

    /// Null when nobody wrote it. O(log n).
    Written* find(Key key, Value value);

    /// Those of one key.
    std::span<Written> of(Key key);

  private:
    std::vector<Written> written_;
    std::vector<std::size_t> first_;
};

}  // namespace atlas::properties::isolation
