#pragma once
// How transactions and what they saw are told to people.

#include <span>
#include <string>

#include "properties/checkers/isolation/dependency_graph.hpp"
#include "properties/checkers/isolation/transactions.hpp"

namespace atlas::properties::isolation {

/// "5", or "nil".
std::string describe_value(const TransactionHistory& history, Value value);
/// "[1 2 5]"; of a long one the end.
std::string describe_list(const TransactionHistory& history, std::span<const Value> list);
/// "append x 1", "read x as [1 2]", "write x 1".
std::string describe(const TransactionHistory& history, const Access& access);
/// "the transaction on lines 3 to 7 (process 2: append x 1, read y as [])".
std::string describe(const TransactionHistory& history, TransactionNumber number);

/// Why the second of an edge comes after the first, which are called by the names given: "T2 read
/// x as 1, which T1 had written".
std::string explain(const TransactionHistory& history, const Edge& edge, std::string_view first,
                    std::string_view second);

}  // namespace atlas::properties::isolation
