#pragma once
// Whom an error speaks against: what the circuit breaker is told of it.

#include <cstdint>

#include "system/sql/connection.hpp"

namespace atlas::sql {

enum class Blame : std::uint8_t {
    nobody,  ///< The server answered: a "no" to the caller is an answer.
    server,  ///< It, or the way to it, is not well.
    caller,  ///< He was in a hurry: it tells nothing about the server.
};

/// Of an operation that took so long. Time that ran out speaks against the server once it had
/// `patience`, whoever ran out of it: a server in a black hole shows in no other way.
Blame blame_for(const Error& error, host::Duration took, host::Duration patience);

}  // namespace atlas::sql
