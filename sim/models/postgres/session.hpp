#pragma once
// One session of the PostgreSQL model, without its bytes: what a backend process of PostgreSQL does
// between reading a protocol message and writing the answer. The room `protocol` puts it on the
// wire.
//
// Extended-query rules that callers keep (PostgreSQL documentation, "Message Flow"): after an error
// all messages up to Sync are skipped, and Sync ends an implicit transaction.

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/task.hpp"

namespace atlas::sim::models::postgres {

class Server;

/// The fields of an ErrorResponse or NoticeResponse.
struct ServerMessage {
    std::string severity = "ERROR";  ///< ERROR, FATAL, PANIC; WARNING, NOTICE
    std::string sqlstate = "XX000";
    std::string message = {};
    std::string detail = {};
    std::string hint = {};
    std::optional<std::uint32_t> position = {};  ///< 1-based, in characters of the query
    std::string context = {};  ///< What the server was at, a line for each thing, innermost first.
    std::string schema = {}, table = {}, column = {}, data_type = {}, constraint = {};
};

struct ColumnDescription {
    std::string name;
    std::uint32_t table_oid = 0;
    std::int16_t column_number = 0;
    std::uint32_t type_oid = 0;
    std::int16_t type_size = -1;
    std::int32_t type_modifier = -1;
};

using TextRow = std::vector<std::optional<std::string>>;

/// What one statement produced. `columns` is set when it returns rows, be there any or not.
struct StatementResult {
    std::optional<std::vector<ColumnDescription>> columns;
    std::vector<TextRow> rows;
    std::string command_tag;  ///< empty for an empty query
    std::vector<ServerMessage> notices;
};

struct StatementDescription {
    std::vector<std::uint32_t> parameter_types;
    std::optional<std::vector<ColumnDescription>> columns;
};

/// What NOTIFY sends to those that LISTEN.
struct Notification {
    std::uint32_t process_id = 0;  ///< Of the session that sent it.
    std::string channel;
    std::string payload;
};

template <typename T>
using Outcome = std::expected<T, ServerMessage>;

enum class TransactionState : char { idle = 'I', in_block = 'T', failed = 'E' };

class Session {
  public:
    /// Start-up parameters of the client (statement_timeout, application_name, ...) are checked and
    /// applied here; a bad one is FATAL.
    static Outcome<std::unique_ptr<Session>> open(
        Server& server, std::string user, std::string database,
        std::vector<std::pair<std::string, std::string>> parameters);
    virtual ~Session() = default;

    /// A Query message: each statement's result goes to `on_result` as it ends, so that those
    /// before an error are seen. The error, if any, is returned.
    virtual host::Task<Outcome<void>> simple_query(
        std::string text, std::function<void(StatementResult)> on_result) = 0;

    virtual host::Task<Outcome<void>> parse(std::string statement, std::string text,
                                            std::vector<std::uint32_t> parameter_types) = 0;
    virtual Outcome<void> bind(std::string portal, std::string statement, TextRow parameters) = 0;
    virtual Outcome<StatementDescription> describe_statement(std::string_view statement) = 0;
    virtual Outcome<StatementDescription> describe_portal(std::string_view portal) = 0;
    /// Runs a portal. At most `row_limit` rows (0: all); the rest stays for the next call, and the
    /// command tag of an unfinished portal is empty with `suspended` set.
    struct Execution {
        StatementResult result;
        bool suspended = false;
    };
    virtual host::Task<Outcome<Execution>> execute(std::string portal, std::uint32_t row_limit) = 0;
    virtual void close_statement(std::string_view statement) = 0;
    virtual void close_portal(std::string_view portal) = 0;
    /// Ends the implicit transaction: commits it, or rolls it back when `failed`. A block that
    /// failed by an error raised outside the session becomes a failed one here.
    /// Returns what the client is told of it.
    virtual host::Task<Outcome<std::vector<ServerMessage>>> sync(bool failed) = 0;
    /// An error raised outside the session, by a message that has no Sync to come.
    virtual void fail() = 0;

    virtual TransactionState transaction_state() const = 0;

    /// Whether the client is being waited for, which may be in the middle of what it asks for.
    virtual void set_waiting_for_client(bool) {}

    /// Backend key data: what a CancelRequest must carry.
    virtual std::uint32_t process_id() const = 0;
    virtual std::uint32_t cancel_secret() const = 0;
    /// Cancels the running statement (57014), as pg_cancel_backend does; nothing when idle.
    virtual void cancel() = 0;

    /// Non-empty when the session must end (57P01, 25P03 idle_in_transaction_session_timeout): the
    /// protocol room sends it as FATAL and closes. A WARNING says that a commit stands although it
    /// has not reached its standbys: it is the last that the client hears, and no result comes with
    /// it. Woken through `on_termination`.
    virtual std::optional<ServerMessage> termination() const = 0;
    virtual void on_termination(std::function<void()> callback) = 0;

    /// Those that have come for this session, oldest first; none while it is in a transaction,
    /// because then they wait for its end.
    virtual std::vector<Notification> take_notifications() { return {}; }
    /// Called when some have come, whatever the session is doing.
    virtual void on_notification(std::function<void()>) {}

    /// The client is gone: roll back and let go of all locks.
    virtual host::Task<> close() = 0;

    /// Reported to clients at start-up and on change (server_version, client_encoding, ...).
    virtual std::vector<std::pair<std::string, std::string>> reported_parameters() const = 0;
    /// Grows whenever they may have changed.
    virtual std::uint64_t settings_version() const = 0;
};

}  // namespace atlas::sim::models::postgres
