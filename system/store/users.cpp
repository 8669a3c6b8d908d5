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
    "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING"};
constexpr sql::Statement select{"users_select", "SELECT " ATLAS_USER_COLUMNS
                                                " FROM users WHERE id = $1 AND deleted_at IS NULL"};

constexpr sql::Statement list{"users_list",
                              "SELECT " ATLAS_USER_COLUMNS
                              " FROM users WHERE id > $1 AND deleted_at IS NULL ORDER BY id "
                              "LIMIT $2"};

#define ATLAS_CHANGE_USER                                                                       \
    "UPDATE users SET email = COALESCE($3, email), email_folded = COALESCE($4, email_folded), " \
    "display_name = COALESCE($5, display_name), updated_at = $2, version = version + 1 WHERE "  \
    "id = $1 AND deleted_at IS NULL"
#define ATLAS_DELETE_USER                                                                       \
    "UPDATE users SET deleted_at = $2, updated_at = $2, version = version + 1, email = '', "    \
    "email_folded = '', display_name = '', password_hash = '' WHERE id = $1 AND deleted_at IS " \
    "NULL"

/// A statement that changes a user of any version, and the same for a user of given versions, which
/// are then its last parameter.
struct ConditionalUpdate {
    sql::Statement any;
    sql::Statement of_versions;
};

constexpr ConditionalUpdate change_statements{
    {"users_change_any", ATLAS_CHANGE_USER " RETURNING " ATLAS_USER_COLUMNS},
    {"users_change_version",
     ATLAS_CHANGE_USER " AND version = ANY($6) RETURNING " ATLAS_USER_COLUMNS}};
constexpr ConditionalUpdate delete_statements{
    {"users_delete_any", ATLAS_DELETE_USER " RETURNING " ATLAS_USER_COLUMNS},
    {"users_delete_version",
     ATLAS_DELETE_USER " AND version = ANY($3) RETURNING " ATLAS_USER_COLUMNS}};

#undef ATLAS_DELETE_USER
#undef ATLAS_CHANGE_USER
#undef ATLAS_USER_COLUMNS

constexpr std::string_view email_index = "users_live_email_folded_key";

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

host::Result<std::vector<domain::User>> all_users(const sql::QueryResult& result) {
    std::vector<domain::User> users;
    for (const std::vector<sql::Value>& row : result.rows) {
        std::optional<domain::User> user = read_user(row);
        if (!user) {
            return host::failure(host::ErrorCode::data_corrupted, "a row of users cannot be read");
        }
        users.push_back(std::move(*user));
    }
    return users;
}

host::Result<domain::User> only_user(const sql::QueryResult& result) {
    host::Result<std::vector<domain::User>> users = all_users(result);
    if (!users) return std::unexpected(std::move(users.error()));
    if (users->empty()) return host::failure(host::ErrorCode::not_found);
    return std::move(users->front());
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
struct Updated {
    sql::QueryResult rows;
    bool changed = false;
};

/// `parameters` are those of the statement for any version; the first is the user's id.
host::Task<sql::Result<Updated>> try_update(sql::Transaction& transaction,
                                            const ConditionalUpdate& update,
                                            const sql::Parameters& parameters,
                                            const Versions& versions) {
    sql::Parameters all = parameters;
    if (versions) all.push_back(to_array(*versions));
    sql::Result<sql::QueryResult> updated =
        co_await transaction.execute(versions ? update.of_versions : update.any, std::move(all));
    if (!updated) co_return std::unexpected(std::move(updated.error()));
    if (!updated->rows.empty()) co_return Updated{std::move(*updated), true};
    transaction.give_up();
    sql::Result<sql::QueryResult> present =
        co_await transaction.execute(select, {parameters.front()});
    if (!present) co_return std::unexpected(std::move(present.error()));
    co_return Updated{std::move(*present), false};
}

bool is_taken_email(const sql::Error& error) {
    return error.sqlstate == unique_violation && error.constraint == email_index;
}

std::unexpected<host::Error> email_is_taken() {
    return host::failure(host::ErrorCode::already_exists, "the e-mail address is taken");
}

/// The user as it is after, or why nothing was changed.
host::Task<host::Result<domain::User>> update_user(sql::Access database, host::Context context,
                                                   const ConditionalUpdate& update,
                                                   sql::Parameters parameters, Versions versions) {
    auto updated = co_await sql::run_transaction<Updated>(
        database, context, [&](sql::Transaction& transaction) {
            return try_update(transaction, update, parameters, versions);
        });
    if (!updated && is_taken_email(updated.error().cause)) co_return email_is_taken();
    if (!updated) co_return std::unexpected(to_host_error(updated.error()));
    host::Result<domain::User> user = only_user(updated->rows);
    // Committed, whatever can be read of it.
    if (!user && updated->changed) user.error().certainty = host::Certainty::indefinite;
    if (!updated->changed && user) {
        co_return host::failure(host::ErrorCode::conflict, "the user has another version");
    }
    co_return user;
}

}  // namespace

host::Task<sql::Result<bool>> insert_user(sql::Transaction& transaction, NewUser user) {
    const domain::User& row = user.user;
    sql::Parameters parameters{
        domain::to_string(row.id),          row.email,
        domain::fold_email(row.email),      row.display_name,
        std::move(user.password_hash),      std::to_string(row.version),
        domain::to_rfc3339(row.created_at), domain::to_rfc3339(row.updated_at)};
    sql::Result<sql::QueryResult> inserted =
        co_await transaction.execute(insert, std::move(parameters));
    if (!inserted) co_return std::unexpected(std::move(inserted.error()));
    // The other unique index is on ids, which do not repeat.
    co_return inserted->affected_rows() == 1;
}

host::Task<host::Result<domain::User>> find_user(sql::Access database, host::Context context,
                                                 domain::Uuid id) {
    sql::Result<sql::QueryResult> found =
        co_await sql::run_read(database, context, select, {domain::to_string(id)});
    if (!found) {
        co_return std::unexpected(
            to_host_error({std::move(found.error()), host::Certainty::definite}));
    }
    co_return only_user(*found);
}

host::Task<host::Result<std::vector<domain::User>>> list_users(sql::Access database,
                                                               host::Context context,
                                                               domain::Uuid after,
                                                               std::size_t limit) {
    sql::Result<sql::QueryResult> found = co_await sql::run_read(
        database, context, list, {domain::to_string(after), std::to_string(limit)});
    if (!found) {
        co_return std::unexpected(
            to_host_error({std::move(found.error()), host::Certainty::definite}));
    }
    co_return all_users(*found);
}

host::Task<host::Result<domain::User>> change_user(sql::Access database, host::Context context,
                                                   UserChange change) {
    sql::Value folded;
    if (change.email) folded = domain::fold_email(*change.email);
    sql::Parameters parameters{domain::to_string(change.id), domain::to_rfc3339(change.moment),
                               std::move(change.email), std::move(folded),
                               std::move(change.display_name)};
    co_return co_await update_user(database, context, change_statements, std::move(parameters),
                                   std::move(change.versions));
}

host::Task<host::Result<void>> delete_user(sql::Access database, host::Context context,
                                           UserDeletion deletion) {
    sql::Parameters parameters{domain::to_string(deletion.id), domain::to_rfc3339(deletion.moment)};
    const host::Result<domain::User> deleted = co_await update_user(
        database, context, delete_statements, std::move(parameters), std::move(deletion.versions));
    if (!deleted) co_return std::unexpected(deleted.error());
    co_return host::Result<void>{};
}

}  // namespace atlas::store
