#include "sim/models/postgres/session/session_settings.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sim/models/postgres/names/lists.hpp"
#include "sim/models/postgres/types/text_format.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

enum class SettingType : std::uint8_t { text, boolean, milliseconds, integer, choice, zone };

struct Definition {
    std::string_view name;
    std::string_view shown_name;
    SettingType type;
    SettingContext context;
    std::string_view initial;
    /// Of a choice: separated by spaces, the hint's order.
    std::string_view choices = {};
    bool reported = false;
};

using enum SettingType;
using enum SettingContext;

// In the order of their lower-case names.
constexpr std::array definitions{
    Definition{"application_name", "application_name", text, user, "", {}, true},
    Definition{"bytea_output", "bytea_output", choice, user, "hex", "escape hex"},
    Definition{"check_function_bodies", "check_function_bodies", boolean, user, "on"},
    Definition{"client_encoding", "client_encoding", choice, user, "UTF8", "UTF8", true},
    Definition{"client_min_messages", "client_min_messages", choice, user, "notice",
               "debug5 debug4 debug3 debug2 debug1 log notice warning error"},
    Definition{"datestyle", "DateStyle", choice, user, "ISO, MDY", "ISO, MDY", true},
    Definition{"deadlock_timeout", "deadlock_timeout", milliseconds, user, "1s"},
    Definition{"default_transaction_deferrable", "default_transaction_deferrable", boolean, user,
               "off"},
    Definition{"default_transaction_isolation", "default_transaction_isolation", choice, user,
               "read committed", "serializable|repeatable read|read committed|read uncommitted"},
    Definition{"default_transaction_read_only",
               "default_transaction_read_only",
               boolean,
               user,
               "off",
               {},
               true},
    Definition{"extra_float_digits", "extra_float_digits", integer, user, "1"},
    Definition{"fsync", "fsync", boolean, sighup, "on"},
    Definition{"idle_in_transaction_session_timeout", "idle_in_transaction_session_timeout",
               milliseconds, user, "0"},
    Definition{"idle_session_timeout", "idle_session_timeout", milliseconds, user, "0"},
    Definition{"in_hot_standby", "in_hot_standby", boolean, internal, "off", {}, true},
    Definition{"integer_datetimes", "integer_datetimes", boolean, internal, "on", {}, true},
    Definition{"intervalstyle", "IntervalStyle", choice, user, "postgres",
               "postgres postgres_verbose sql_standard iso_8601", true},
    Definition{"is_superuser", "is_superuser", boolean, internal, "on", {}, true},
    Definition{"lock_timeout", "lock_timeout", milliseconds, user, "0"},
    Definition{"max_connections", "max_connections", integer, postmaster, "100"},
    Definition{"search_path", "search_path", text, user, "\"$user\", public"},
    Definition{"server_encoding", "server_encoding", text, internal, "UTF8", {}, true},
    Definition{"server_version", "server_version", text, internal, "15.0", {}, true},
    Definition{"server_version_num", "server_version_num", integer, internal, "150000"},
    Definition{"session_authorization", "session_authorization", text, internal, "", {}, true},
    Definition{"standard_conforming_strings",
               "standard_conforming_strings",
               boolean,
               user,
               "on",
               {},
               true},
    Definition{"statement_timeout", "statement_timeout", milliseconds, user, "0"},
    Definition{"synchronous_commit", "synchronous_commit", choice, user, "on",
               "local remote_write remote_apply on off"},
    Definition{"timezone", "TimeZone", zone, user, "UTC", {}, true},
    Definition{"transaction_deferrable", "transaction_deferrable", boolean, user, "off"},
    Definition{"transaction_isolation", "transaction_isolation", choice, user, "read committed",
               "serializable|repeatable read|read committed|read uncommitted"},
    Definition{"transaction_read_only", "transaction_read_only", boolean, user, "off"},
};

std::string lowered(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::optional<std::size_t> find_setting(std::string_view name) {
    const auto found = std::ranges::lower_bound(definitions, lowered(name), {}, &Definition::name);
    if (found == definitions.end() || found->name != lowered(name)) return std::nullopt;
    return static_cast<std::size_t>(found - definitions.begin());
}

std::size_t place_of(std::string_view name) {
    const auto place = find_setting(name);
    ATLAS_CHECK(place.has_value(), "the model asks only for settings that it has");
    return *place;
}

// As PostgreSQL has them: identifiers with dots between, anybody's to make up.
bool is_custom_name(std::string_view name) {
    bool at_start = true;
    bool dotted = false;
    for (const char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                            static_cast<unsigned char>(c) >= 0x80;
        const bool digit = (c >= '0' && c <= '9') || c == '$';
        if (c == '.' ? at_start : !letter && (at_start || !digit)) return false;
        dotted |= c == '.';
        at_start = c == '.';
    }
    return dotted && !at_start;
}

std::unexpected<Failure> invalid_value(const Definition& definition, std::string_view value) {
    return sql_error("22023", fmt::format("invalid value for parameter \"{}\": \"{}\"",
                                          definition.shown_name, value));
}

// As SHOW prints a time: in the largest unit that divides it.
std::string show_milliseconds(std::int64_t number) {
    struct Unit {
        std::string_view name;
        std::int64_t factor;
    };
    constexpr std::array units{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"min", 60'000},
                               Unit{"s", 1'000}, Unit{"ms", 1}};
    if (number == 0) return "0";
    for (const Unit& unit : units) {
        if (number % unit.factor == 0) return fmt::format("{}{}", number / unit.factor, unit.name);
    }
    return {};
}

// Words with commas between them; those that PostgreSQL knows may also begin like these.
bool is_date_style_word(std::string_view word) {
    constexpr std::array<std::string_view, 8> words{"iso", "sql", "german", "ymd",
                                                    "dmy", "mdy", "us",     "default"};
    return std::ranges::find(words, word) != words.end() || word.starts_with("postgres") ||
           word.starts_with("euro") || word.starts_with("noneuro");
}

Checked<std::string> canonical_date_style(const Definition& definition, std::string_view value) {
    const std::string wanted = lowered(value);
    if (wanted == lowered(definition.choices) || wanted == "iso" || wanted == "iso,mdy")
        return std::string(definition.choices);
    std::string_view rest = wanted;
    while (!trimmed(rest).empty()) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        const std::string_view word = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (is_date_style_word(word)) continue;
        auto error = invalid_value(definition, value);
        error.error()->detail = fmt::format("Unrecognized key word: \"{}\".", word);
        return error;
    }
    return not_covered(fmt::format("{} = {}", definition.shown_name, value));
}

Checked<std::string> canonical_choice(const Definition& definition, std::string_view value) {
    const std::string wanted = lowered(value);
    const std::string_view choices = definition.choices;
    if (definition.name == "client_encoding") {
        if (wanted == "utf8" || wanted == "utf-8" || wanted == "unicode") return "UTF8";
        if (!names::is_encoding(value)) return invalid_value(definition, value);
        return not_covered(fmt::format("the client encoding {}", value));
    }
    if (definition.name == "datestyle") return canonical_date_style(definition, value);
    if (definition.name == "bytea_output" && wanted == "escape")
        return not_covered("bytea_output = escape");
    if (definition.name == "synchronous_commit") {
        if (const auto simple = parse_bool_setting(value)) return *simple ? "on" : "off";
    }
    const char separator = choices.contains('|') ? '|' : ' ';
    std::string_view rest = choices;
    std::string hint;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(separator), rest.size());
        const std::string_view choice_name = rest.substr(0, end);
        if (choice_name == wanted && definition.name == "intervalstyle" && wanted != "postgres")
            return not_covered(fmt::format("IntervalStyle = {}", value));
        if (choice_name == wanted) return wanted;
        hint += (hint.empty() ? "" : ", ") + std::string(choice_name);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    auto error = invalid_value(definition, value);
    error.error()->hint = fmt::format("Available values: {}.", hint);
    return error;
}

Checked<std::string> canonical_time(const Definition& definition, std::string_view value) {
    const bool negative = value.starts_with('-');
    const auto duration =
        parse_time_setting(value.substr(negative ? 1 : 0), std::chrono::milliseconds(1));
    if (!duration) {
        auto error = invalid_value(definition, value);
        if (!value.empty() && value.front() >= '0' && value.front() <= '9') {
            error.error()->hint =
                "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and "
                "\"d\".";
        }
        return error;
    }
    const std::int64_t number = *duration / std::chrono::milliseconds(negative ? -1 : 1);
    const std::int64_t least = definition.name == "deadlock_timeout" ? 1 : 0;
    if (number < least || number > 2'147'483'647) {
        return sql_error("22023",
                         fmt::format("{} ms is outside the valid range for parameter \"{}\" ({} .. "
                                     "2147483647)",
                                     number, definition.shown_name, least));
    }
    return show_milliseconds(number);
}

Checked<std::string> canonical(const Definition& definition, std::string_view value) {
    switch (definition.type) {
        case text:
            return std::string(value);
        case boolean: {
            const auto parsed = parse_bool_setting(value);
            if (!parsed) {
                return sql_error("22023", fmt::format("parameter \"{}\" requires a Boolean value",
                                                      definition.shown_name));
            }
            if (definition.name == "standard_conforming_strings" && !*parsed)
                return not_covered("standard_conforming_strings = off");
            return *parsed ? "on" : "off";
        }
        case milliseconds:
            return canonical_time(definition, value);
        case integer: {
            std::int64_t number = 0;
            const char* const end = value.data() + value.size();
            const auto [stopped, error] = std::from_chars(value.data(), end, number);
            if (error != std::errc{} || stopped != end) return invalid_value(definition, value);
            return std::string(value);
        }
        case choice:
            return canonical_choice(definition, value);
        case zone: {
            const std::string wanted = lowered(value);
            if (wanted == "utc" || wanted == "etc/utc" || wanted == "gmt" || wanted == "zulu")
                return wanted == "utc" ? std::string("UTC") : std::string(value);
            if (!names::is_time_zone(value)) return invalid_value(definition, value);
            return not_covered(fmt::format("the time zone \"{}\"", value));
        }
    }
    return {};
}

Checked<> check_context(const Definition& definition) {
    switch (definition.context) {
        case user:
            return {};
        case postmaster:
            return sql_error("55P02",
                             fmt::format("parameter \"{}\" cannot be changed without restarting "
                                         "the server",
                                         definition.shown_name));
        case sighup:
            return sql_error("55P02", fmt::format("parameter \"{}\" cannot be changed now",
                                                  definition.shown_name));
        case internal:
            if (definition.name == "session_authorization")
                return not_covered("SET SESSION AUTHORIZATION");
            return sql_error(
                "55P02", fmt::format("parameter \"{}\" cannot be changed", definition.shown_name));
    }
    return {};
}

}  // namespace

SessionSettings::SessionSettings(const ServerSettings& server, const std::string& user)
    : server_(&server) {
    static_assert(definitions.size() == setting_count);
    for (std::size_t i = 0; i < setting_count; ++i)
        defaults_.text[i] = definitions[i].initial;
    const auto milliseconds_of = [](host::Duration duration) {
        return show_milliseconds(duration / std::chrono::milliseconds(1));
    };
    const auto put = [&](std::string_view name, std::string value) {
        defaults_.text[place_of(name)] = std::move(value);
    };
    put("session_authorization", user);
    put("fsync", server.fsync ? "on" : "off");
    put("synchronous_commit", std::string(name(server.synchronous_commit)));
    put("max_connections", fmt::format("{}", server.max_connections));
    put("deadlock_timeout", milliseconds_of(server.deadlock_timeout));
    put("statement_timeout", milliseconds_of(server.statement_timeout));
    put("lock_timeout", milliseconds_of(server.lock_timeout));
    put("idle_in_transaction_session_timeout",
        milliseconds_of(server.idle_in_transaction_session_timeout));
    put("idle_session_timeout", milliseconds_of(server.idle_session_timeout));
    for (std::size_t i = 0; i < setting_count; ++i)
        derive(defaults_, i);
    current_ = {defaults_, defaults_};
}

// What the server itself asks for on every statement is kept as a number.
void SessionSettings::derive(Values& values, std::size_t place) {
    const Definition& definition = definitions[place];
    if (definition.type == milliseconds) {
        const auto parsed = parse_time_setting(values.text[place], std::chrono::milliseconds(1));
        ATLAS_CHECK(parsed.has_value(), "a setting is kept in a form that can be read");
        if (definition.name == "statement_timeout") values.statement_timeout = *parsed;
        if (definition.name == "lock_timeout") values.lock_timeout = *parsed;
        if (definition.name == "deadlock_timeout") values.deadlock_timeout = *parsed;
        if (definition.name == "idle_session_timeout") values.idle_session_timeout = *parsed;
        if (definition.name == "idle_in_transaction_session_timeout")
            values.idle_in_transaction_session_timeout = *parsed;
    } else if (definition.name == "default_transaction_read_only") {
        values.default_read_only = values.text[place] == "on";
    } else if (definition.name == "default_transaction_deferrable") {
        values.default_deferrable = values.text[place] == "on";
    } else if (definition.name == "synchronous_commit") {
        using enum SynchronousCommit;
        for (const SynchronousCommit level : {off, on, local, remote_write, remote_apply}) {
            if (name(level) == values.text[place]) values.synchronous_commit = level;
        }
    }
}

Checked<std::string> SessionSettings::assign(Values& values, std::size_t place,
                                             std::string_view value) {
    SQL_TRY(values.text[place], canonical(definitions[place], value));
    derive(values, place);
    return values.text[place];
}

std::unexpected<Failure> SessionSettings::missing(std::string_view name) const {
    if (names::is_setting(name)) return not_covered(fmt::format("the setting {}", name));
    return sql_error("42704", fmt::format("unrecognized configuration parameter \"{}\"", name));
}

std::unexpected<Failure> SessionSettings::not_settable(std::string_view name) const {
    if (const auto shown = server_->show(lowered(name))) {
        if (shown->change == ServerSettings::Change::by_user) return missing(name);
        return sql_error("55P02",
                         shown->change == ServerSettings::Change::by_reload
                             ? fmt::format("parameter \"{}\" cannot be changed now", lowered(name))
                             : fmt::format("parameter \"{}\" cannot be changed without "
                                           "restarting the server",
                                           lowered(name)));
    }
    if (!name.contains('.')) return missing(name);
    if (is_custom_name(name)) return not_covered(fmt::format("the custom setting {}", name));
    auto error =
        sql_error("42602", fmt::format("invalid configuration parameter name \"{}\"", name));
    error.error()->detail =
        "Custom parameter names must be two or more simple identifiers separated by dots.";
    return error;
}

Checked<std::string> SessionSettings::show(std::string_view name) const {
    const auto place = find_setting(name);
    if (place) return active().text[*place];
    if (auto shown = server_->show(lowered(name))) return std::move(shown->value);
    return missing(name);
}

const std::string& SessionSettings::default_isolation() const {
    static const std::size_t place = place_of("default_transaction_isolation");
    return active().text[place];
}

std::string SessionSettings::spelling(std::string_view name) {
    const auto place = find_setting(name);
    return std::string(place ? definitions[*place].shown_name : name);
}

Checked<std::string> SessionSettings::set(std::string_view name, const std::string* value,
                                          bool local) {
    const auto place = find_setting(name);
    if (!place) return not_settable(name);
    SQL_CHECK(check_context(definitions[*place]));
    const std::string given = value == nullptr ? defaults_.text[*place] : *value;
    Values checked = current_.active;
    SQL_TRY(std::string shown, assign(checked, *place, given));
    if (before_.empty()) before_.push_back(current_);
    ++version_;
    current_.active = std::move(checked);
    if (!local) {
        const Checked<std::string> again = assign(current_.session, *place, given);
        ATLAS_CHECK(again.has_value(), "a value is good or bad whatever the others are");
    }
    return shown;
}

void SessionSettings::reset_all() {
    ++version_;
    if (before_.empty()) before_.push_back(current_);
    const std::size_t isolation = place_of("transaction_isolation");
    const std::size_t read_only = place_of("transaction_read_only");
    const std::size_t deferrable = place_of("transaction_deferrable");
    for (Values* values : {&current_.active, &current_.session}) {
        Values reset = defaults_;
        // A transaction's own modes are not reset.
        reset.text[isolation] = values->text[isolation];
        reset.text[read_only] = values->text[read_only];
        reset.text[deferrable] = values->text[deferrable];
        *values = std::move(reset);
    }
}

Checked<> SessionSettings::set_default(std::string_view name, const std::string& value) {
    const auto place = find_setting(name);
    if (!place) return not_settable(name);
    SQL_CHECK(check_context(definitions[*place]));
    SQL_CHECK(assign(defaults_, *place, value));
    current_ = {defaults_, defaults_};
    return {};
}

void SessionSettings::set_in_hot_standby(bool in_recovery) {
    if (in_recovery == in_hot_standby_) return;
    in_hot_standby_ = in_recovery;
    const std::size_t place = place_of("in_hot_standby");
    const std::string value = in_recovery ? "on" : "off";
    defaults_.text[place] = value;
    current_.active.text[place] = value;
    current_.session.text[place] = value;
    for (Level& level : before_) {
        level.active.text[place] = value;
        level.session.text[place] = value;
    }
    ++version_;
}

void SessionSettings::commit() {
    if (before_.empty()) return;
    ++version_;
    current_.active = current_.session;
    before_.clear();
}

void SessionSettings::roll_back() {
    if (before_.empty()) return;
    ++version_;
    current_ = before_.front();
    current_.active = current_.session;
    before_.clear();
}

void SessionSettings::push_savepoint() {
    if (before_.empty()) before_.push_back(current_);
    before_.push_back(current_);
}

void SessionSettings::roll_back_to_savepoint(std::size_t place) {
    ++version_;
    current_ = before_[place + 1];
    before_.resize(place + 2);
}

void SessionSettings::release_savepoint(std::size_t place) {
    before_.resize(place + 1);
}

std::vector<std::pair<std::string, std::string>> SessionSettings::reported() const {
    std::vector<std::pair<std::string, std::string>> found;
    for (std::size_t i = 0; i < setting_count; ++i) {
        if (definitions[i].reported)
            found.emplace_back(definitions[i].shown_name, active().text[i]);
    }
    return found;
}

std::vector<std::pair<std::string, std::string>> SessionSettings::all() const {
    std::vector<std::pair<std::string, std::string>> found;
    for (std::size_t i = 0; i < setting_count; ++i)
        found.emplace_back(definitions[i].shown_name, active().text[i]);
    for (const std::string_view name : ServerSettings::names()) {
        if (auto shown = server_->show(name)) found.emplace_back(name, std::move(shown->value));
    }
    std::ranges::sort(found, {}, [](const auto& entry) { return lowered(entry.first); });
    return found;
}

}  // namespace atlas::sim::models::postgres
