#include "adapters/configuration/database_url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace atlas::adapters {
namespace {

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    while (!text.empty()) {
        if (text.front() != '%') {
            decoded += text.front();
            text.remove_prefix(1);
            continue;
        }
        if (text.size() < 3) return std::nullopt;
        unsigned value = 0;
        const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 3, value, 16);
        // A NUL would end the value early in a C library.
        if (error != std::errc{} || end != text.data() + 3 || value == 0) return std::nullopt;
        decoded += static_cast<char>(value);
        text.remove_prefix(3);
    }
    return decoded;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

// "host", "host:port", "[::1]:port".
std::expected<host::Endpoint, std::string> parse_server(std::string_view text) {
    std::string_view name = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos)
            return std::unexpected("a '[' of its host is not closed");
        name = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && !port.starts_with(':'))
            return std::unexpected("its host is followed by something else");
    } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        name = text.substr(0, colon);
        port = text.substr(colon);
    }
    if (name.empty()) return std::unexpected("it names no host, or an empty one among several");
    host::Endpoint server{std::string(name), 5432};
    if (!port.empty() && !parse_port(port.substr(1), server.port))
        return std::unexpected("its port is not a number from 1 to 65535");
    return server;
}

// Servers with a ',' between them.
std::optional<std::string> parse_servers(std::string_view text, DatabaseUrl& url) {
    while (true) {
        const std::size_t comma = text.find(',');
        auto server = parse_server(text.substr(0, comma));
        if (!server) return std::move(server).error();
        if (std::ranges::find(url.servers, *server) != url.servers.end())
            return "it names a server twice";
        if (url.servers.size() == most_database_servers)
            return "it names more than " + std::to_string(most_database_servers) + " servers";
        url.servers.push_back(*std::move(server));
        if (comma == std::string_view::npos) return std::nullopt;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace

std::expected<DatabaseUrl, std::string> parse_database_url(std::string_view text) {
    const std::size_t scheme_end = text.find("://");
    const std::string_view scheme = text.substr(0, scheme_end);
    if (scheme_end == std::string_view::npos || (scheme != "postgresql" && scheme != "postgres")) {
        return std::unexpected("it does not start with postgresql://");
    }
    text.remove_prefix(scheme_end + 3);
    if (text.find_first_of("?#") != std::string_view::npos) {
        return std::unexpected("parameters after '?' are not supported");
    }
    const std::size_t slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    const std::string_view path =
        slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);

    DatabaseUrl url;
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos) return std::unexpected("it names no user");
    const std::string_view credentials = authority.substr(0, at);
    const std::size_t colon = credentials.find(':');
    const auto user = percent_decode(credentials.substr(0, colon));
    const auto password = percent_decode(
        colon == std::string_view::npos ? std::string_view{} : credentials.substr(colon + 1));
    const auto database = percent_decode(path);
    if (!user || !password || !database) return std::unexpected("it has a '%' without two digits");
    if (user->empty()) return std::unexpected("it names no user");
    if (database->empty()) return std::unexpected("it names no database");
    url.user = *user;
    url.password = *password;
    url.database = *database;
    if (auto wrong = parse_servers(authority.substr(at + 1), url)) {
        return std::unexpected(std::move(*wrong));
    }
    return url;
}

}  // namespace atlas::adapters
