#pragma once
// The table `users`: its SQL, and what comes of it.
//
// Errors (host::Error) of all three: unavailable or deadline_exceeded, definite or not as their
// certainty says; data_corrupted when a row is not what the schema says; invalid_argument when
// PostgreSQL refused the statement itself.

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

/// Also already_exists: another user has the same folded e-mail address.
host::Task<host::Result<void>> insert_user(sql::Database& database, host::Context context,
                                           NewUser user);

/// Also not_found.
host::Task<host::Result<domain::User>> find_user(sql::Database& database, host::Context context,
                                                 domain::Uuid id);

struct Rename {
    domain::Uuid id;
    std::string display_name;
    domain::Timestamp moment;
    /// The versions that may be renamed; nullopt is any. Compared and changed in one statement.
    std::optional<std::vector<std::int64_t>> versions;
};

/// The user as it is after. Also not_found, conflict (it has none of those versions).
host::Task<host::Result<domain::User>> rename_user(sql::Database& database, host::Context context,
                                                   Rename rename);

}  // namespace atlas::store
