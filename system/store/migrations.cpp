#include "system/store/migrations.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "system/host/check.hpp"
#include "system/store/errors.hpp"

namespace atlas::store {
namespace {

constexpr std::string_view create_table =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, name text NOT "
    "NULL)";
constexpr sql::Statement applied_migrations{"schema_migrations_select",
                                            "SELECT version FROM schema_migrations"};
constexpr sql::Statement claim_migration{
    "schema_migrations_insert", "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)"};

enum class Applied : std::uint8_t { here, elsewhere };

/// To find out what there is to do. A connection whose server has lost its power says nothing: who
/// waited on it as long as a migration may take would keep a node from serving for as long, though
/// there is nothing to migrate and the server has been back for a while.
constexpr host::Duration look_time = std::chrono::seconds{3};

/// A migration may rewrite a table: it has the time of its caller, not that of a request's
/// statement. Locks are waited for no longer than by any other, for all others wait behind.
host::Task<sql::Result<sql::QueryResult>> take_all_the_time(sql::Transaction& transaction,
                                                            host::Duration time) {
    using std::chrono::milliseconds;
    constexpr milliseconds longest{std::numeric_limits<std::int32_t>::max()};
    // Zero would mean no limit.
    const milliseconds limit = std::max(std::chrono::floor<milliseconds>(time), milliseconds{1});
    return transaction.query("SET LOCAL statement_timeout = " +
                             std::to_string(std::min(limit, longest).count()));
}

host::Task<sql::Result<Applied>> apply(sql::Transaction& transaction, const Migration& migration,
                                       host::Duration time) {
    sql::Result<sql::QueryResult> unhurried = co_await take_all_the_time(transaction, time);
    if (!unhurried) co_return std::unexpected(std::move(unhurried.error()));
    sql::Result<sql::QueryResult> claimed = co_await transaction.execute(
        claim_migration, {std::to_string(migration.version), migration.name});
    if (!claimed && claimed.error().sqlstate == unique_violation) {
        transaction.give_up();
        co_return Applied::elsewhere;
    }
    if (!claimed) co_return std::unexpected(std::move(claimed.error()));
    for (const std::string& statement : split_statements(migration.text)) {
        sql::Result<sql::QueryResult> done = co_await transaction.query(statement);
        if (!done) co_return std::unexpected(std::move(done.error()));
    }
    co_return Applied::here;
}

/// Two nodes that create it at once: PostgreSQL lets one of them fail with 23505 on its own
/// catalogue, or 42P07, in spite of IF NOT EXISTS. The table is then there.
host::Task<sql::Result<void>> create_history(sql::Database& database, host::Context context) {
    auto created = co_await sql::run_transaction<sql::QueryResult>(
        database, context,
        [](sql::Transaction& transaction) { return transaction.query(std::string{create_table}); });
    if (created) co_return sql::Result<void>{};
    const std::string& sqlstate = created.error().cause.sqlstate;
    if (sqlstate == unique_violation || sqlstate == "42P07") co_return sql::Result<void>{};
    co_return std::unexpected(std::move(created.error().cause));
}

bool is_applied(const sql::QueryResult& applied, int version) {
    const std::string wanted = std::to_string(version);
    return std::any_of(applied.rows.begin(), applied.rows.end(),
                       [&](const std::vector<sql::Value>& row) { return row.at(0) == wanted; });
}

/// A newer build has been here: this one may not understand all it finds.
void log_unknown(host::Host& host, const sql::QueryResult& applied,
                 const std::vector<Migration>& known) {
    std::string unknown;
    for (const std::vector<sql::Value>& row : applied.rows) {
        const std::string version = row.at(0).value_or("");
        const bool is_known = std::ranges::any_of(known, [&](const Migration& migration) {
            return std::to_string(migration.version) == version;
        });
        if (is_known) continue;
        if (!unknown.empty()) unknown += ", ";
        unknown += version;
    }
    if (unknown.empty()) return;
    host.log({host::LogLevel::warning,
              "the database has migrations that this build does not know",
              {{"versions", std::move(unknown)}}});
}

/// A primary that was replaced without knowing it may show migrations that were lost with it, and a
/// node that believed it would serve without them for as long as it runs. So the last look stands
/// behind a fence; one of the migrations has made it.
host::Task<sql::Result<void>> confirm(sql::Database& database,
                                      const std::vector<Migration>& migrations) {
    if (database.topology == nullptr) co_return sql::Result<void>{};
    const host::Context looking{.deadline = host::deadline_after(database.host, look_time)};
    sql::Session session;
    const sql::Result<sql::QueryResult> applied =
        co_await sql::run_read({database, &session}, looking, applied_migrations, {});
    if (!applied) co_return std::unexpected(applied.error());
    const bool has_all = std::ranges::all_of(migrations, [&](const Migration& migration) {
        return is_applied(*applied, migration.version);
    });
    if (has_all) co_return sql::Result<void>{};
    co_return std::unexpected(
        sql::Error{.kind = sql::ErrorKind::connection_lost,
                   .message = "the primary has changed since it named its migrations"});
}

}  // namespace

std::vector<std::string> split_statements(std::string_view text) {
    std::vector<std::string> statements;
    std::string statement;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with("--") || line.empty()) continue;
        if (!statement.empty()) statement += '\n';
        statement += line;
        if (!line.ends_with(';')) continue;
        statement.pop_back();
        statements.push_back(std::move(statement));
        statement.clear();
    }
    ATLAS_CHECK(statement.empty(), "every statement of a migration ends with a semicolon");
    return statements;
}

host::Task<sql::Result<void>> migrate(sql::Database& database, host::Context context,
                                      std::vector<Migration> migrations) {
    const host::Context looking =
        context.with_deadline(host::deadline_after(database.host, look_time));
    sql::Result<void> ready = co_await create_history(database, looking);
    if (!ready) co_return ready;
    sql::Result<sql::QueryResult> applied =
        co_await sql::run_read(database, looking, applied_migrations, {});
    if (!applied) co_return std::unexpected(std::move(applied.error()));
    for (const Migration& migration : migrations) {
        if (is_applied(*applied, migration.version)) continue;
        auto done = co_await sql::run_transaction<Applied>(
            database, context, [&](sql::Transaction& transaction) {
                return apply(transaction, migration,
                             context.deadline.remaining(database.host.clock().now()));
            });
        if (!done) co_return std::unexpected(std::move(done.error().cause));
    }
    log_unknown(database.host, *applied, migrations);
    co_return co_await confirm(database, migrations);
}

}  // namespace atlas::store
