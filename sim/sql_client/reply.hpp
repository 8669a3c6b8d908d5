#pragma once
// What a server's messages amount to, from the first after a request to ReadyForQuery. Without
// I/O: messages go in, one outcome comes out.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "system/sql/connection.hpp"
#include "system/sql/protocol/backend.hpp"

namespace atlas::sim::sql_client {

/// The port's error for an ErrorResponse.
sql::Error error_of(const sql::protocol::Diagnostics& diagnostics);

class Reply {
  public:
    enum class Progress : std::uint8_t {
        more,      ///< The reply goes on.
        complete,  ///< ReadyForQuery came: outcome() is final.
        fatal,     ///< The session is over, with an error that outcome() has.
        violated,  ///< Not a reply that a server may send: drop the connection.
    };

    Progress take(const sql::protocol::BackendMessage& message);

    /// The last statement's result, or the first error.
    sql::Result<sql::QueryResult> outcome() &&;
    /// Of a batch of these steps.
    sql::BatchResult outcome_of(const sql::Batch& steps) &&;

    /// As ReadyForQuery said; call it after `complete`.
    sql::TransactionStatus transaction_status() const { return status_; }

  private:
    bool take_row(const sql::protocol::DataRow& row);
    void end_result(std::string_view command_tag);

    std::vector<sql::QueryResult> results_;  ///< Of the statements that have ended.
    sql::QueryResult result_;                ///< Of the one that has not.
    bool has_columns_ = false;
    std::size_t parses_ = 0;  ///< Statements that were parsed.
    bool answered_ = false;
    std::optional<sql::Error> error_;
    sql::TransactionStatus status_ = sql::TransactionStatus::idle;
};

}  // namespace atlas::sim::sql_client
