#include "sim/models/postgres/replication/conninfo.hpp"

#include <algorithm>
#include <charconv>

namespace atlas::sim::models::postgres {
namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

void skip_spaces(std::string_view& text) {
    while (!text.empty() && is_space(text.front()))
        text.remove_prefix(1);
}

// In quotes or up to the next space; a backslash takes the next character as it is.
std::optional<std::string> take_value(std::string_view& text) {
    const bool quoted = text.starts_with('\'');
    if (quoted) text.remove_prefix(1);
    std::string value;
    while (!text.empty()) {
        if (quoted ? text.front() == '\'' : is_space(text.front())) break;
        if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
        value += text.front();
        text.remove_prefix(1);
    }
    if (!quoted) return value;
    if (text.empty()) return std::nullopt;
    text.remove_prefix(1);
    return value;
}

template <typename Number>
bool read_number(std::string_view text, Number& number) {
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && stopped == end;
}

// None is zero or less.
bool read_timeout(std::string_view text, std::optional<host::Duration>& timeout) {
    int seconds = 0;
    if (!read_number(text, seconds)) return false;
    timeout.reset();
    if (seconds > 0) timeout = std::chrono::seconds(std::max(seconds, 2));
    return true;
}

}  // namespace

std::optional<Conninfo> parse_conninfo(std::string_view text) {
    Conninfo conninfo;
    for (skip_spaces(text); !text.empty(); skip_spaces(text)) {
        const std::size_t equals = text.find('=');
        if (equals == text.npos) return std::nullopt;
        std::string keyword(text.substr(0, equals));
        while (!keyword.empty() && is_space(keyword.back()))
            keyword.pop_back();
        text.remove_prefix(equals + 1);
        skip_spaces(text);
        const auto value = take_value(text);
        if (!value || keyword.empty()) return std::nullopt;
        if (keyword == "host" || keyword == "hostaddr") conninfo.host = *value;
        if (keyword == "user") conninfo.user = *value;
        if (keyword == "application_name") conninfo.application_name = *value;
        if (keyword == "port" && !read_number(*value, conninfo.port)) return std::nullopt;
        if (keyword == "connect_timeout" && !read_timeout(*value, conninfo.connect_timeout))
            return std::nullopt;
    }
    return conninfo;
}

}  // namespace atlas::sim::models::postgres
