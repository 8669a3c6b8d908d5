#pragma once
// What a running server says of itself, by one statement that means the same on a primary and on a
// follower. The timeline is not part of it: only those that have all of one primary's commits are
// ever compared, and of them positions tell enough.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/failover/observation.hpp"
#include "system/sql/connection.hpp"

namespace atlas::failover {

struct ServerStatus {
    Role role = Role::follower;
    /// Its system identifier: the same in all copies of one database.
    std::string database = {};
    /// How far its log is on its disk.
    std::uint64_t position = 0;
    /// synchronous_standby_names, as the session sees it.
    std::string synchronous_names = {};
    /// primary_conninfo, likewise: the file may say something else by now.
    std::string conninfo = {};
    /// The process that receives the log, as a follower has it once it is connected; else empty.
    /// One that is refused has it for a moment, and the next time another one.
    std::string receiver = {};
    struct Standby {
        std::string name;
        std::uint64_t flushed = 0;

        friend bool operator==(const Standby&, const Standby&) = default;
    };
    /// That receive what is written, in the order of their names.
    std::vector<Standby> standbys = {};

    friend bool operator==(const ServerStatus&, const ServerStatus&) = default;
};

extern const std::string_view status_statement;

/// Nullopt if that is no answer to it.
std::optional<ServerStatus> read_status(const sql::QueryResult& result);

/// synchronous_standby_names, of which each one alone is enough: "" for nobody, "*" for anybody.
std::string synchronous_names(const std::vector<std::string>& members);

}  // namespace atlas::failover
