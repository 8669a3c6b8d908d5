#pragma once
// `atlas-sim check serializable FILE`: histories of transactions as text, one entry a line.
//
//   ours
//   {"time":1,"process":0,"type":"ok","f":"transaction","value":[["append","x",1],["r","y",[2]]]}
//   Elle's   {:process 0, :type :ok, :f :txn, :value [[:append x 1] [:r y [2]]]}
//
// An access is "append", "w" or "r", a key, and a value: of a read that was not answered, null. In
// Elle's, entries of processes that are not numbers (the nemesis) are left out.

#include <expected>
#include <optional>
#include <string_view>

#include "properties/checkers/isolation/transactions.hpp"
#include "properties/history/unreadable.hpp"

namespace atlas::properties::isolation {

/// The function of an entry of ours that is a transaction.
inline constexpr std::string_view transaction_function = "transaction";

/// Without a model, the one that the accesses speak of. Errors: as HistoryBuilder's, and what is
/// not in the format.
std::expected<TransactionHistory, Unreadable> read_transactions(
    std::string_view text, std::optional<DataModel> model = std::nullopt);

}  // namespace atlas::properties::isolation
