#pragma once
// What can be inferred from a history without knowing the database's mind (Elle, section 4): which
// transaction must come before which, and what is wrong at first sight.
//
// Sound: an edge or a finding is there only if every execution that explains the answers has it.
// (An append has its place in the list once its own transaction has read it there.) Not complete:
// what nobody read leaves no trace, so read every key at the end of a test.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "properties/checkers/isolation/dependency_graph.hpp"
#include "properties/checkers/isolation/level.hpp"
#include "properties/checkers/isolation/transactions.hpp"

namespace atlas::properties::isolation {

/// Anomalies, in the order of their severity; the first few of each are told.
class Findings {
  public:
    struct Found {
        std::size_t count = 0;
        std::vector<std::string> told = {};  ///< Sentences for people.
    };

    /// `tell` makes the text, and is called only if it is wanted.
    template <typename Tell>
    void add(Anomaly anomaly, Tell tell) {
        Found& found = found_[anomaly];
        if (++found.count <= most_told) found.told.push_back(tell());
    }
    const std::map<Anomaly, Found>& all() const { return found_; }

  private:
    static constexpr std::size_t most_told = 5;
    std::map<Anomaly, Found> found_;
};

struct Inference {
    std::vector<Edge> edges = {};
    /// Those of one read, or of two transactions, that need no cycle to be shown.
    Findings findings = {};
};

/// The longest read of a list is the order of its appends; all other reads must be its beginnings.
/// What took effect and is in no read comes after all that is. O(n log n) in the elements read.
Inference infer_list_append(const TransactionHistory& history);

/// A read names the write it saw. Of two versions the one is known to be the earlier if it is nil,
/// or if whoever wrote the later one had read it. O(n log n) in the accesses.
Inference infer_rw_register(const TransactionHistory& history);

}  // namespace atlas::properties::isolation
