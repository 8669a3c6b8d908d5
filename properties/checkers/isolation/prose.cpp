#include "properties/checkers/isolation/prose.hpp"

#include <fmt/format.h>

namespace atlas::properties::isolation {

namespace {

constexpr std::size_t most_elements = 12;
constexpr std::size_t most_accesses = 12;

std::string lines_of(const Transaction& transaction) {
    if (transaction.outcome == Outcome::unknown)
        return fmt::format("from line {} on, of unknown outcome,", transaction.invoked);
    if (transaction.invoked == transaction.completed)
        return fmt::format("on line {}", transaction.invoked);
    return fmt::format("on lines {} to {}", transaction.invoked, transaction.completed);
}

}  // namespace

std::string_view name(DataModel model) noexcept {
    return model == DataModel::list_append ? "list-append" : "rw-register";
}

std::string describe_value(const TransactionHistory& history, Value value) {
    return value == nil ? "nil" : history.values.text(value);
}

std::string describe_list(const TransactionHistory& history, std::span<const Value> list) {
    std::string text = "[";
    const std::size_t left_out = list.size() > most_elements ? list.size() - most_elements : 0;
    if (left_out > 0) text += fmt::format("({} more) ", left_out);
    for (std::size_t i = left_out; i < list.size(); ++i) {
        if (i > left_out) text += ' ';
        text += describe_value(history, list[i]);
    }
    return text + "]";
}

std::string describe(const TransactionHistory& history, const Access& access) {
    const std::string& key = history.keys.text(access.key);
    switch (access.kind) {
        case AccessKind::append:
            return fmt::format("append {} {}", key, describe_value(history, access.value));
        case AccessKind::write:
            return fmt::format("write {} {}", key, describe_value(history, access.value));
        case AccessKind::read:
            break;
    }
    return fmt::format("read {} as {}", key,
                       history.model == DataModel::list_append
                           ? describe_list(history, access.list)
                           : describe_value(history, access.value));
}

std::string describe(const TransactionHistory& history, TransactionNumber number) {
    const Transaction& transaction = history.transactions[number];
    std::string accesses;
    for (std::size_t i = 0; i < transaction.accesses.size(); ++i) {
        if (i > 0) accesses += ", ";
        if (i == most_accesses) {
            accesses += fmt::format("{} more", transaction.accesses.size() - i);
            break;
        }
        const Access& access = transaction.accesses[i];
        const bool is_answered =
            access.kind != AccessKind::read || transaction.outcome == Outcome::committed;
        accesses += is_answered ? describe(history, access)
                                : fmt::format("read {}", history.keys.text(access.key));
    }
    return fmt::format("the transaction {} (process {}: {})", lines_of(transaction),
                       transaction.process, accesses);
}

std::string explain(const TransactionHistory& history, const Edge& edge, std::string_view first,
                    std::string_view second) {
    const bool is_list = history.model == DataModel::list_append;
    const auto key = [&] { return std::string_view(history.keys.text(edge.key)); };
    const std::string before = describe_value(history, edge.before);
    const std::string after = describe_value(history, edge.after);
    switch (edge.kind) {
        case Dependency::write_write:
            return is_list ? fmt::format("{} appended {} to {} after {} had appended {}", second,
                                         after, key(), first, before)
                           : fmt::format("{} wrote {} to {} over {}, which {} had written", second,
                                         after, key(), before, first);
        case Dependency::write_read:
            return is_list ? fmt::format("{} saw {} in {}, which {} had appended", second, before,
                                         key(), first)
                           : fmt::format("{} read {} as {}, which {} had written", second, key(),
                                         before, first);
        case Dependency::read_write:
            return is_list ? fmt::format("{} did not see {} in {}, which {} appended", first, after,
                                         key(), second)
                           : fmt::format("{} read {} as {}, which {} overwrote with {}", first,
                                         key(), before, second, after);
        case Dependency::session:
            return fmt::format("process {} did {} before {}",
                               history.transactions[edge.from].process, first, second);
        case Dependency::real_time:
            return fmt::format("{} ended on line {}, before {} began on line {}", first,
                               history.transactions[edge.from].completed, second,
                               history.transactions[edge.to].invoked);
    }
    return {};
}

}  // namespace atlas::properties::isolation
