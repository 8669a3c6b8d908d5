#pragma once
// What no connection can send, the same for every implementation of the port. The protocol's
// strings end at their first NUL, and libpq's values too: sent as they are, they would arrive cut
// short, and a statement would act on another value than the caller's.

#include <optional>
#include <string_view>

#include "system/sql/connection.hpp"

namespace atlas::sql {

/// The error that PostgreSQL itself has for a NUL in text (22021), made before anything is sent:
/// definite, and the connection's transaction is as it was. Nothing when all can be sent.
std::optional<Error> refuse_unsendable(std::string_view text);
std::optional<Error> refuse_unsendable(std::string_view name, const Parameters& parameters);
/// And what a batch may not have: see Connection::run_batch().
std::optional<Error> refuse_unsendable(const Batch& steps);

/// For what a session is opened with: cannot_connect.
std::optional<Error> refuse_unsendable(const ConnectionTarget& target);

/// The name in double quotes, for use in a statement's text.
std::string quote_identifier(std::string_view name);

}  // namespace atlas::sql
