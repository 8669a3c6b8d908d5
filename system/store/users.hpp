#pragma once
// The table `users`: its SQL, and what comes of it. A deleted user is a row that no statement here
// finds.
//
// Errors (host::Error) of all that take a database: unavailable or deadline_exceeded, definite or
// not as their certainty says; data_corrupted when a row is not what the schema says;
// invalid_argument when PostgreSQL refused the statement itself.

#include <optional>
#include <string>
#include <vector>

#include "system/domain/user.hpp"
#include "system/sql/transaction.hpp"

namespace atlas::store {

struct NewUser {
    domain::User user;
    std::string password_hash;
};

/// Whether it was inserted: not when another user has the same folded e-mail address. That is no
/// error, so that the transaction goes on.
host::Task<sql::Result<bool>> insert_user(sql::Transaction& transaction, NewUser user);

/// Also not_found.
host::Task<host::Result<domain::User>> find_user(sql::Access database, host::Context context,
                                                 domain::Uuid id);

/// The first `limit` users after that id, in the order of ids.
host::Task<host::Result<std::vector<domain::User>>> list_users(sql::Access database,
                                                               host::Context context,
                                                               domain::Uuid after,
                                                               std::size_t limit);

/// The versions that may be changed; nullopt is any. Compared and changed in one statement.
using Versions = std::optional<std::vector<std::int64_t>>;

struct UserChange {
    domain::Uuid id;
    /// What is nullopt stays as it is.
    std::optional<std::string> email;
    std::optional<std::string> display_name;
    domain::Timestamp moment;
    Versions versions;
};

/// The user as it is after. Also not_found, conflict (it has none of those versions),
/// already_exists (another user has that e-mail address).
host::Task<host::Result<domain::User>> change_user(sql::Access database, host::Context context,
                                                   UserChange change);

struct UserDeletion {
    domain::Uuid id;
    domain::Timestamp moment;
    Versions versions;
};

/// From then on there is no such user, its e-mail address is free, and of its personal data nothing
/// is left in the row. Also not_found, conflict.
host::Task<host::Result<void>> delete_user(sql::Access database, host::Context context,
                                           UserDeletion deletion);

}  // namespace atlas::store
