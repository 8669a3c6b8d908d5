#pragma once
// What all clients of a run know together of the users: whom there is to read and change, and
// which e-mail to try next. They share it so that they meet on the same users; it is no part of the
// system, and no message of the run carries it.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "system/client/client.hpp"
#include "system/host/random.hpp"

namespace atlas::properties {

struct KnownUser {
    std::string id;
    std::string email;
    std::int64_t version = 0;  ///< The highest that anybody was told.
};

/// One whose outcome somebody was told.
struct FinishedRegistration {
    std::string email;
    std::string display_name;
    std::string key;
};

struct DirectoryOptions {
    std::size_t working_set = 40;  ///< Users that are read and changed: the newest.
    std::size_t hot_users = 3;     ///< The oldest: all clients keep coming back to them.
    std::uint32_t hot_per_thousand = 500;
    std::size_t email_pool = 60;  ///< E-mails that are tried at a time.
};

class UserDirectory {
  public:
    explicit UserDirectory(DirectoryOptions options) : options_(options) {}

    /// Somebody was told of this user.
    void learn(const client::User& user);

    /// Somebody was told that there is no such user any more.
    void forget(const std::string& id);

    /// The last few are kept.
    void remember(FinishedRegistration registration);

    /// There is at least one.
    const FinishedRegistration& last_registration() const { return registrations_.back(); }

    /// Null when there is none.
    const FinishedRegistration* pick_registration(host::RandomSource& random) const;

    const std::vector<KnownUser>& users() const { return users_; }
    std::size_t hot_users() const { return std::min(options_.hot_users, users_.size()); }

    /// There is at least one user.
    const KnownUser& pick(host::RandomSource& random) const;
    /// Likewise, of those who are not hot; null when there are none.
    const KnownUser* pick_not_hot(host::RandomSource& random) const;

    /// From a pool that moves on slowly: often one that was tried before, by somebody else a moment
    /// ago, or spelt with other letters large.
    std::string next_email(host::RandomSource& random);

    /// One that nobody was ever given.
    std::string fresh_email();

  private:
    DirectoryOptions options_;
    std::vector<KnownUser> users_;  ///< In the order in which they became known.
    std::map<std::string, std::size_t> places_;
    std::deque<FinishedRegistration> registrations_;
    std::uint64_t attempts_ = 0;
    std::uint64_t last_number_ = 0;
    std::uint64_t fresh_ = 0;
};

/// The same e-mail, some ASCII letters of it large instead of small or small instead of large.
std::string spell_otherwise(std::string email, host::RandomSource& random);

/// The e-mail of that number, ASCII letters large or small at random. Some numbers differ by the
/// case of a letter outside ASCII alone: those are different addresses.
std::string spell_email(std::uint64_t number, host::RandomSource& random);

}  // namespace atlas::properties
