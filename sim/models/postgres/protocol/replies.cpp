#include "sim/models/postgres/protocol/replies.hpp"

#include "system/sql/protocol/backend.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

namespace wire = sql::protocol;

// Fields in the order in which PostgreSQL sends them; empty ones are left out. `position` is the
// text of the position, which the caller keeps.
wire::Diagnostics diagnostics_of(const ServerMessage& message, const std::string& position) {
    using wire::Diagnostic;
    wire::Diagnostics diagnostics;
    diagnostics.fields.reserve(8);
    diagnostics.add(Diagnostic::severity_localized, message.severity);
    diagnostics.add(Diagnostic::severity, message.severity);
    diagnostics.add(Diagnostic::sqlstate, message.sqlstate);
    diagnostics.add(Diagnostic::message, message.message);
    const auto add = [&](Diagnostic code, const std::string& value) {
        if (!value.empty()) diagnostics.add(code, value);
    };
    add(Diagnostic::detail, message.detail);
    add(Diagnostic::hint, message.hint);
    add(Diagnostic::context, message.context);
    add(Diagnostic::schema, message.schema);
    add(Diagnostic::table, message.table);
    add(Diagnostic::column, message.column);
    add(Diagnostic::data_type, message.data_type);
    add(Diagnostic::constraint, message.constraint);
    add(Diagnostic::position, position);
    return diagnostics;
}

template <typename Message>
void append_message(std::string& out, const ServerMessage& message) {
    const std::string position = message.position ? std::to_string(*message.position) : "";
    encode(out, Message{diagnostics_of(message, position)});
}

}  // namespace

void append_error(std::string& out, const ServerMessage& error) {
    append_message<wire::ErrorResponse>(out, error);
}

void append_notices(std::string& out, const std::vector<ServerMessage>& notices) {
    for (const ServerMessage& notice : notices)
        append_message<wire::NoticeResponse>(out, notice);
}

void append_row_description(std::string& out, const std::vector<ColumnDescription>& columns) {
    wire::RowDescription description;
    description.fields.reserve(columns.size());
    for (const ColumnDescription& column : columns) {
        description.fields.push_back({.name = column.name,
                                      .table_oid = column.table_oid,
                                      .column_number = column.column_number,
                                      .type_oid = column.type_oid,
                                      .type_size = column.type_size,
                                      .type_modifier = column.type_modifier});
    }
    encode(out, description);
}

void append_rows(std::string& out, const std::vector<TextRow>& rows) {
    for (const TextRow& row : rows)
        wire::encode_data_row(out, row);
}

void append_notifications(std::string& out, const std::vector<Notification>& notifications) {
    for (const Notification& notification : notifications) {
        std::string payload;
        for (const int shift : {24, 16, 8, 0})
            payload += static_cast<char>((notification.process_id >> shift) & 0xFF);
        payload += notification.channel + '\0' + notification.payload + '\0';
        encode(out, wire::OtherBackendMessage{'A', payload});
    }
}

void append_completion(std::string& out, const std::string& command_tag) {
    if (command_tag.empty()) {
        encode(out, wire::EmptyQueryResponse{});
    } else {
        encode(out, wire::CommandComplete{command_tag});
    }
}

ServerMessage protocol_violation(std::string message) {
    return {.sqlstate = "08P01", .message = std::move(message)};
}

bool is_fatal(const ServerMessage& error) {
    return error.severity == "FATAL" || error.severity == "PANIC" || error.severity == "WARNING";
}

}  // namespace atlas::sim::models::postgres::protocol
