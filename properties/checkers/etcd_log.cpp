#include "properties/checkers/etcd_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "properties/history/lines.hpp"

namespace atlas::properties {

namespace {

using Action = RegisterOperation::Action;

constexpr std::string_view example = "\"INFO  jepsen.util - 3 :invoke :write 1\"";

struct LogLine {
    std::uint64_t process = 0;
    std::string_view type;      ///< ":ok"
    std::string_view function;  ///< ":cas"
    std::string_view value;     ///< "[1 2]"
};

struct Invocation {
    std::string function;
    std::string value;
    std::uint64_t line = 0;
};

std::unexpected<Unreadable> unreadable(std::size_t line, std::string reason, std::string expected) {
    return std::unexpected(Unreadable{line, std::move(reason), std::move(expected)});
}

std::string_view take_word(std::string_view& rest) {
    while (!rest.empty() && Lines::is_blank(rest.front()))
        rest.remove_prefix(1);
    std::size_t end = 0;
    while (end < rest.size() && !Lines::is_blank(rest[end]))
        ++end;
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    while (!rest.empty() && Lines::is_blank(rest.front()))
        rest.remove_prefix(1);
    return word;
}

bool is_number(std::string_view word) {
    if (word.starts_with('-')) word.remove_prefix(1);
    return !word.empty() &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The two numbers of "[1 2]".
std::optional<std::pair<std::string, std::string>> pair_of(std::string_view value) {
    if (!value.starts_with('[') || !value.ends_with(']') || value.size() < 2) return std::nullopt;
    std::string_view rest = value.substr(1, value.size() - 2);
    const std::string_view first = take_word(rest);
    const std::string_view second = take_word(rest);
    if (!is_number(first) || !is_number(second) || !rest.empty()) return std::nullopt;
    return std::pair{std::string(first), std::string(second)};
}

class EtcdLogReader {
  public:
    std::expected<Partition<RegisterModel>, Unreadable> read(std::string_view text);

  private:
    using Step = std::expected<void, Unreadable>;

    static std::expected<std::optional<LogLine>, Unreadable> parse(std::string_view text,
                                                                   std::size_t line);
    static Step check_value(const LogLine& entry, std::size_t line);
    Step invoke(const LogLine& entry, std::size_t line);
    Step complete(const LogLine& entry, std::size_t line);
    Step complete_ok(const LogLine& entry, const Invocation& invocation, std::size_t line);
    void add(std::uint64_t process, RegisterOperation operation, std::uint64_t call,
             std::uint64_t end);
    void add_open(std::uint64_t process, const Invocation& invocation);
    RegisterOperation attempted(const Invocation& invocation);

    Partition<RegisterModel> partition_{"the register", {}, {}};
    std::map<std::uint64_t, Invocation> open_;
};

std::expected<std::optional<LogLine>, Unreadable> EtcdLogReader::parse(std::string_view text,
                                                                       std::size_t line) {
    const std::string_view level = take_word(text);
    const std::string_view logger = take_word(text);
    const std::string_view dash = take_word(text);
    if (level != "INFO" || logger != "jepsen.util" || dash != "-") {
        return unreadable(line, "it does not begin with \"INFO  jepsen.util -\"",
                          fmt::format("a line like {}", example));
    }
    const std::string_view process = take_word(text);
    if (process == ":nemesis") return std::nullopt;
    LogLine entry;
    const auto [end, error] =
        std::from_chars(process.data(), process.data() + process.size(), entry.process);
    if (process.empty() || error != std::errc{} || end != process.data() + process.size()) {
        return unreadable(line, fmt::format("\"{}\" is no process number", process),
                          fmt::format("a number after the dash, like {}", example));
    }
    entry.type = take_word(text);
    entry.function = take_word(text);
    entry.value = text;
    if (entry.type != ":invoke" && entry.type != ":ok" && entry.type != ":fail" &&
        entry.type != ":info") {
        return unreadable(line, fmt::format("\"{}\" is no type of entry", entry.type),
                          ":invoke, :ok, :fail or :info");
    }
    if (entry.function != ":read" && entry.function != ":write" && entry.function != ":cas") {
        return unreadable(line, fmt::format("\"{}\" is no operation of a register", entry.function),
                          ":read, :write or :cas");
    }
    return entry;
}

auto EtcdLogReader::check_value(const LogLine& entry, std::size_t line) -> Step {
    const bool may_time_out = entry.type == ":fail" || entry.type == ":info";
    if (may_time_out && entry.value == ":timed-out") return {};
    const bool is_read = entry.function == ":read";
    if (entry.function == ":cas" ? pair_of(entry.value).has_value()
                                 : is_number(entry.value) || (is_read && entry.value == "nil")) {
        return {};
    }
    return unreadable(
        line, fmt::format("\"{}\" is no value of {} {}", entry.value, entry.type, entry.function),
        fmt::format("{}{}",
                    entry.function == ":cas" ? "two numbers such as [1 2]"
                    : is_read                ? "nil or a number"
                                             : "a number",
                    may_time_out ? ", or :timed-out" : ""));
}

auto EtcdLogReader::invoke(const LogLine& entry, std::size_t line) -> Step {
    const auto [open, is_new] = open_.try_emplace(
        entry.process, Invocation{std::string(entry.function), std::string(entry.value), line});
    if (is_new) return {};
    return unreadable(
        line,
        fmt::format("process {} invokes {} while its {} of line {} has not ended", entry.process,
                    entry.function, open->second.function, open->second.line),
        "one operation of a process at a time");
}

auto EtcdLogReader::complete(const LogLine& entry, std::size_t line) -> Step {
    const auto open = open_.find(entry.process);
    if (open == open_.end()) {
        return unreadable(
            line, fmt::format("process {} ends an operation it never invoked", entry.process),
            "an :invoke of the same process above it");
    }
    const Invocation invocation = std::move(open->second);
    open_.erase(open);
    if (invocation.function != entry.function) {
        return unreadable(line,
                          fmt::format("process {} ends {}, but line {} invoked {}", entry.process,
                                      entry.function, invocation.line, invocation.function),
                          "the same operation in both lines");
    }
    if (entry.type == ":info") {
        add_open(entry.process, invocation);
        return {};
    }
    if (entry.type == ":ok") return complete_ok(entry, invocation, line);
    if (entry.function == ":cas" && entry.value != ":timed-out") {
        RegisterOperation refused = attempted(invocation);
        refused.action = Action::refused_set;
        add(entry.process, refused, invocation.line, line);
    }
    return {};
}

auto EtcdLogReader::complete_ok(const LogLine& entry, const Invocation& invocation,
                                std::size_t line) -> Step {
    if (entry.function == ":read") {
        add(entry.process, {Action::read, partition_.model.holding(entry.value), 0},
            invocation.line, line);
        return {};
    }
    RegisterOperation done = attempted(invocation);
    const std::string asked = invocation.value;
    if (entry.function == ":cas" ? pair_of(asked) != pair_of(entry.value) : asked != entry.value) {
        return unreadable(line,
                          fmt::format("it ends with {}, but line {} invoked it with {}",
                                      entry.value, invocation.line, asked),
                          "the value of the :invoke");
    }
    if (done.action == Action::attempt_set) done.action = Action::set;
    add(entry.process, done, invocation.line, line);
    return {};
}

RegisterOperation EtcdLogReader::attempted(const Invocation& invocation) {
    if (invocation.function == ":write") {
        return {Action::write, partition_.model.holding(invocation.value), 0};
    }
    const auto values = pair_of(invocation.value);
    const State expected = partition_.model.holding(values->first);
    const State value = partition_.model.holding(values->second);
    return {Action::attempt_set, value, expected};
}

void EtcdLogReader::add(std::uint64_t process, RegisterOperation operation, std::uint64_t call,
                        std::uint64_t end) {
    partition_.operations.push_back({operation, process, Interval{call, end, {}, {}}});
}

void EtcdLogReader::add_open(std::uint64_t process, const Invocation& invocation) {
    // A read without an answer says nothing.
    if (invocation.function == ":read") return;
    add(process, attempted(invocation), invocation.line, Interval::never);
}

std::expected<Partition<RegisterModel>, Unreadable> EtcdLogReader::read(std::string_view text) {
    Lines lines(text);
    while (lines.next()) {
        const auto entry = parse(lines.text(), lines.number());
        if (!entry) return std::unexpected(entry.error());
        if (!entry->has_value()) continue;
        Step step = check_value(**entry, lines.number());
        if (step) {
            step = (*entry)->type == ":invoke" ? invoke(**entry, lines.number())
                                               : complete(**entry, lines.number());
        }
        if (!step) return std::unexpected(std::move(step.error()));
    }
    for (const auto& [process, invocation] : open_)
        add_open(process, invocation);
    std::sort(partition_.operations.begin(), partition_.operations.end(),
              [](const auto& a, const auto& b) { return a.interval.call < b.interval.call; });
    return std::move(partition_);
}

}  // namespace

std::expected<Partition<RegisterModel>, Unreadable> read_etcd_log(std::string_view text) {
    return EtcdLogReader().read(text);
}

}  // namespace atlas::properties
