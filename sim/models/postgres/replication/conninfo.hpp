#pragma once
// libpq's connection strings, as far as primary_conninfo needs them: "host=10.0.0.7 port=5432
// user=postgres application_name=b connect_timeout=5". Other keywords are read and have no effect.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "system/host/time.hpp"

namespace atlas::sim::models::postgres {

struct Conninfo {
    std::string host = {};
    std::uint16_t port = 5432;
    std::string user = "postgres";
    std::string application_name = {};
    /// For the whole way to a session; without it no limit. One second counts as two, as in libpq.
    std::optional<host::Duration> connect_timeout = {};
};

/// nullopt if it is not of the form keyword=value, values in quotes where they hold spaces, or if a
/// number is none.
std::optional<Conninfo> parse_conninfo(std::string_view text);

}  // namespace atlas::sim::models::postgres
