#pragma once
// What a server's messages amount to, from the first after a request to ReadyForQuery. Without
// I/O: messages go in, one outcome comes out.

#include <cstdint>
#include <optional>

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

    /// As ReadyForQuery said; call it after `complete`.
    sql::TransactionStatus transaction_status() const { return status_; }

  private:
    bool take_row(const sql::protocol::DataRow& row);
    void start_result();

    sql::QueryResult result_;
    bool has_columns_ = false;
    bool result_ended_ = false;
    bool answered_ = false;
    std::optional<sql::Error> error_;
    sql::TransactionStatus status_ = sql::TransactionStatus::idle;
};

}  // namespace atlas::sim::sql_client
