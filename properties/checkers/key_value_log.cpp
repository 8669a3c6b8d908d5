#include "properties/checkers/key_value_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>

#include "properties/checkers/edn_map.hpp"
#include "properties/history/lines.hpp"

namespace atlas::properties {

namespace {

constexpr std::string_view example =
    R"({:process 3, :type :invoke, :f :put, :key "0", :value "x"})";

struct LogLine {
    std::uint64_t process = 0;
    std::string type;
    std::string function;
    std::string key;
    EdnValue value;
};

struct Invocation {
    LogLine entry;
    std::uint64_t line = 0;
};

std::unexpected<Unreadable> unreadable(std::size_t line, std::string reason, std::string expected) {
    return std::unexpected(Unreadable{line, std::move(reason), std::move(expected)});
}

std::optional<std::uint64_t> process_of(const EdnMap& members) {
    const auto found = members.find("process");
    if (found == members.end() || found->second.kind != EdnValue::Kind::number) return std::nullopt;
    const std::string& text = found->second.text;
    std::uint64_t process = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), process);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return process;
}

/// The keyword under that name, when it is one of those allowed.
std::optional<std::string> keyword_of(const EdnMap& members, std::string_view name,
                                      std::initializer_list<std::string_view> allowed) {
    const auto found = members.find(name);
    if (found == members.end() || found->second.kind != EdnValue::Kind::keyword) {
        return std::nullopt;
    }
    if (std::find(allowed.begin(), allowed.end(), found->second.text) == allowed.end()) {
        return std::nullopt;
    }
    return found->second.text;
}

std::expected<LogLine, Unreadable> parse(std::string_view text, std::size_t line) {
    const auto members = read_edn_map(text);
    if (!members) return unreadable(line, members.error(), fmt::format("a map like {}", example));
    const auto process = process_of(*members);
    if (!process) return unreadable(line, ":process is missing or no number", ":process 3");
    auto type = keyword_of(*members, "type", {"invoke", "ok", "fail", "info"});
    if (!type) {
        return unreadable(line, ":type is missing or unknown", ":invoke, :ok, :fail or :info");
    }
    auto function = keyword_of(*members, "f", {"get", "put", "append"});
    if (!function) return unreadable(line, ":f is missing or unknown", ":get, :put or :append");
    const auto key = members->find("key");
    if (key == members->end() ||
        (key->second.kind != EdnValue::Kind::text && key->second.kind != EdnValue::Kind::number)) {
        return unreadable(line, ":key is missing or no text", ":key \"0\"");
    }
    const auto value = members->find("value");
    if (value == members->end()) return unreadable(line, ":value is missing", ":value \"x\"");
    const bool has_answer = *type == "ok" || (*type == "invoke" && *function != "get");
    if (has_answer && value->second.kind != EdnValue::Kind::text) {
        return unreadable(line, fmt::format("the :value of :{} :{} is no text", *type, *function),
                          ":value \"x\"");
    }
    return LogLine{*process, std::move(*type), std::move(*function), key->second.text,
                   value->second};
}

class KeyValueLogReader {
  public:
    std::expected<std::vector<Partition<KeyValueModel>>, Unreadable> read(std::string_view text);

  private:
    using Step = std::expected<void, Unreadable>;

    Step invoke(LogLine entry, std::size_t line);
    Step complete(const LogLine& entry, std::size_t line);
    void add(const Invocation& invocation, const std::string& value, std::uint64_t end);
    void add_open(const Invocation& invocation);

    std::map<std::string, Partition<KeyValueModel>> partitions_;
    std::map<std::uint64_t, Invocation> open_;
};

auto KeyValueLogReader::invoke(LogLine entry, std::size_t line) -> Step {
    const std::uint64_t process = entry.process;
    const auto open = open_.find(process);
    if (open == open_.end()) {
        open_.emplace(process, Invocation{std::move(entry), line});
        return {};
    }
    return unreadable(
        line,
        fmt::format("process {} invokes :{} while its :{} of line {} has not ended", process,
                    entry.function, open->second.entry.function, open->second.line),
        "one operation of a process at a time");
}

auto KeyValueLogReader::complete(const LogLine& entry, std::size_t line) -> Step {
    const auto open = open_.find(entry.process);
    if (open == open_.end()) {
        return unreadable(
            line, fmt::format("process {} ends an operation it never invoked", entry.process),
            "an :invoke of the same process above it");
    }
    const Invocation invocation = std::move(open->second);
    open_.erase(open);
    const bool same_value =
        entry.function == "get" || entry.type != "ok" || invocation.entry.value == entry.value;
    if (invocation.entry.function != entry.function || invocation.entry.key != entry.key ||
        !same_value) {
        return unreadable(line,
                          fmt::format("it ends another operation than the one process {} invoked "
                                      "on line {}",
                                      entry.process, invocation.line),
                          "the :f, :key and :value of the :invoke");
    }
    if (entry.type == "ok") add(invocation, entry.value.text, line);
    if (entry.type == "info") add_open(invocation);
    return {};
}

void KeyValueLogReader::add(const Invocation& invocation, const std::string& value,
                            std::uint64_t end) {
    const LogLine& entry = invocation.entry;
    Partition<KeyValueModel>& partition = partitions_[entry.key];
    if (partition.name.empty()) partition.name = fmt::format("key \"{}\"", entry.key);
    const KeyValueOperation operation = entry.function == "get"   ? partition.model.get(value)
                                        : entry.function == "put" ? partition.model.put(value)
                                                                  : partition.model.append(value);
    partition.operations.push_back(
        {operation, entry.process, Interval{invocation.line, end, {}, {}}});
}

void KeyValueLogReader::add_open(const Invocation& invocation) {
    // A get without an answer says nothing.
    if (invocation.entry.function == "get") return;
    add(invocation, invocation.entry.value.text, Interval::never);
}

std::expected<std::vector<Partition<KeyValueModel>>, Unreadable> KeyValueLogReader::read(
    std::string_view text) {
    Lines lines(text);
    while (lines.next()) {
        auto entry = parse(lines.text(), lines.number());
        if (!entry) return std::unexpected(std::move(entry.error()));
        const Step step = entry->type == "invoke" ? invoke(std::move(*entry), lines.number())
                                                  : complete(*entry, lines.number());
        if (!step) return std::unexpected(step.error());
    }
    for (const auto& [process, invocation] : open_)
        add_open(invocation);
    std::vector<Partition<KeyValueModel>> partitions;
    for (auto& [key, partition] : partitions_) {
        std::sort(partition.operations.begin(), partition.operations.end(),
                  [](const auto& a, const auto& b) { return a.interval.call < b.interval.call; });
        partitions.push_back(std::move(partition));
    }
    return partitions;
}

}  // namespace

std::expected<std::vector<Partition<KeyValueModel>>, Unreadable> read_key_value_log(
    std::string_view text) {
    return KeyValueLogReader().read(text);
}

}  // namespace atlas::properties
