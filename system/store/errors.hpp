#pragma once
// From what PostgreSQL said to the one vocabulary of errors.

#include "system/sql/transaction.hpp"

namespace atlas::store {

/// unavailable or deadline_exceeded, with the certainty of the transaction and the server's words
/// as detail.
host::Error to_host_error(const sql::TransactionError& error);

}  // namespace atlas::store
