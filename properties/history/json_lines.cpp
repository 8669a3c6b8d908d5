#include "properties/history/json_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "properties/history/lines.hpp"

namespace atlas::properties {

namespace {

using Json = nlohmann::json;

constexpr std::string_view example =
    R"({"time":1500000,"process":3,"type":"invoke","f":"get_user","value":{"id":"..."}})";

std::unexpected<Unreadable> unreadable(std::size_t line, std::string reason, std::string expected) {
    return std::unexpected(Unreadable{line, std::move(reason), std::move(expected)});
}

std::optional<EntryType> type_named(std::string_view word) {
    for (EntryType type : {EntryType::invoke, EntryType::ok, EntryType::fail, EntryType::info}) {
        if (name(type) == word) return type;
    }
    return std::nullopt;
}

/// An integer of at most 2^63 - 1 that is not negative.
std::optional<std::uint64_t> natural(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_integer()) return std::nullopt;
    if (!found->is_number_unsigned() && found->get<std::int64_t>() < 0) return std::nullopt;
    const auto number = found->get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return number;
}

std::optional<std::string> text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
}

std::expected<void, Unreadable> refuse_unknown_members(const Json& object, std::size_t line) {
    for (const auto& member : object.items()) {
        const std::string& key = member.key();
        if (key != "time" && key != "process" && key != "type" && key != "f" && key != "value" &&
            key != "error" && key != "operation") {
            return unreadable(line, fmt::format("it has an unknown member \"{}\"", key),
                              "only time, process, type, f, value, error and operation");
        }
    }
    return {};
}

/// How deep arrays and objects are nested; writing a value out again recurses that deep.
std::size_t nesting(std::string_view text) {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string && c == '\\') {
            ++i;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == '[' || c == '{')) {
            deepest = std::max(deepest, ++depth);
        } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

std::expected<Entry, Unreadable> read_entry(std::string_view text, std::size_t line) {
    constexpr std::size_t deepest = 64;
    if (nesting(text) > deepest) {
        return unreadable(line, "it is nested too deep",
                          fmt::format("at most {} levels of arrays and objects", deepest));
    }
    const Json object = Json::parse(text, nullptr, false);
    if (!object.is_object()) {
        return unreadable(line, "it is not a JSON object",
                          fmt::format("one object on each line, like {}", example));
    }
    if (const auto known = refuse_unknown_members(object, line); !known) {
        return std::unexpected(known.error());
    }
    Entry entry;
    const auto time = natural(object, "time");
    if (!time) {
        return unreadable(line, "\"time\" is missing or no whole number",
                          "nanoseconds since the start of the run, such as 1500000");
    }
    entry.time = host::Duration(static_cast<std::int64_t>(*time));
    const auto process = natural(object, "process");
    if (!process) {
        return unreadable(line, "\"process\" is missing or no whole number",
                          "the client's number, from 0");
    }
    entry.process = *process;
    const auto type = type_named(text_of(object, "type").value_or(""));
    if (!type) {
        return unreadable(line, "\"type\" is missing or unknown",
                          "one of \"invoke\", \"ok\", \"fail\", \"info\"");
    }
    entry.type = *type;
    auto function = text_of(object, "f");
    if (!function || function->empty()) {
        return unreadable(line, "\"f\" is missing or no text",
                          "the name of what the client does, such as \"get_user\"");
    }
    entry.function = std::move(*function);
    if (const auto value = object.find("value"); value != object.end()) {
        entry.value = value->dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    entry.error = text_of(object, "error").value_or("");
    entry.operation = text_of(object, "operation").value_or("");
    return entry;
}

/// What every client has under way, and the time of the entry before.
class Discipline {
  public:
    std::expected<void, Unreadable> admit(const Entry& entry, std::size_t line) {
        if (entry.time < time_) {
            return unreadable(line,
                              fmt::format("its time {} is before {}, the time of the line above",
                                          entry.time.count(), time_.count()),
                              "entries in the order in which they happened");
        }
        time_ = entry.time;
        const auto open = open_.find(entry.process);
        if (entry.type == EntryType::invoke) {
            if (open != open_.end()) {
                return unreadable(line,
                                  fmt::format("client {} invokes \"{}\" while its \"{}\" of line "
                                              "{} has not ended",
                                              entry.process, entry.function, open->second.function,
                                              open->second.line),
                                  "one operation of a client at a time");
            }
            open_[entry.process] = {entry.function, line};
            return {};
        }
        if (open == open_.end()) {
            return unreadable(line,
                              fmt::format("client {} ends \"{}\", which it never invoked",
                                          entry.process, entry.function),
                              "an \"invoke\" of the same process above it");
        }
        if (open->second.function != entry.function) {
            return unreadable(
                line,
                fmt::format("client {} ends \"{}\", but line {} invoked \"{}\"", entry.process,
                            entry.function, open->second.line, open->second.function),
                "the same \"f\" in both entries of an operation");
        }
        open_.erase(open);
        return {};
    }

  private:
    struct Open {
        std::string function;
        std::size_t line = 0;
    };
    std::map<std::uint64_t, Open> open_;
    host::Duration time_{};
};

}  // namespace

std::string_view name(EntryType type) noexcept {
    switch (type) {
        case EntryType::invoke:
            return "invoke";
        case EntryType::ok:
            return "ok";
        case EntryType::fail:
            return "fail";
        case EntryType::info:
            return "info";
    }
    return "info";
}

std::string to_json_line(const Entry& entry) {
    std::string line = fmt::format(
        R"({{"time":{},"process":{},"type":"{}","f":{},"value":{})", entry.time.count(),
        entry.process, name(entry.type),
        Json(entry.function).dump(-1, ' ', false, Json::error_handler_t::replace), entry.value);
    const auto add_text = [&line](std::string_view key, const std::string& text) {
        if (text.empty()) return;
        line += fmt::format(",\"{}\":{}", key,
                            Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
    };
    add_text("error", entry.error);
    add_text("operation", entry.operation);
    line += '}';
    return line;
}

std::string write_history(const History& history) {
    std::string text;
    for (const Entry& entry : history) {
        text += to_json_line(entry);
        text += '\n';
    }
    return text;
}

std::expected<History, Unreadable> read_history(std::string_view text) {
    History history;
    Discipline discipline;
    Lines lines(text);
    while (lines.next()) {
        // Entry n is line n: that is how reports name entries.
        if (lines.number() != history.size() + 1) {
            return unreadable(history.size() + 1, "it is empty", "no empty line between entries");
        }
        auto entry = read_entry(lines.text(), lines.number());
        if (!entry) return std::unexpected(std::move(entry.error()));
        auto admitted = discipline.admit(*entry, lines.number());
        if (!admitted) return std::unexpected(std::move(admitted.error()));
        history.push_back(std::move(*entry));
    }
    return history;
}

}  // namespace atlas::properties
