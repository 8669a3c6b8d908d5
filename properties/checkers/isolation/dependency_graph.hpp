#pragma once
// Which transaction must come before which, and why: Adya's direct serialization graph, with the
// orders of sessions and of real time beside it.

#include <cstdint>
#include <span>
#include <vector>

#include "properties/checkers/isolation/transactions.hpp"

namespace atlas::properties::isolation {

/// A position in TransactionHistory::transactions; see also real_time_edges.
using TransactionNumber = std::uint32_t;

enum class Dependency : std::uint8_t {
    write_write,  ///< The second wrote over what the first wrote.
    write_read,   ///< The second read what the first wrote.
    read_write,   ///< The second wrote over what the first read (an anti-dependency).
    session,      ///< One client did the first, then the second.
    real_time,    ///< The first had ended before the second began.
};

struct Edge {
    TransactionNumber from = 0;
    TransactionNumber to = 0;
    Dependency kind = Dependency::write_write;
    /// For the first three: the key; the version that the first wrote or read (nil: none was there
    /// yet); and what the second wrote.
    Key key = 0;
    Value before = nil;
    Value after = nil;
    /// Of a write over a write: the outcome of one of the two is not known, so that it may have
    /// been rolled back, unless a level is claimed at which what is read has committed.
    bool is_uncertain = false;
};

/// A set of kinds of dependencies.
class Dependencies {
  public:
    constexpr Dependencies(std::initializer_list<Dependency> kinds) {
        for (const Dependency kind : kinds)
            bits_ |= bit(kind);
    }
    constexpr bool has(Dependency kind) const { return (bits_ & bit(kind)) != 0; }

  private:
    static constexpr std::uint32_t bit(Dependency kind) {
        return 1U << static_cast<std::uint32_t>(kind);
    }
    std::uint32_t bits_ = 0;
};

class DependencyGraph {
  public:
    /// Edges from a transaction to itself are left out.
    DependencyGraph(std::size_t nodes, const std::vector<Edge>& edges);

    std::size_t size() const { return first_.size() - 1; }
    std::span<const Edge> from(TransactionNumber transaction) const {
        return std::span(edges_).subspan(first_[transaction],
                                         first_[transaction + 1] - first_[transaction]);
    }
    std::span<const Edge> edges() const { return edges_; }

  private:
    std::vector<Edge> edges_;         ///< By where they come from.
    std::vector<std::size_t> first_;  ///< Of each transaction, among the edges.
};

/// "One client did this, then that", for what it knows to have committed; linear in the history.
std::vector<Edge> session_edges(const TransactionHistory& history);

/// "This had ended before that began". Time passes through nodes of its own, one for each end, with
/// numbers after those of the transactions: a transaction leads to its end, that to the next end,
/// and the last one before a transaction to it. So there are three edges for each transaction at
/// most.
std::vector<Edge> real_time_edges(const TransactionHistory& history);

/// Transactions and ends.
std::size_t nodes_with_real_time(const TransactionHistory& history);

}  // namespace atlas::properties::isolation
