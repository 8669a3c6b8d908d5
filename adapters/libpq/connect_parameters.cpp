#include "adapters/libpq/connect_parameters.hpp"

#include <algorithm>

namespace atlas::adapters::libpq {
namespace {

constexpr std::string_view white_space = " \t\n\r\f\v";

bool is_sqlstate(std::string_view text) {
    return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
           });
}

std::string_view trim_end(std::string_view text) {
    const std::size_t last = text.find_last_not_of(white_space);
    return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

}  // namespace

std::string backend_options(const std::vector<std::pair<std::string, std::string>>& settings) {
    std::string options;
    for (const auto& [name, value] : settings) {
        if (!options.empty()) options += ' ';
        options += "-c ";
        for (const char c : name + "=" + value) {
            if (c == '\\' || white_space.contains(c)) options += '\\';
            options += c;
        }
    }
    return options;
}

std::vector<std::pair<std::string, std::string>> connect_parameters(
    const sql::ConnectionTarget& target) {
    return {
        {"hostaddr", target.endpoint.address},
        {"port", std::to_string(target.endpoint.port)},
        {"user", target.user},
        {"dbname", target.database.empty() ? target.user : target.database},
        {"password", target.password},
        {"application_name", target.application_name},
        {"client_encoding", "UTF8"},
        {"options", backend_options(target.session_settings)},
        {"sslmode", "disable"},
        {"gssencmode", "disable"},
        {"target_session_attrs", "any"},
    };
}

// For example: connection to server at "127.0.0.1", port 5432 failed: FATAL:  28000: role "x" does
// not exist\nLOCATION:  InitializeSessionUserId, miscinit.c:735
sql::Error parse_connect_failure(std::string_view text) {
    constexpr std::string_view after_severity = ":  ";
    std::size_t at = text.find(after_severity);
    for (; at != std::string_view::npos; at = text.find(after_severity, at + 1)) {
        const std::string_view rest = text.substr(at + after_severity.size());
        const std::string_view sqlstate = rest.substr(0, 5);
        if (!is_sqlstate(sqlstate) || !rest.substr(5).starts_with(": ")) continue;
        const std::string_view line = rest.substr(7, rest.find('\n', 7) - 7);
        return {.kind = sql::ErrorKind::server,
                .sqlstate = std::string(sqlstate),
                .message = std::string(line),
                .fatal = true};
    }
    return {.kind = sql::ErrorKind::cannot_connect, .message = std::string(trim_end(text))};
}

}  // namespace atlas::adapters::libpq
