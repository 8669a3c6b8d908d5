#pragma once
// What an agent sees at one moment: its own server, and the lease store's last answer.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "system/host/network.hpp"
#include "system/host/time.hpp"

namespace atlas::failover {

enum class Role : std::uint8_t { primary, follower };

/// How far a server's log goes. A later timeline is always further.
struct LogPlace {
    std::uint32_t timeline = 0;
    std::uint64_t position = 0;

    friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

/// What an agent tells the others about its server. Members whose agents are gone are not there.
struct Member {
    std::string name;
    host::Endpoint endpoint = {};
    Role role = Role::follower;
    LogPlace received = {};

    friend bool operator==(const Member&, const Member&) = default;
};

/// The lease of the primary.
struct Leadership {
    std::string holder;
    /// Of the key, for renewing it.
    std::uint64_t revision = 0;

    friend bool operator==(const Leadership&, const Leadership&) = default;
};

/// Who may become the primary without losing a confirmed commit: the last primary itself, and its
/// followers that have confirmed each of them.
struct Synchronous {
    std::string primary;
    std::vector<std::string> followers = {};
    /// Whether there is a database, so that a member without one must not make another.
    bool created = false;
    /// Of the key; 0 when there is none yet.
    std::uint64_t revision = 0;

    bool may_lead(const std::string& member) const;
    friend bool operator==(const Synchronous&, const Synchronous&) = default;
};

/// What the lease store answered; one moment's truth.
struct StoreView {
    std::optional<Leadership> leadership = {};
    std::optional<Synchronous> synchronous = {};
    /// In the order of their names, oneself among them if one has told.
    std::vector<Member> members = {};

    const Member* find(const std::string& name) const;
};

/// A follower, as the primary sees it in pg_stat_replication.
struct Standby {
    std::string name;
    /// It receives what is written, and has all that was there when it was looked at.
    bool in_step = false;

    friend bool operator==(const Standby&, const Standby&) = default;
};

struct OwnServer {
    /// There is a data directory.
    bool exists = false;
    /// Its process runs.
    bool running = false;
    /// It answers queries; what follows is known then alone.
    bool answers = false;
    Role role = Role::follower;
    LogPlace place = {};
    /// In the order of their names.
    std::vector<Standby> standbys = {};
    /// The members named in synchronous_standby_names ("*" for any), and since when.
    std::vector<std::string> confirming = {};
    host::TimePoint confirming_since = {};
    /// Whom it is set to follow, known also when it is stopped; empty for nobody.
    std::string follows = {};
    /// Its log has gone another way than that of whom it follows: found out while it ran, and
    /// remembered when it is stopped.
    bool diverged = false;

    const Standby* find(const std::string& name) const;
};

struct Observation {
    std::string self;
    host::TimePoint now = {};
    OwnServer server = {};
    /// Nothing when the store did not answer.
    std::optional<StoreView> store = {};
    /// When one's own lease ends, at the earliest, by one's own clock; nothing if one has none.
    std::optional<host::TimePoint> lease_until = {};
    /// The revision of the key `synchronous` after one's own last change of it; nothing if one has
    /// tried to change it again since, or is not sure. As long as the key still has it, no change
    /// that was sent before can arrive any more.
    std::optional<std::uint64_t> published = {};
    /// Since when the server does not answer although it should.
    std::optional<host::TimePoint> silent_since = {};
};

}  // namespace atlas::failover
