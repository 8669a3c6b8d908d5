#include "properties/checkers/linearizable_file.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "properties/checkers/etcd_log.hpp"
#include "properties/checkers/key_value_log.hpp"
#include "properties/checkers/user_records.hpp"
#include "properties/history/json_lines.hpp"
#include "properties/history/lines.hpp"

namespace atlas::properties {

namespace {

constexpr std::string_view formats_known =
    "a line of our history ({\"time\":...), of a Jepsen etcd log (INFO  jepsen.util - ...) or of a "
    "key-value history ({:process ...)";

using Outcome = std::expected<LinearizabilityReport, Unreadable>;

/// What has no operation proves nothing, and is most likely a mistake.
Unreadable without_operations() {
    return {0, "it has no operation that says anything",
            "a history with at least one operation that may have happened, or was answered"};
}

std::expected<HistoryFormat, Unreadable> format_of(std::string_view text) {
    Lines lines(text);
    if (!lines.next()) {
        return std::unexpected(without_operations());
    }
    if (lines.text().starts_with("INFO")) return HistoryFormat::etcd_log;
    if (lines.text().starts_with('{')) {
        const std::size_t first = lines.text().find_first_not_of(" \t{");
        const bool is_edn = first != std::string_view::npos && lines.text()[first] == ':';
        return is_edn ? HistoryFormat::key_value_log : HistoryFormat::history_lines;
    }
    return std::unexpected(
        Unreadable{lines.number(), "it is in no format known here", std::string(formats_known)});
}

Outcome check_users(std::string_view text, LinearizabilityBudget budget) {
    const auto history = read_history(text);
    if (!history) return std::unexpected(history.error());
    const auto operations = user_operations(*history);
    if (!operations) return std::unexpected(operations.error());
    if (operations->empty()) return std::unexpected(without_operations());
    return check_linearizable(user_record_partitions(*operations), budget);
}

Outcome check_register(std::string_view text, LinearizabilityBudget budget) {
    auto partition = read_etcd_log(text);
    if (!partition) return std::unexpected(std::move(partition.error()));
    if (partition->operations.empty()) return std::unexpected(without_operations());
    std::vector<Partition<RegisterModel>> partitions;
    partitions.push_back(std::move(*partition));
    return check_linearizable(std::move(partitions), budget);
}

Outcome check_keys(std::string_view text, LinearizabilityBudget budget) {
    auto partitions = read_key_value_log(text);
    if (!partitions) return std::unexpected(std::move(partitions.error()));
    if (partitions->empty()) return std::unexpected(without_operations());
    return check_linearizable(std::move(*partitions), budget);
}

Outcome check(HistoryFormat format, std::string_view text, LinearizabilityBudget budget) {
    switch (format) {
        case HistoryFormat::history_lines:
            return check_users(text, budget);
        case HistoryFormat::etcd_log:
            return check_register(text, budget);
        case HistoryFormat::key_value_log:
            return check_keys(text, budget);
    }
    return std::unexpected(Unreadable{});
}

}  // namespace

std::string_view name(HistoryFormat format) noexcept {
    switch (format) {
        case HistoryFormat::history_lines:
            return "history lines";
        case HistoryFormat::etcd_log:
            return "Jepsen etcd log";
        case HistoryFormat::key_value_log:
            return "key-value EDN";
    }
    return "unknown";
}

std::expected<FileReport, Unreadable> check_linearizable_file(std::string_view text,
                                                              LinearizabilityBudget budget) {
    const auto format = format_of(text);
    if (!format) return std::unexpected(format.error());
    auto report = check(*format, text, budget);
    if (!report) return std::unexpected(std::move(report.error()));
    return FileReport{*format, std::move(*report)};
}

}  // namespace atlas::properties
