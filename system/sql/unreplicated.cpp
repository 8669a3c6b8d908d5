#include "system/sql/unreplicated.hpp"

namespace atlas::sql {

// The SQLSTATE does not tell it from other warnings. A server that speaks another language than
// English (lc_messages) is not understood.
std::optional<Error> unreplicated_commit(std::string_view sqlstate, std::string_view message) {
    const bool is_it = message.starts_with("canceling wait for synchronous replication") ||
                       message.starts_with("canceling the wait for synchronous replication");
    if (!is_it) return std::nullopt;
    return Error{.kind = ErrorKind::connection_lost,
                 .sqlstate = std::string(sqlstate),
                 .message = std::string(message)};
}

}  // namespace atlas::sql
