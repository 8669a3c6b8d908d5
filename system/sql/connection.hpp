#pragma once
// The SQL port: one connection to one PostgreSQL server, as narrow as it can be. In production it
// is libpq, in simulation a small client of the same protocol; contract tests hold both to this
// page. All that is wider (pool, statement cache, retry, transactions) is system code above it.
//
// One operation at a time. Values travel in PostgreSQL's text format.

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "system/host/context.hpp"
#include "system/host/error.hpp"
#include "system/host/network.hpp"
#include "system/host/task.hpp"

namespace atlas::sql {

/// A value in text format; nullopt is NULL.
using Value = std::optional<std::string>;
using Parameters = std::vector<Value>;

struct Column {
    std::string name;
    std::uint32_t type_oid = 0;

    friend bool operator==(const Column&, const Column&) = default;
};

struct QueryResult {
    std::vector<Column> columns;
    std::vector<std::vector<Value>> rows;
    /// "INSERT 0 1", "UPDATE 3", "COMMIT", as the server sent it.
    std::string command_tag;

    /// The count at the end of the command tag; 0 where there is none.
    std::uint64_t affected_rows() const;
};

enum class ErrorKind : std::uint8_t {
    server,             ///< The server answered with an error; `sqlstate` says which.
    turned_away,        ///< By the pool, unasked: see its acquire(). Definite.
    cannot_connect,     ///< No session came about. Definite.
    connection_lost,    ///< The connection died in mid-operation. Indefinite.
    deadline_exceeded,  ///< The caller's deadline passed; the connection is dropped. Indefinite.
    protocol,           ///< The server broke the protocol; the connection is dropped. Indefinite.
};

/// The fields of PostgreSQL's ErrorResponse that Atlas uses ("Error and Notice Message Fields").
struct Error {
    ErrorKind kind;
    std::string sqlstate = {};
    std::string message = {};
    std::string detail = {};
    std::string constraint = {};
    /// Where in the statement's text, in characters from 1; 0 when the server did not say.
    std::uint32_t position = 0;
    /// FATAL and PANIC end the session.
    bool fatal = false;

    /// Whether the operation itself may have taken effect. A statement inside an explicit
    /// transaction is undone with it; that is for the transaction above to know.
    host::Certainty certainty() const {
        return kind == ErrorKind::server || kind == ErrorKind::turned_away ||
                       kind == ErrorKind::cannot_connect
                   ? host::Certainty::definite
                   : host::Certainty::indefinite;
    }
};

template <typename T>
using Result = std::expected<T, Error>;

/// From the server's last ReadyForQuery.
enum class TransactionStatus : std::uint8_t { idle, in_transaction, failed };

/// The steps of a batch. One statement without parameters, by the extended protocol:
struct QueryStep {
    std::string text;
};
/// As Connection::prepare(). Its result is empty.
struct PrepareStep {
    std::string name;
    std::string text;
};
/// As Connection::execute_prepared().
struct ExecuteStep {
    std::string name;
    Parameters parameters;
};
using Step = std::variant<QueryStep, PrepareStep, ExecuteStep>;

/// Of names, texts and parameters together: no more than `most_batch_bytes`.
using Batch = std::vector<Step>;
inline constexpr std::size_t most_batch_steps = 1000;
inline constexpr std::size_t most_batch_bytes = std::size_t{16} << 20;

/// Why a batch did not come to its end.
struct BatchError {
    /// That of the first step without a result in `before`; where each has one, of the commit at
    /// the end. As certain as for a single statement, and for the batch as a whole: if definite,
    /// the steps behind were not executed, and outside a transaction block those before are undone.
    Error cause;
    /// What the steps before were answered, in order.
    std::vector<QueryResult> before;
};

/// A result for each step, in order.
using BatchResult = std::expected<std::vector<QueryResult>, BatchError>;

class Connection {
  public:
    virtual ~Connection() = default;

    /// One statement without parameters, by the simple protocol.
    virtual host::Task<Result<QueryResult>> query(host::Context context, std::string text) = 0;

    /// Names a statement for this session. The types of its parameters are inferred.
    virtual host::Task<Result<void>> prepare(host::Context context, std::string name,
                                             std::string text) = 0;

    virtual host::Task<Result<QueryResult>> execute_prepared(host::Context context,
                                                             std::string name,
                                                             Parameters parameters) = 0;

    /// Forgets a prepared statement of this session.
    virtual host::Task<Result<void>> deallocate(host::Context context, std::string name) = 0;

    /// All steps in one round trip (PostgreSQL's pipeline mode), up to the first that fails.
    /// Outside a transaction block they are one implicit transaction, which a step that begins a
    /// block makes an explicit one. None may end a transaction, so that no COMMIT shares its answer
    /// with others, nor copy: such a batch is refused unsent (0A000), and one too long too (54000).
    virtual host::Task<BatchResult> run_batch(host::Context context, Batch steps) = 0;

    /// Asks the server, over another connection, to cancel what this one is doing. Success says
    /// only that the request was delivered. Never send it to a COMMIT: one that waits for a standby
    /// would then *succeed*, with a warning.
    virtual host::Task<Result<void>> request_cancel(host::Context context) = 0;

    virtual TransactionStatus transaction_status() const = 0;

    /// False after any error but a non-fatal `server` one: the session is gone, destroy it.
    virtual bool is_usable() const = 0;

    /// Drops the connection without ceremony; an operation under way ends with connection_lost.
    virtual void close() noexcept = 0;
};

/// Where and as whom. (No TLS in this version.)
struct ConnectionTarget {
    host::Endpoint endpoint;
    std::string user = "atlas";
    std::string database = "atlas";
    std::string password = {};
    std::string application_name = "atlas";
    /// Run-time parameters set at start-up, such as statement_timeout in milliseconds.
    std::vector<std::pair<std::string, std::string>> session_settings = {};
};

class Driver {
  public:
    virtual ~Driver() = default;

    /// Errors: cannot_connect, server (57P03 starting up, 53300 too many connections, 28xxx
    /// refused; definite all), deadline_exceeded.
    virtual host::Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                                    ConnectionTarget target) = 0;
};

}  // namespace atlas::sql
