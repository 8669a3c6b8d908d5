#pragma once
// From what PostgreSQL said to the one vocabulary of errors.

#include <string_view>

#include "system/sql/transaction.hpp"

namespace atlas::store {

/// The SQLSTATE of a row that a unique index has already.
inline constexpr std::string_view unique_violation = "23505";
/// The SQLSTATE of a wait for a lock that took longer than lock_timeout.
inline constexpr std::string_view lock_not_available = "55P03";

/// unavailable or deadline_exceeded when the server or the way to it stood in the way,
/// invalid_argument when the server refused the statement itself; with the certainty of the
/// transaction and the server's words as detail.
host::Error to_host_error(const sql::TransactionError& error);

}  // namespace atlas::store
