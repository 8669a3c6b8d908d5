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

/// What an agent tells the others about its server, as long as that answers: one whose server does
/// not takes its member away at once, and members whose agents are gone end with their lease. So
/// whoever is there could lead; how far it is may be old.
struct Member {
    std::string name;
    host::Endpoint endpoint = {};
    Role role = Role::follower;
    /// The greater of what it has received and what it has replayed: after a restart a follower
    /// says that it has received nothing, or the start of a segment. Not told before it has
    /// replayed all the log it has.
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
    /// Its system identifier; empty when there is none yet, or none was known.
    std::string database = {};
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
    /// It receives what is written, and has all that was there when the present names had settled
    /// (`confirming_since` and the settling time); as long as they have not, what was there at the
    /// look before.
    bool in_step = false;

    friend bool operator==(const Standby&, const Standby&) = default;
};

/// Nobody's name.
inline constexpr const char* unknown = "?";

struct OwnServer {
    /// There is a whole data directory. One that was being created, copied or rewound when that
    /// broke off is none: a mark that is durable before such an act begins, and taken away when its
    /// result is durable, tells.
    bool exists = false;
    /// The system identifier in the data directory; empty if it is not known.
    std::string database = {};
    /// It was made by Create, and its database has not been seen in the key `synchronous` since:
    /// there is nothing in it to lose.
    bool is_unpublished = false;
    /// Its process runs.
    bool running = false;
    /// It says that it is starting up, and has not said so for too long.
    bool is_starting = false;
    /// It answers queries; what follows is known then alone.
    bool answers = false;
    Role role = Role::follower;
    LogPlace place = {};
    /// In the order of their names.
    std::vector<Standby> standbys = {};
    /// The members named in synchronous_standby_names ("*" for any), if postgresql.auto.conf and
    /// the running server agree; else `unknown`: a change was broken off, and any reload may
    /// complete it. A follower's: what it will have when it is promoted.
    std::vector<std::string> confirming = {};
    /// Since when every session and process of the server has gone by them, as the SetConfirming of
    /// this life of the agent has seen to. Nothing if this life has not set them since the server
    /// started, or is not sure: an earlier one may have left a change under way.
    std::optional<host::TimePoint> confirming_since = {};
    /// Whom it is set to follow, known also when it is stopped; empty for nobody. It follows if
    /// there is a standby.signal, whatever primary_conninfo says, which stays there after a
    /// promotion; one that follows without saying whom follows `unknown`.
    std::string follows = {};
    /// Its log has gone another way than that of whom it follows: found out while it ran, and
    /// remembered when it is stopped.
    bool diverged = false;

    const Standby* find(const std::string& name) const;
};

struct Observation {
    std::string self;
    /// Before the first question to the server and the store: what was seen was so then or later.
    host::TimePoint looked_at = {};
    /// After the last answer, right before it is decided: never earlier than what was seen.
    host::TimePoint now = {};
    OwnServer server = {};
    /// Nothing when the store did not answer.
    std::optional<StoreView> store = {};
    /// When one's own lease ends, at the earliest: counted from before it was asked for, by a clock
    /// that goes on while the machine is suspended. Nothing if one has none. A holder renews before
    /// each look, so one that the store shows as the holder and that has nothing here is one whose
    /// renewal was refused or not answered: it waits.
    std::optional<host::TimePoint> lease_until = {};
    /// The revision of the key `synchronous` after one's own last change of it; nothing if one has
    /// tried to change it again since, or is not sure. As long as the key still has it, no change
    /// that was sent before can arrive any more.
    std::optional<std::uint64_t> published = {};
    /// Since when the server does not answer although it should: it runs, or one has the lease.
    /// Kept while it is stopped for that and the lease is given up, until it answers or one takes
    /// the lease anew, which gives it its time again.
    std::optional<host::TimePoint> silent_since = {};
};

/// For logs: "primary at 0/4711, confirmed by [b], lease held, a may lead, or [b]".
std::string describe(const Observation& seen);

}  // namespace atlas::failover
