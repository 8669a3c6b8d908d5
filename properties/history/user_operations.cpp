#include "properties/history/user_operations.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

namespace atlas::properties {

namespace {

using Json = nlohmann::json;

struct TextMember {
    const char* key;
    std::optional<std::string> UserFields::* field;
};
struct NumberMember {
    const char* key;
    std::optional<std::uint64_t> UserFields::* field;
};
constexpr TextMember text_members[] = {{"id", &UserFields::id},
                                       {"email", &UserFields::email},
                                       {"display_name", &UserFields::display_name},
                                       {"problem", &UserFields::problem},
                                       {"failure", &UserFields::failure},
                                       {"key", &UserFields::key},
                                       {"cursor", &UserFields::cursor},
                                       {"next_cursor", &UserFields::next_cursor},
                                       {"consistency", &UserFields::consistency}};
constexpr NumberMember number_members[] = {{"version", &UserFields::version},
                                           {"if_match", &UserFields::if_match},
                                           {"status", &UserFields::status},
                                           {"limit", &UserFields::limit}};

/// Nothing when it is no list of users.
std::optional<std::vector<ListedUser>> read_users(const Json& list) {
    if (!list.is_array()) return {};
    std::vector<ListedUser> users;
    for (const Json& element : list) {
        const auto text = [&](const char* key) {
            const auto member = element.find(key);
            return member != element.end() && member->is_string();
        };
        const bool is_user = element.is_object() && text("id") && text("email") &&
                             text("display_name") && element.contains("version") &&
                             element["version"].is_number_unsigned();
        if (!is_user) return {};
        users.push_back({element["id"], element["email"], element["display_name"],
                         element["version"].get<std::uint64_t>()});
    }
    return users;
}

/// An empty clause when all is well.
std::string read_member(UserFields& fields, const std::string& key, const Json& value) {
    for (const TextMember& member : text_members) {
        if (key != member.key) continue;
        if (!value.is_string()) return fmt::format("\"{}\" is no text", key);
        fields.*member.field = value.get<std::string>();
        return {};
    }
    for (const NumberMember& member : number_members) {
        if (key != member.key) continue;
        if (!value.is_number_unsigned()) return fmt::format("\"{}\" is no whole number", key);
        fields.*member.field = value.get<std::uint64_t>();
        return {};
    }
    if (key == "users") {
        fields.users = read_users(value);
        return fields.users ? "" : "\"users\" is no list of users";
    }
    if (key != "absent") return fmt::format("it has an unknown member \"{}\"", key);
    if (!value.is_boolean()) return "\"absent\" is neither true nor false";
    fields.absent = value.get<bool>();
    return {};
}

/// The members that an entry must have, as a clause; empty when it has them.
std::string missing(const UserOperation& operation, EntryType type) {
    const bool is_invoke = type == EntryType::invoke;
    const UserFields& fields = is_invoke ? operation.request : operation.response;
    switch (operation.function) {
        case UserFunction::repeat_registration:
            if (is_invoke && !fields.key) return "\"key\"";
            [[fallthrough]];
        case UserFunction::register_user:
            if (is_invoke && !(fields.email && fields.display_name)) {
                return "\"email\" and \"display_name\"";
            }
            if (type == EntryType::ok && !(fields.id && fields.display_name && fields.version)) {
                return "\"id\", \"display_name\" and \"version\"";
            }
            return {};
        case UserFunction::get_user:
            if (is_invoke && !fields.id) return "\"id\"";
            if (type == EntryType::ok && !fields.absent &&
                !(fields.display_name && fields.version)) {
                return "\"display_name\" and \"version\", or \"absent\":true";
            }
            return {};
        case UserFunction::change_email:
            if (is_invoke && !fields.email) return "\"email\"";
            [[fallthrough]];
        case UserFunction::patch_user:
            if (is_invoke && !(fields.id && fields.display_name && fields.if_match)) {
                return "\"id\", \"display_name\" and \"if_match\"";
            }
            if (type == EntryType::ok && !(fields.display_name && fields.version)) {
                return "\"display_name\" and \"version\"";
            }
            return {};
        case UserFunction::delete_user:
            if (is_invoke && !(fields.id && fields.if_match)) return "\"id\" and \"if_match\"";
            return {};
        case UserFunction::list_users:
            if (is_invoke && !fields.limit) return "\"limit\"";
            if (type == EntryType::ok && !fields.users) return "\"users\"";
            return {};
    }
    return {};
}

std::expected<void, Unreadable> take_fields(UserOperation& operation, const Entry& entry,
                                            std::size_t line) {
    auto fields = user_fields_from_json(entry.value);
    if (!fields) {
        return std::unexpected(Unreadable{line, fmt::format("in \"value\", {}", fields.error()),
                                          "the members that properties/history/README.md lists"});
    }
    (entry.type == EntryType::invoke ? operation.request : operation.response) = std::move(*fields);
    const std::string needed = missing(operation, entry.type);
    if (needed.empty()) return {};
    return std::unexpected(Unreadable{line,
                                      fmt::format("\"value\" lacks what \"{}\" of \"{}\" must say",
                                                  name(entry.type), entry.function),
                                      fmt::format("a \"value\" with {}", needed)});
}

}  // namespace

std::string to_json(const UserFields& fields) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const TextMember& member : text_members) {
        if (const auto& text = fields.*member.field) object[member.key] = *text;
    }
    for (const NumberMember& member : number_members) {
        if (const auto& number = fields.*member.field) object[member.key] = *number;
    }
    if (fields.absent) object["absent"] = true;
    if (fields.users) {
        auto& users = object["users"] = nlohmann::ordered_json::array();
        for (const ListedUser& user : *fields.users) {
            users.push_back({{"id", user.id},
                             {"email", user.email},
                             {"display_name", user.display_name},
                             {"version", user.version}});
        }
    }
    return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::expected<UserFields, std::string> user_fields_from_json(std::string_view json) {
    UserFields fields;
    const Json object = Json::parse(json, nullptr, false);
    if (object.is_null()) return fields;
    if (!object.is_object()) return std::unexpected("there is no object");
    for (const auto& member : object.items()) {
        std::string wrong = read_member(fields, member.key(), member.value());
        if (!wrong.empty()) return std::unexpected(std::move(wrong));
    }
    return fields;
}

std::string_view name(UserFunction function) noexcept {
    switch (function) {
        case UserFunction::register_user:
            return "register_user";
        case UserFunction::get_user:
            return "get_user";
        case UserFunction::patch_user:
            return "patch_user";
        case UserFunction::delete_user:
            return "delete_user";
        case UserFunction::list_users:
            return "list_users";
        case UserFunction::change_email:
            return "change_email";
        case UserFunction::repeat_registration:
            return "repeat_registration";
    }
    return "unknown";
}

std::optional<UserFunction> user_function_named(std::string_view wanted) noexcept {
    for (const UserFunction function : all_user_functions) {
        if (name(function) == wanted) return function;
    }
    return std::nullopt;
}

std::expected<std::vector<UserOperation>, Unreadable> user_operations(const History& history) {
    std::vector<UserOperation> operations;
    std::map<std::uint64_t, std::size_t> open;
    for (std::size_t i = 0; i < history.size(); ++i) {
        const Entry& entry = history[i];
        const std::size_t line = i + 1;
        const auto function = user_function_named(entry.function);
        if (!function) {
            return std::unexpected(
                Unreadable{line, fmt::format("\"{}\" is no known function", entry.function),
                           "one that properties/history/README.md lists"});
        }
        if (entry.type == EntryType::invoke) {
            open[entry.process] = operations.size();
            operations.push_back({.function = *function,
                                  .process = entry.process,
                                  .invoke_line = line,
                                  .invoked_at = entry.time});
        }
        UserOperation& operation = operations[open.at(entry.process)];
        if (entry.type != EntryType::invoke) {
            operation.outcome = entry.type;
            operation.end_line = line;
            operation.ended_at = entry.time;
            operation.error = entry.error;
        }
        if (auto taken = take_fields(operation, entry, line); !taken) {
            return std::unexpected(std::move(taken.error()));
        }
    }
    return operations;
}

}  // namespace atlas::properties
