#pragma once
// The session's results as protocol messages, appended to a buffer.

#include <string>
#include <vector>

#include "sim/models/postgres/session.hpp"

namespace atlas::sim::models::postgres::protocol {

void append_error(std::string& out, const ServerMessage& error);
void append_notices(std::string& out, const std::vector<ServerMessage>& notices);
void append_row_description(std::string& out, const std::vector<ColumnDescription>& columns);
void append_rows(std::string& out, const std::vector<TextRow>& rows);
void append_notifications(std::string& out, const std::vector<Notification>& notifications);
/// CommandComplete, or EmptyQueryResponse for an empty tag.
void append_completion(std::string& out, const std::string& command_tag);

/// An error of the protocol's own, SQLSTATE 08P01.
ServerMessage protocol_violation(std::string message);

/// Whether the session ends with it. (See Session::termination() for WARNING.)
bool is_fatal(const ServerMessage& error);

}  // namespace atlas::sim::models::postgres::protocol
