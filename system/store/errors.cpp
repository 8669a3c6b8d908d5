#include "system/store/errors.hpp"

#include <algorithm>
#include <array>

namespace atlas::store {
namespace {

/// query_canceled (statement_timeout among others) and lock_not_available (lock_timeout).
bool is_late(const sql::Error& error) {
    return error.kind == sql::ErrorKind::deadline_exceeded || error.sqlstate == "57014" ||
           error.sqlstate == lock_not_available;
}

/// Whether the server, the way to it or its load stood in the way. All other errors of the server
/// are about the statement, which is ours, and would come again.
bool is_passing(const sql::Error& error) {
    if (error.kind != sql::ErrorKind::server) return true;
    // Connection, rollback of a transaction, resources, object state, operator, system; and the
    // timeout of a transaction that its client left idle, as a paused process does.
    constexpr std::array<std::string_view, 7> classes{"08", "40", "53", "55", "57", "58", "25P03"};
    return std::ranges::any_of(
        classes, [&](std::string_view prefix) { return error.sqlstate.starts_with(prefix); });
}

}  // namespace

host::Error to_host_error(const sql::TransactionError& error) {
    const host::ErrorCode code = is_late(error.cause)      ? host::ErrorCode::deadline_exceeded
                                 : is_passing(error.cause) ? host::ErrorCode::unavailable
                                                           : host::ErrorCode::invalid_argument;
    std::string detail = error.cause.message;
    if (!error.cause.sqlstate.empty()) detail += " (SQLSTATE " + error.cause.sqlstate + ")";
    return {code, error.certainty, std::move(detail)};
}

}  // namespace atlas::store
