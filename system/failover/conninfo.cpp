#include "system/failover/conninfo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace atlas::failover {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// "name" of "name = 'value'"; empty for a line that is no setting.
std::string_view name_of(std::string_view line) {
    const std::string_view text = trim(line);
    if (text.empty() || text.front() == '#') return {};
    return text.substr(0, text.find_first_of(" \t="));
}

std::string unquote(std::string_view text) {
    if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return std::string(text);
    std::string value;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        value += text[i];
        const bool doubled = text[i] == '\'' && i + 2 < text.size() && text[i + 1] == '\'';
        if (doubled) ++i;
    }
    return value;
}

template <typename Visit>
void each_line(std::string_view file, const Visit& visit) {
    while (!file.empty()) {
        const std::size_t end = std::min(file.find('\n'), file.size());
        visit(file.substr(0, end));
        file.remove_prefix(std::min(end + 1, file.size()));
    }
}

}  // namespace

bool is_member_name(std::string_view text) {
    constexpr std::size_t longest = 63;  // Of a name in PostgreSQL.
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, is_allowed);
}

std::string conninfo(const host::Endpoint& upstream, std::string_view user, std::string_view self) {
    // Whoever reads from a machine that has gone dark would wait for two hours by TCP's defaults.
    constexpr std::string_view limits =
        "connect_timeout=5 keepalives_idle=5 keepalives_interval=5 keepalives_count=3 "
        "tcp_user_timeout=15000";
    return fmt::format("host={} port={} user={} application_name={} {}", upstream.address,
                       upstream.port, user, self, limits);
}

host::Endpoint endpoint_of(std::string_view conninfo) {
    host::Endpoint endpoint;
    while (!conninfo.empty()) {
        const std::size_t end = std::min(conninfo.find(' '), conninfo.size());
        const std::string_view word = conninfo.substr(0, end);
        conninfo.remove_prefix(std::min(end + 1, conninfo.size()));
        const std::size_t equals = std::min(word.find('='), word.size());
        const std::string_view key = word.substr(0, equals);
        const std::string value = unquote(word.substr(std::min(equals + 1, word.size())));
        if (key == "host" || key == "hostaddr") endpoint.address = value;
        if (key == "port")
            std::from_chars(value.data(), value.data() + value.size(), endpoint.port);
    }
    return endpoint;
}

std::optional<std::string> setting_in(std::string_view file, std::string_view name) {
    std::optional<std::string> value;
    each_line(file, [&](std::string_view line) {
        if (name_of(line) != name) return;
        const std::string_view rest = trim(trim(line).substr(name.size()));
        value = unquote(trim(rest.starts_with('=') ? rest.substr(1) : rest));
    });
    return value;
}

std::string with_setting(std::string_view file, std::string_view name, std::string_view value) {
    std::string text;
    each_line(file, [&](std::string_view line) {
        if (name_of(line) == name) return;
        text += line;
        text += '\n';
    });
    text += name;
    text += " = '";
    for (const char c : value) {
        if (c == '\'') text += c;
        text += c;
    }
    text += "'\n";
    return text;
}

}  // namespace atlas::failover
