// What the server does with each message of an open session ("Simple Query" and "Extended Query"
// in "Message Flow").

#include <algorithm>
#include <string_view>

#include "sim/models/postgres/protocol/connection.hpp"
#include "sim/models/postgres/protocol/replies.hpp"
#include "system/sql/protocol/backend.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

namespace wire = sql::protocol;

bool all_text(const std::vector<std::uint16_t>& formats) {
    return std::all_of(formats.begin(), formats.end(),
                       [](std::uint16_t format) { return format == wire::text_format; });
}

ServerMessage binary_not_supported() {
    return {.sqlstate = "0A000",
            .message = "the binary format of values is not supported by this server"};
}

}  // namespace

host::Task<> Connection::handle_frame(wire::Frame frame) {
    if (skipping_to_sync_ && frame.type != 'S') co_return;
    auto message = wire::decode_frontend(frame);
    if (message) {
        co_await handle(std::move(*message));
    } else {
        co_await handle_malformed(frame.type, message.error().reason);
    }
}

host::Task<> Connection::handle_malformed(char type, std::string reason) {
    ServerMessage error = protocol_violation(std::move(reason));
    const bool is_extended = std::string_view("PBDCEH").contains(type);
    if (is_extended) {
        fail_extended(std::move(error));
    } else {
        session_->fail();
        fail(std::move(error));
        skipping_to_sync_ = false;
        co_await ready_for_query();
    }
}

host::Task<> Connection::handle(wire::FrontendMessage message) {
    if (std::holds_alternative<wire::Sync>(message)) {
        co_await handle_sync();
    } else if (const auto* bind = std::get_if<wire::Bind>(&message)) {
        handle_bind(*bind);
    } else if (const auto* execute = std::get_if<wire::Execute>(&message)) {
        co_await handle_execute(*execute);
    } else if (const auto* query = std::get_if<wire::Query>(&message)) {
        co_await handle_query(std::string(query->text));
    } else if (const auto* parse = std::get_if<wire::Parse>(&message)) {
        co_await handle_parse(*parse);
    } else if (const auto* describe = std::get_if<wire::Describe>(&message)) {
        handle_describe(*describe);
    } else if (const auto* close = std::get_if<wire::Close>(&message)) {
        handle_close(*close);
    } else if (std::holds_alternative<wire::Flush>(message)) {
        co_await flush();
    } else if (const auto* other = std::get_if<wire::OtherFrontendMessage>(&message)) {
        co_await handle_other(other->type);
    }
}

host::Task<> Connection::handle_query(std::string text) {
    Outcome<void> outcome = co_await session_->simple_query(
        std::move(text), [this](StatementResult result) { answer(std::move(result)); });
    if (!outcome) fail(std::move(outcome.error()));
    co_await ready_for_query();
}

// One statement of a simple query has ended.
void Connection::answer(StatementResult result) {
    append_notices(out_, result.notices);
    if (result.columns) {
        append_row_description(out_, *result.columns);
        append_rows(out_, result.rows);
    }
    append_completion(out_, result.command_tag);
}

host::Task<> Connection::handle_parse(const wire::Parse& message) {
    Outcome<void> outcome = co_await session_->parse(
        std::string(message.statement), std::string(message.text), message.parameter_types);
    if (!outcome) {
        fail_extended(std::move(outcome.error()));
    } else {
        encode(out_, wire::ParseComplete{});
    }
}

void Connection::handle_bind(const wire::Bind& message) {
    if (!all_text(message.parameter_formats) || !all_text(message.result_formats)) {
        return fail_extended(binary_not_supported());
    }
    TextRow parameters(message.parameters.begin(), message.parameters.end());
    Outcome<void> outcome = session_->bind(std::string(message.portal),
                                           std::string(message.statement), std::move(parameters));
    if (!outcome) return fail_extended(std::move(outcome.error()));
    encode(out_, wire::BindComplete{});
}

void Connection::handle_describe(const wire::Describe& message) {
    const bool is_statement = message.what == wire::Named::statement;
    Outcome<StatementDescription> description = is_statement
                                                    ? session_->describe_statement(message.name)
                                                    : session_->describe_portal(message.name);
    if (!description) return fail_extended(std::move(description.error()));
    if (is_statement) {
        encode(out_, wire::ParameterDescription{std::move(description->parameter_types)});
    }
    if (description->columns) {
        append_row_description(out_, *description->columns);
    } else {
        encode(out_, wire::NoData{});
    }
}

void Connection::handle_close(const wire::Close& message) {
    if (message.what == wire::Named::statement) {
        session_->close_statement(message.name);
    } else {
        session_->close_portal(message.name);
    }
    encode(out_, wire::CloseComplete{});
}

host::Task<> Connection::handle_execute(const wire::Execute& message) {
    Outcome<Session::Execution> execution =
        co_await session_->execute(std::string(message.portal), message.row_limit);
    if (!execution) {
        fail_extended(std::move(execution.error()));
        co_return;
    }
    const StatementResult& result = execution->result;
    append_notices(out_, result.notices);
    append_rows(out_, result.rows);
    if (execution->suspended) {
        encode(out_, wire::PortalSuspended{});
    } else {
        append_completion(out_, result.command_tag);
    }
}

host::Task<> Connection::handle_sync() {
    auto outcome = co_await session_->sync(skipping_to_sync_);
    skipping_to_sync_ = false;
    if (outcome) {
        append_notices(out_, *outcome);
    } else {
        fail(std::move(outcome.error()));
    }
    co_await ready_for_query();
}

host::Task<> Connection::handle_other(char type) {
    switch (type) {
        case 'F':
            session_->fail();
            fail({.sqlstate = "0A000",
                  .message = "function calls by message are not supported by this server"});
            co_await ready_for_query();
            break;
        case 'p':
            fatal_ = protocol_violation("unexpected answer to a request for authentication");
            break;
        default:
            // CopyData, CopyDone and CopyFail come late after a COPY that failed: ignored.
            break;
    }
}

void Connection::fail(ServerMessage error) {
    if (is_fatal(error)) {
        fatal_ = std::move(error);
    } else {
        append_error(out_, error);
        // Not held back until Sync: the client may send that only when it has read the error.
        flush_wanted_ = true;
    }
}

void Connection::fail_extended(ServerMessage error) {
    fail(std::move(error));
    skipping_to_sync_ = true;
}

host::Task<> Connection::ready_for_query() {
    if (fatal_) co_return;
    if (session_->settings_version() != reported_version_) report_changed_parameters();
    append_notifications(out_, session_->take_notifications());
    encode(out_, wire::ReadyForQuery{static_cast<char>(session_->transaction_state())});
    co_await flush();
}

void Connection::report_changed_parameters() {
    reported_version_ = session_->settings_version();
    auto parameters = session_->reported_parameters();
    for (const auto& parameter : parameters) {
        if (std::find(reported_.begin(), reported_.end(), parameter) == reported_.end()) {
            encode(out_, wire::ParameterStatus{parameter.first, parameter.second});
        }
    }
    reported_ = std::move(parameters);
}

}  // namespace atlas::sim::models::postgres::protocol
