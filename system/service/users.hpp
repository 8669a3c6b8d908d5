#pragma once
// The use cases about users. Errors of all: unavailable, deadline_exceeded and resource_exhausted,
// definite or not as their certainty says.

#include <optional>
#include <string>
#include <vector>

#include "system/domain/user.hpp"
#include "system/host/host.hpp"
#include "system/passwords/hash.hpp"
#include "system/sql/transaction.hpp"

namespace atlas::service {

struct Registration {
    std::string email;
    std::string display_name;
    std::string password;
};

class Users {
  public:
    /// `database` outlives it.
    Users(host::Host& host, sql::Database& database, passwords::Argon2Cost cost);

    /// Also already_exists: the e-mail address is taken.
    host::Task<host::Result<domain::User>> create(host::Context context, Registration registration);

    /// Also not_found.
    host::Task<host::Result<domain::User>> get(host::Context context, domain::Uuid id);

    /// Changes the display name if the user has one of those versions (nullopt: any). Also
    /// not_found, conflict.
    host::Task<host::Result<domain::User>> rename(
        host::Context context, domain::Uuid id, std::string display_name,
        std::optional<std::vector<std::int64_t>> versions);

  private:
    domain::Timestamp now() const;
    domain::Uuid next_id();
    /// Logs what the client is not told.
    std::unexpected<host::Error> fail(host::Context context, host::Error error) const;
    host::Task<host::Result<std::string>> hash(host::Context context, std::string password);

    host::Host& host_;
    sql::Database& database_;
    passwords::Argon2Cost cost_;
    host::RandomSource id_bits_;
    domain::Uuid7Sequence ids_;
};

}  // namespace atlas::service
