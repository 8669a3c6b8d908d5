#include "properties/checkers/isolation/transaction_file.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "properties/checkers/edn_map.hpp"
#include "properties/checkers/isolation/history_builder.hpp"
#include "properties/history/json_lines.hpp"
#include "properties/history/lines.hpp"

namespace atlas::properties::isolation {

namespace {

using Json = nlohmann::json;
using Step = HistoryBuilder::Step;
using Accesses = std::expected<std::vector<WrittenAccess>, std::string>;

constexpr std::string_view access_example =
    R"(["append", "x", 1], ["w", "x", 1] or ["r", "x", null])";

std::unexpected<Unreadable> unreadable(std::size_t line, std::string reason, std::string expected) {
    return std::unexpected(Unreadable{line, std::move(reason), std::move(expected)});
}

std::optional<AccessKind> kind_of(std::string_view word) {
    if (word == "append") return AccessKind::append;
    if (word == "w") return AccessKind::write;
    if (word == "r") return AccessKind::read;
    return std::nullopt;
}

/// Both formats, seen alike: what an access is made of.
template <typename Reader, typename Node>
std::optional<WrittenAccess> access_of(const Node& node) {
    const auto parts = Reader::items(node);
    if (!parts || parts->size() != 3) return std::nullopt;
    const std::optional<std::string> word = Reader::scalar((*parts)[0]);
    const std::optional<std::string> key = Reader::scalar((*parts)[1]);
    if (!word || !key) return std::nullopt;
    const std::optional<AccessKind> kind = kind_of(*word);
    if (!kind) return std::nullopt;
    WrittenAccess access{.kind = *kind, .key = *key};
    const Node& value = (*parts)[2];
    if (Reader::is_nil(value)) {
        return access.kind == AccessKind::read ? std::optional(access) : std::nullopt;
    }
    access.value = Reader::scalar(value);
    if (access.value) return access;
    const auto elements = Reader::items(value);
    if (!elements || access.kind != AccessKind::read) return std::nullopt;
    access.list.emplace();
    for (const Node& each : *elements) {
        std::optional<std::string> element = Reader::scalar(each);
        if (!element) return std::nullopt;
        access.list->push_back(*std::move(element));
    }
    return access;
}

template <typename Reader, typename Node>
Accesses accesses_of(const Node& node) {
    const auto items = Reader::items(node);
    if (!items) return std::unexpected("its value is no list of accesses");
    std::vector<WrittenAccess> accesses;
    for (const Node& each : *items) {
        auto access = access_of<Reader>(each);
        if (!access)
            return std::unexpected(fmt::format("access {} cannot be read", accesses.size() + 1));
        accesses.push_back(*std::move(access));
    }
    return accesses;
}

struct JsonReader {
    static std::optional<std::vector<Json>> items(const Json& node) {
        if (!node.is_array()) return std::nullopt;
        return node.get<std::vector<Json>>();
    }
    static std::optional<std::string> scalar(const Json& node) {
        if (node.is_string()) return node.get<std::string>();
        if (node.is_number_integer()) return node.dump();
        return std::nullopt;
    }
    static bool is_nil(const Json& node) { return node.is_null(); }
};

struct EdnReader {
    static std::optional<std::vector<EdnValue>> items(const EdnValue& node) {
        if (node.kind != EdnValue::Kind::sequence) return std::nullopt;
        return node.items;
    }
    static std::optional<std::string> scalar(const EdnValue& node) {
        const bool is_scalar = node.kind == EdnValue::Kind::keyword ||
                               node.kind == EdnValue::Kind::number ||
                               node.kind == EdnValue::Kind::text;
        return is_scalar ? std::optional(node.text) : std::nullopt;
    }
    static bool is_nil(const EdnValue& node) { return node.kind == EdnValue::Kind::nil; }
};

Step add(HistoryBuilder& builder, std::size_t line, std::uint64_t process, EntryType type,
         const Accesses& accesses) {
    // What does not tell answers need not repeat the question.
    const bool needs_accesses = type == EntryType::invoke || type == EntryType::ok;
    if (needs_accesses && !accesses)
        return unreadable(line, accesses.error(), fmt::format("a list of {}", access_example));
    switch (type) {
        case EntryType::invoke:
            return builder.invoke(line, process, *accesses);
        case EntryType::ok:
            return builder.complete(line, process, Outcome::committed, *accesses);
        case EntryType::fail:
            return builder.complete(line, process, Outcome::aborted, {});
        case EntryType::info:
            return builder.complete(line, process, Outcome::unknown, {});
    }
    return {};
}

Step read_ours(std::string_view text, HistoryBuilder& builder) {
    const auto history = read_history(text);
    if (!history) return std::unexpected(history.error());
    for (std::size_t i = 0; i < history->size(); ++i) {
        const Entry& entry = (*history)[i];
        if (entry.function != transaction_function) continue;
        const Accesses accesses = accesses_of<JsonReader>(Json::parse(entry.value));
        const Step step = add(builder, i + 1, entry.process, entry.type, accesses);
        if (!step) return step;
    }
    return {};
}

std::optional<EntryType> type_of(const EdnMap& members) {
    const auto found = members.find("type");
    if (found == members.end() || found->second.kind != EdnValue::Kind::keyword)
        return std::nullopt;
    for (const EntryType type :
         {EntryType::invoke, EntryType::ok, EntryType::fail, EntryType::info}) {
        if (found->second.text == name(type)) return type;
    }
    return std::nullopt;
}

Step read_edn_line(std::string_view text, std::size_t line, HistoryBuilder& builder) {
    const auto members = read_edn_map(text);
    if (!members) {
        return unreadable(line, members.error(),
                          "a map like {:process 0, :type :ok, :f :txn, :value [[:append x 1]]}");
    }
    const auto process = members->find("process");
    if (process == members->end()) return unreadable(line, ":process is missing", ":process 3");
    if (process->second.kind != EdnValue::Kind::number) return {};
    const std::string& digits = process->second.text;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return unreadable(line, ":process is no number from 0 on", ":process 3");
    const std::optional<EntryType> type = type_of(*members);
    if (!type)
        return unreadable(line, ":type is missing or unknown", ":invoke, :ok, :fail or :info");
    const auto value = members->find("value");
    const Accesses accesses = value == members->end() ? Accesses(std::unexpect, ":value is missing")
                                                      : accesses_of<EdnReader>(value->second);
    return add(builder, line, number, *type, accesses);
}

Step read_elles(std::string_view text, HistoryBuilder& builder) {
    Lines lines(text);
    while (lines.next()) {
        const Step step = read_edn_line(lines.text(), lines.number(), builder);
        if (!step) return step;
    }
    return {};
}

bool is_json(std::string_view text) {
    const std::size_t brace = text.find_first_not_of(" \t\r\n");
    if (brace == std::string_view::npos || text[brace] != '{') return false;
    const std::size_t first = text.find_first_not_of(" \t", brace + 1);
    return first != std::string_view::npos && text[first] == '"';
}

}  // namespace

std::expected<TransactionHistory, Unreadable> read_transactions(std::string_view text,
                                                                std::optional<DataModel> model) {
    HistoryBuilder builder;
    const Step read = is_json(text) ? read_ours(text, builder) : read_elles(text, builder);
    if (!read) return std::unexpected(read.error());
    return builder.finish(model);
}

}  // namespace atlas::properties::isolation
