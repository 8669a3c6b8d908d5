#pragma once
// postgresql://user:password@host:port,host:port/database, as libpq's documentation describes it
// ("Connection URIs"), without its parameters. Of several servers one is the primary, and it
// changes.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/network.hpp"

namespace atlas::adapters {

struct DatabaseUrl {
    std::string user;
    std::string password = {};
    /// At least one; names or numeric addresses, without brackets.
    std::vector<host::Endpoint> servers;
    std::string database;

    friend bool operator==(const DatabaseUrl&, const DatabaseUrl&) = default;
};

/// Of so many servers one is the primary, at most.
inline constexpr std::size_t most_database_servers = 16;

/// The error says what is wrong, without any part of the text: it may hold a password.
std::expected<DatabaseUrl, std::string> parse_database_url(std::string_view text);

}  // namespace atlas::adapters
