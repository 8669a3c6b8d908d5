#include "sim/sql_client/reply.hpp"

#include <charconv>
#include <utility>

#include "system/sql/unreplicated.hpp"

namespace atlas::sim::sql_client {

namespace wire = sql::protocol;

sql::Error error_of(const wire::Diagnostics& diagnostics) {
    using wire::Diagnostic;
    // 'V' is never translated; servers before 9.6 do not send it.
    std::string_view severity = diagnostics.find(Diagnostic::severity);
    if (severity.empty()) severity = diagnostics.find(Diagnostic::severity_localized);
    sql::Error error{.kind = sql::ErrorKind::server};
    error.sqlstate = diagnostics.find(Diagnostic::sqlstate);
    error.message = diagnostics.find(Diagnostic::message);
    error.detail = diagnostics.find(Diagnostic::detail);
    error.constraint = diagnostics.find(Diagnostic::constraint);
    const std::string_view position = diagnostics.find(Diagnostic::position);
    std::from_chars(position.data(), position.data() + position.size(), error.position);
    error.fatal = severity == "FATAL" || severity == "PANIC";
    return error;
}

void Reply::end_result(std::string_view command_tag) {
    result_.command_tag = command_tag;
    results_.push_back(std::exchange(result_, {}));
    has_columns_ = false;
    answered_ = true;
}

bool Reply::take_row(const wire::DataRow& row) {
    if (!has_columns_ || row.values.size() != result_.columns.size()) return false;
    std::vector<sql::Value>& values = result_.rows.emplace_back();
    values.reserve(row.values.size());
    for (const std::optional<std::string_view>& value : row.values)
        values.emplace_back(value);
    return true;
}

Reply::Progress Reply::take(const wire::BackendMessage& message) {
    if (const auto* row = std::get_if<wire::DataRow>(&message)) {
        return take_row(*row) ? Progress::more : Progress::violated;
    }
    if (const auto* description = std::get_if<wire::RowDescription>(&message)) {
        if (has_columns_) return Progress::violated;
        has_columns_ = true;
        for (const wire::Field& field : description->fields) {
            result_.columns.push_back({std::string(field.name), field.type_oid});
        }
        return Progress::more;
    }
    if (const auto* complete = std::get_if<wire::CommandComplete>(&message)) {
        end_result(complete->tag);
        return Progress::more;
    }
    if (std::holds_alternative<wire::EmptyQueryResponse>(message)) {
        end_result({});
        return Progress::more;
    }
    if (const auto* error = std::get_if<wire::ErrorResponse>(&message)) {
        answered_ = true;
        sql::Error received = error_of(error->diagnostics);
        const bool is_fatal = received.fatal;
        if (!error_ || is_fatal) error_ = std::move(received);
        return is_fatal ? Progress::fatal : Progress::more;
    }
    if (const auto* notice = std::get_if<wire::NoticeResponse>(&message)) {
        auto unreplicated =
            sql::unreplicated_commit(notice->diagnostics.find(wire::Diagnostic::sqlstate),
                                     notice->diagnostics.find(wire::Diagnostic::message));
        if (!unreplicated) return Progress::more;
        error_ = std::move(*unreplicated);
        return Progress::fatal;
    }
    if (const auto* ready = std::get_if<wire::ReadyForQuery>(&message)) {
        if (!answered_) return Progress::violated;
        status_ = ready->transaction_status == 'I'   ? sql::TransactionStatus::idle
                  : ready->transaction_status == 'T' ? sql::TransactionStatus::in_transaction
                                                     : sql::TransactionStatus::failed;
        return Progress::complete;
    }
    if (std::holds_alternative<wire::ParseComplete>(message)) {
        ++parses_;
        answered_ = true;
        return Progress::more;
    }
    const bool expected = std::holds_alternative<wire::BindComplete>(message) ||
                          std::holds_alternative<wire::NoData>(message) ||
                          std::holds_alternative<wire::ParameterStatus>(message);
    if (expected) return Progress::more;
    const auto* other = std::get_if<wire::OtherBackendMessage>(&message);
    constexpr char notification = 'A';
    return other != nullptr && other->type == notification ? Progress::more : Progress::violated;
}

sql::Result<sql::QueryResult> Reply::outcome() && {
    if (error_) return std::unexpected(std::move(*error_));
    if (results_.empty()) return sql::QueryResult{};
    return std::move(results_.back());
}

// The server answers in order, so that counts say how far it came.
sql::BatchResult Reply::outcome_of(const sql::Batch& steps) && {
    std::vector<sql::QueryResult> results;
    auto ended = results_.begin();
    for (const sql::Step& step : steps) {
        const bool is_parsed = !std::holds_alternative<sql::ExecuteStep>(step);
        const bool is_run = !std::holds_alternative<sql::PrepareStep>(step);
        if ((is_parsed && parses_ == 0) || (is_run && ended == results_.end())) break;
        if (is_parsed) --parses_;
        results.push_back(is_run ? std::move(*ended++) : sql::QueryResult{});
    }
    if (!error_ && results.size() == steps.size()) return results;
    if (!error_) {
        error_ = sql::Error{.kind = sql::ErrorKind::protocol,
                            .message = "a batch with fewer results than steps"};
    }
    return std::unexpected(sql::BatchError{std::move(*error_), std::move(results)});
}

}  // namespace atlas::sim::sql_client
