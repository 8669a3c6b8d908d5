#include "adapters/libpq/result.hpp"

#include <charconv>
#include <cstdint>
#include <string_view>

namespace atlas::adapters::libpq {
namespace {

std::string_view field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text == nullptr ? std::string_view() : std::string_view(text);
}

sql::Error read_error(const PGresult* result) {
    const std::string_view sqlstate = field(result, PG_DIAG_SQLSTATE);
    if (sqlstate.empty()) {
        return {.kind = sql::ErrorKind::connection_lost, .message = PQresultErrorMessage(result)};
    }
    sql::Error error{.kind = sql::ErrorKind::server};
    error.sqlstate = sqlstate;
    error.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    error.detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    error.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    const std::string_view position = field(result, PG_DIAG_STATEMENT_POSITION);
    std::from_chars(position.data(), position.data() + position.size(), error.position);
    const std::string_view severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    error.fatal = severity == "FATAL" || severity == "PANIC";
    return error;
}

sql::QueryResult read_rows(const PGresult* result) {
    sql::QueryResult rows;
    const int columns = PQnfields(result);
    rows.columns.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
        rows.columns.push_back(
            {PQfname(result, column), static_cast<std::uint32_t>(PQftype(result, column))});
    }
    const int count = PQntuples(result);
    rows.rows.resize(static_cast<std::size_t>(count));
    for (int row = 0; row < count; ++row) {
        auto& values = rows.rows[static_cast<std::size_t>(row)];
        values.reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column) {
            if (PQgetisnull(result, row, column) != 0) {
                values.emplace_back(std::nullopt);
            } else {
                const auto size = static_cast<std::size_t>(PQgetlength(result, row, column));
                values.emplace_back(std::in_place, PQgetvalue(result, row, column), size);
            }
        }
    }
    rows.command_tag = PQcmdStatus(const_cast<PGresult*>(result));  // it changes nothing
    return rows;
}

}  // namespace

sql::Result<sql::QueryResult> read_result(const PGresult* result) {
    switch (PQresultStatus(result)) {
        case PGRES_EMPTY_QUERY:
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            return read_rows(result);
        case PGRES_FATAL_ERROR:
            return std::unexpected(read_error(result));
        default:
            return std::unexpected(
                sql::Error{.kind = sql::ErrorKind::protocol,
                           .message = std::string("a result that no statement of the port has: ") +
                                      PQresStatus(PQresultStatus(result))});
    }
}

}  // namespace atlas::adapters::libpq
