#include "system/store/users.hpp"

#include <charconv>
#include <utility>

#include "system/store/errors.hpp"

namespace atlas::store {
namespace {

#define ATLAS_USER_COLUMNS "id, email, display_name, version, created_at, updated_at"

constexpr sql::Statement insert{
    "users_insert",
    "INSERT INTO users (id, email, email_folded, display_name, password_hash, version, created_at, "
    "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr sql::Statement select{"users_select",
                                "SELECT " ATLAS_USER_COLUMNS " FROM users WHERE id = $1"};
constexpr sql::Statement rename_any{
    "users_rename_any",
    "UPDATE users SET display_name = $2, updated_at = $3, version = version + 1 WHERE id = $1 "
    "RETURNING " ATLAS_USER_COLUMNS};
constexpr sql::Statement rename_version{
    "users_rename_version",
    "UPDATE users SET display_name = $2, updated_at = $3, version = version + 1 WHERE id = $1 AND "
    "version = ANY($4) RETURNING " ATLAS_USER_COLUMNS};

#undef ATLAS_USER_COLUMNS

constexpr std::string_view email_index = "users_email_folded_key";

std::optional<domain::User> read_user(const std::vector<sql::Value>& row) {
    if (row.size() != 6) return {};
    for (const sql::Value& value : row) {
        if (!value) return {};
    }
    const auto id = domain::parse_uuid(*row[0]);
    const auto created_at = domain::parse_timestamp(*row[4]);
    const auto updated_at = domain::parse_timestamp(*row[5]);
    std::int64_t version = 0;
    const char* const end = row[3]->data() + row[3]->size();
    const auto [rest, error] = std::from_chars(row[3]->data(), end, version);
    if (!id || !created_at || !updated_at || error != std::errc{} || rest != end) return {};
    return domain::User{*id, *row[1], *row[2], version, *created_at, *updated_at};
}

host::Result<domain::User> only_user(const sql::QueryResult& result) {
    if (result.rows.empty()) return host::failure(host::ErrorCode::not_found);
    std::optional<domain::User> user = read_user(result.rows.front());
    if (!user) {
        return host::failure(host::ErrorCode::data_corrupted, "a row of users cannot be read");
    }
    return std::move(*user);
}

/// In PostgreSQL's text format: "{1,2}".
std::string to_array(const std::vector<std::int64_t>& numbers) {
    std::string text = "{";
    for (const std::int64_t number : numbers) {
        if (text.size() > 1) text += ',';
        text += std::to_string(number);
    }
    return text + '}';
}

/// Rows of the statement if it changed something, else of a look at what is there.
struct Renamed {
    sql::QueryResult rows;
    bool changed = false;
};

host::Task<sql::Result<Renamed>> try_rename(sql::Transaction& transaction, const Rename& rename) {
    sql::Parameters parameters{domain::to_string(rename.id), rename.display_name,
                               domain::to_rfc3339(rename.moment)};
    if (rename.versions) parameters.push_back(to_array(*rename.versions));
    sql::Result<sql::QueryResult> updated = co_await transaction.execute(
        rename.versions ? rename_version : rename_any, std::move(parameters));
    if (!updated) co_return std::unexpected(std::move(updated.error()));
    if (!updated->rows.empty()) co_return Renamed{std::move(*updated), true};
    transaction.give_up();
    sql::Result<sql::QueryResult> present =
        co_await transaction.execute(select, {domain::to_string(rename.id)});
    if (!present) co_return std::unexpected(std::move(present.error()));
    co_return Renamed{std::move(*present), false};
}

}  // namespace

host::Task<host::Result<void>> insert_user(sql::Database& database, host::Context context,
                                           NewUser user) {
    const domain::User& row = user.user;
    const sql::Parameters parameters{domain::to_string(row.id),
                                     row.email,
                                     domain::fold_email(row.email),
                                     row.display_name,
                                     user.password_hash,
                                     std::to_string(row.version),
                                     domain::to_rfc3339(row.created_at),
                                     domain::to_rfc3339(row.updated_at)};
    auto inserted = co_await sql::run_transaction<sql::QueryResult>(
        database, context,
        [&](sql::Transaction& transaction) { return transaction.execute(insert, parameters); });
    if (inserted) co_return host::Result<void>{};
    const sql::Error& cause = inserted.error().cause;
    if (cause.sqlstate == unique_violation && cause.constraint == email_index) {
        co_return host::failure(host::ErrorCode::already_exists, "the e-mail address is taken");
    }
    co_return std::unexpected(to_host_error(inserted.error()));
}

host::Task<host::Result<domain::User>> find_user(sql::Database& database, host::Context context,
                                                 domain::Uuid id) {
    sql::Result<sql::QueryResult> found =
        co_await sql::run_read(database, context, select, {domain::to_string(id)});
    if (!found) {
        co_return std::unexpected(
            to_host_error({std::move(found.error()), host::Certainty::definite}));
    }
    co_return only_user(*found);
}

host::Task<host::Result<domain::User>> rename_user(sql::Database& database, host::Context context,
                                                   Rename rename) {
    auto renamed = co_await sql::run_transaction<Renamed>(
        database, context,
        [&](sql::Transaction& transaction) { return try_rename(transaction, rename); });
    if (!renamed) co_return std::unexpected(to_host_error(renamed.error()));
    host::Result<domain::User> user = only_user(renamed->rows);
    if (!renamed->changed && user) {
        co_return host::failure(host::ErrorCode::conflict, "the user has another version");
    }
    co_return user;
}

}  // namespace atlas::store
