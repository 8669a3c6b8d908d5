#pragma once
// `atlas-sim check linearizable FILE`: which format a text is in, and whether the history in it is
// linearizable.
//
//   our history lines      {"time":...,"process":...   users as registers with compare-and-set
//   Jepsen's etcd log      INFO  jepsen.util - ...      one register with compare-and-set
//   Porcupine's key-value  {:process 0, :type ...       get, put and append by key

#include <expected>
#include <string_view>

#include "properties/checkers/linearizability.hpp"
#include "properties/history/unreadable.hpp"

namespace atlas::properties {

enum class HistoryFormat : std::uint8_t { history_lines, etcd_log, key_value_log };

/// "history lines", "Jepsen etcd log", "key-value EDN".
std::string_view name(HistoryFormat format) noexcept;

struct FileReport {
    HistoryFormat format = HistoryFormat::history_lines;
    LinearizabilityReport report = {};
};

/// A text without operations is unreadable: it proves nothing, and is most likely a mistake.
std::expected<FileReport, Unreadable> check_linearizable_file(std::string_view text,
                                                              LinearizabilityBudget budget = {});

}  // namespace atlas::properties
