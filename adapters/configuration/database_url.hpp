#pragma once
// postgresql://user:password@host:port/database, as libpq's documentation describes it ("Connection
// URIs"), without its parameters.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace atlas::adapters {

struct DatabaseUrl {
    std::string user;
    std::string password = {};
    std::string host;  ///< A name or a numeric address, without brackets.
    std::uint16_t port = 5432;
    std::string database;

    friend bool operator==(const DatabaseUrl&, const DatabaseUrl&) = default;
};

/// The error says what is wrong, without any part of the text: it may hold a password.
std::expected<DatabaseUrl, std::string> parse_database_url(std::string_view text);

}  // namespace atlas::adapters
