#pragma once
// The use cases about users. Errors of all: unavailable, deadline_exceeded and resource_exhausted,
// definite or not as their certainty says; data_corrupted and invalid_argument when the service
// itself is at fault.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "system/domain/user.hpp"
#include "system/host/semaphore.hpp"
#include "system/passwords/hash.hpp"
#include "system/service/key_turns.hpp"
#include "system/sql/transaction.hpp"
#include "system/store/idempotency.hpp"

namespace atlas::service {

struct Registration {
    std::string email;
    std::string display_name;
    std::string password;
};

/// What a registration is answered: the new user, or null when the e-mail address is taken.
using RegistrationAnswer = std::function<store::Answer(const domain::User* created)>;

/// What is nullopt stays as it is.
struct Change {
    std::optional<std::string> email;
    std::optional<std::string> display_name;
};

using Versions = std::optional<std::vector<std::int64_t>>;

/// Users in the order of their ids.
struct UserPage {
    std::vector<domain::User> users;
    bool has_more = false;  ///< There are users after the last of these.
};

/// How passwords are hashed, and how many at a time. A hash that has been handed to a thread cannot
/// be called back, so those beyond `at_once` wait here, where deadline and cancellation reach them.
struct PasswordHashing {
    passwords::Argon2Cost cost = {};
    /// As many as there are threads for it.
    std::size_t at_once = 1;
    /// Beyond it the next is turned away at once. At 14 ms a hash, the last in line waits a second.
    std::size_t waiting = 64;
};

struct PasswordHashingCounters {
    std::uint64_t hashed = 0;
    std::uint64_t turned_away = 0;  ///< As many waited as may, or the host had no room.
    std::uint64_t out_of_time = 0;
};

/// Where a request keeps what it has seen, and how new its reads have to be, it is the last
/// parameter of all; null where nobody does.
class Users {
  public:
    /// `database` outlives it.
    Users(host::Host& host, sql::Database& database, PasswordHashing hashing);

    const PasswordHashingCounters& hashing_counters() const { return hashing_counters_; }
    const KeyTurnCounters& turn_counters() const { return turns_.counters(); }

    /// Once for each key, however often it is asked. That the e-mail address is taken is an outcome
    /// of its own, and kept like the other. What has an answer already is answered from the store:
    /// that costs no hash. Those of one key take turns, and whoever does not get his soon enough is
    /// told that another is under way, whatever it is doing.
    host::Task<host::Result<store::KeyedAnswer>> create(host::Context context,
                                                        Registration registration,
                                                        store::KeyedRequest request,
                                                        RegistrationAnswer answer,
                                                        sql::Session* session = nullptr);

    /// Also not_found.
    host::Task<host::Result<domain::User>> get(host::Context context, domain::Uuid id,
                                               sql::Session* session = nullptr);

    /// At most `limit` users (at least 1) whose ids come after that one; nullopt: from the first
    /// on. Users that are there throughout appear once in a listing that goes on from page to page,
    /// whatever comes and goes meanwhile.
    host::Task<host::Result<UserPage>> list(host::Context context,
                                            std::optional<domain::Uuid> after, std::size_t limit,
                                            sql::Session* session = nullptr);

    /// Changes the user if it has one of those versions (nullopt: any). Also not_found, conflict,
    /// already_exists: the e-mail address is taken.
    host::Task<host::Result<domain::User>> change(host::Context context, domain::Uuid id,
                                                  Change what, Versions versions,
                                                  sql::Session* session = nullptr);

    /// Likewise. From then on there is no such user, its e-mail address is free, and its personal
    /// data are gone. Also not_found, conflict.
    host::Task<host::Result<void>> remove(host::Context context, domain::Uuid id, Versions versions,
                                          sql::Session* session = nullptr);

  private:
    domain::Timestamp now() const;
    domain::Uuid next_id();
    /// Logs what the client is not told.
    std::unexpected<host::Error> fail(host::Context context, host::Error error) const;
    host::Task<host::Result<store::KeyedAnswer>> register_once(host::Context context,
                                                               Registration registration,
                                                               store::KeyedRequest request,
                                                               RegistrationAnswer answer,
                                                               sql::Session* session);
    host::Task<host::Result<std::string>> hash(host::Context context, std::string password);
    void count(const host::Result<std::string>& hashed);

    host::Host& host_;
    sql::Database& database_;
    passwords::Argon2Cost cost_;
    host::Semaphore hashing_;
    PasswordHashingCounters hashing_counters_;
    KeyTurns turns_;
    host::RandomSource id_bits_;
    domain::Uuid7Sequence ids_;
};

}  // namespace atlas::service
