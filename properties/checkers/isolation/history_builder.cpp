#include "properties/checkers/isolation/history_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace atlas::properties::isolation {

namespace {

std::unexpected<Unreadable> unreadable(std::size_t line, std::string reason, std::string expected) {
    return std::unexpected(Unreadable{line, std::move(reason), std::move(expected)});
}

bool is_same_request(const Access& asked, const Access& answered) {
    return asked.kind == answered.kind && asked.key == answered.key &&
           (asked.kind == AccessKind::read || asked.value == answered.value);
}

}  // namespace

Access HistoryBuilder::interned(const WrittenAccess& access) {
    Access result{.kind = access.kind, .key = history_.keys.number_of(access.key)};
    if (access.value) result.value = history_.values.number_of(*access.value);
    if (access.list) {
        result.list.reserve(access.list->size());
        for (const std::string& each : *access.list)
            result.list.push_back(history_.values.number_of(each));
    }
    return result;
}

auto HistoryBuilder::invoke(std::size_t line, std::uint64_t process,
                            const std::vector<WrittenAccess>& accesses) -> Step {
    const auto [open, is_new] = open_.try_emplace(process, history_.transactions.size());
    if (!is_new) {
        return unreadable(
            line,
            fmt::format("process {} begins a transaction while its one of line {} has "
                        "not ended",
                        process, history_.transactions[open->second].invoked),
            "one transaction of a process at a time");
    }
    Transaction transaction{.process = process, .invoked = line};
    for (const WrittenAccess& each : accesses) {
        if (each.kind == AccessKind::append && first_append_ == 0) first_append_ = line;
        if (each.kind == AccessKind::write && first_write_ == 0) first_write_ = line;
        transaction.accesses.push_back(interned(each));
    }
    history_.transactions.push_back(std::move(transaction));
    return {};
}

auto HistoryBuilder::complete(std::size_t line, std::uint64_t process, Outcome outcome,
                              const std::vector<WrittenAccess>& accesses) -> Step {
    const auto open = open_.find(process);
    if (open == open_.end()) {
        return unreadable(line,
                          fmt::format("process {} ends a transaction it never began", process),
                          "its beginning above it");
    }
    Transaction& transaction = history_.transactions[open->second];
    open_.erase(open);
    transaction.outcome = outcome;
    if (outcome == Outcome::unknown) return {};
    transaction.completed = line;
    if (outcome == Outcome::aborted) return {};
    std::vector<Access> answered;
    for (const WrittenAccess& each : accesses) {
        if (each.list && first_list_ == 0) first_list_ = line;
        if (each.kind == AccessKind::read && each.value && first_single_ == 0) first_single_ = line;
        answered.push_back(interned(each));
    }
    if (!std::ranges::equal(transaction.accesses, answered, is_same_request)) {
        return unreadable(
            line,
            fmt::format("it ends another transaction than the one process {} began on "
                        "line {}",
                        process, transaction.invoked),
            "the same accesses in the same order, with answers to the reads");
    }
    transaction.accesses = std::move(answered);
    return {};
}

auto HistoryBuilder::fix_model(std::optional<DataModel> wanted) -> Step {
    if (first_append_ > 0 && first_write_ > 0) {
        return unreadable(
            std::max(first_append_, first_write_),
            fmt::format("it writes registers on line {} and appends to lists on line {}",
                        first_write_, first_append_),
            "one of the two in a history");
    }
    if (first_append_ > 0 || first_write_ > 0) {
        history_.model = first_append_ > 0 ? DataModel::list_append : DataModel::rw_register;
    } else {
        history_.model =
            wanted.value_or(first_single_ > 0 ? DataModel::rw_register : DataModel::list_append);
    }
    if (wanted && *wanted != history_.model) {
        return unreadable(
            std::max(first_append_, first_write_),
            fmt::format("the history is {}, not {}", name(history_.model), name(*wanted)),
            fmt::format("--model {}, or none", name(history_.model)));
    }
    return {};
}

auto HistoryBuilder::check_answers() const -> Step {
    if (history_.model == DataModel::list_append && first_single_ > 0) {
        return unreadable(first_single_, "a read of a list has one value for an answer",
                          "a list of values, or nil");
    }
    if (history_.model == DataModel::rw_register && first_list_ > 0) {
        return unreadable(first_list_, "a read of a register has a list for an answer",
                          "one value, or nil");
    }
    return {};
}

auto HistoryBuilder::check_unique() const -> Step {
    std::vector<std::tuple<Key, Value, std::size_t>> written;
    for (const Transaction& transaction : history_.transactions) {
        for (const Access& access : transaction.accesses) {
            if (access.kind != AccessKind::read)
                written.emplace_back(access.key, access.value, transaction.invoked);
        }
    }
    std::ranges::sort(written);
    for (std::size_t i = 1; i < written.size(); ++i) {
        const auto& [key, value, line] = written[i];
        const auto& [key_before, value_before, line_before] = written[i - 1];
        if (key != key_before || value != value_before) continue;
        return unreadable(
            line,
            fmt::format("it sets {} to {}, as line {} does: a read could not tell which it saw",
                        history_.keys.text(key), history_.values.text(value), line_before),
            "values that are used once for a key");
    }
    return {};
}

std::expected<TransactionHistory, Unreadable> HistoryBuilder::finish(
    std::optional<DataModel> wanted) {
    if (history_.transactions.empty()) {
        return unreadable(0, "it has no transactions", "a history with at least one");
    }
    Step step = fix_model(wanted);
    if (step) step = check_answers();
    if (step) step = check_unique();
    if (!step) return std::unexpected(std::move(step.error()));
    return std::move(history_);
}

}  // namespace atlas::properties::isolation
