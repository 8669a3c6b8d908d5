#include "system/store/errors.hpp"

namespace atlas::store {

host::Error to_host_error(const sql::TransactionError& error) {
    // query_canceled (statement_timeout among others) and lock_not_available (lock_timeout).
    const bool late = error.cause.kind == sql::ErrorKind::deadline_exceeded ||
                      error.cause.sqlstate == "57014" || error.cause.sqlstate == "55P03";
    std::string detail = error.cause.message;
    if (!error.cause.sqlstate.empty()) detail += " (SQLSTATE " + error.cause.sqlstate + ")";
    return {late ? host::ErrorCode::deadline_exceeded : host::ErrorCode::unavailable,
            error.certainty, std::move(detail)};
}

}  // namespace atlas::store
