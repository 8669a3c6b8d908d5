#pragma once
// What an agent does next, from what it sees. A plain function: no clock, no I/O, no memory, so
// that it can be tried on every situation.
//
// The order of its rules is that of what could go wrong: first never two primaries, then a primary,
// then followers of the right one, then followers that confirm.

#include <string>
#include <variant>
#include <vector>

#include "system/failover/observation.hpp"

namespace atlas::failover {

struct AgentOptions {
    /// How long the lease lives after it was last renewed.
    std::chrono::milliseconds lease_time{5000};
    /// So long before the lease's end a primary that cannot renew it is stopped.
    host::Duration stopping_time = std::chrono::seconds{1};
    /// How long the holder of the lease waits for its server to answer before it gives the lease
    /// up.
    host::Duration patience = std::chrono::seconds{10};
    /// How long a server may say that it is starting up (it recovers, or replays what it has)
    /// before it is silent like any other.
    host::Duration starting_time = std::chrono::minutes{10};
    /// After a change of who confirms: on top of what SetConfirming waits for.
    host::Duration settling_time = std::chrono::seconds{2};
    /// Whether commits wait when no follower can confirm them. Otherwise they are confirmed by the
    /// primary alone, and are lost with it.
    bool strict = true;
};

struct Wait {
    friend bool operator==(const Wait&, const Wait&) = default;
};
/// Of the lease store.
struct TakeLease {
    friend bool operator==(const TakeLease&, const TakeLease&) = default;
};
struct GiveUpLease {
    friend bool operator==(const GiveUpLease&, const GiveUpLease&) = default;
};
/// If the key has not changed since it was seen.
struct PublishSynchronous {
    Synchronous synchronous;
    friend bool operator==(const PublishSynchronous&, const PublishSynchronous&) = default;
};
/// Of the server beside the agent.
struct StopNow {  ///< As by a crash: it must not finish anything.
    friend bool operator==(const StopNow&, const StopNow&) = default;
};
struct Start {
    friend bool operator==(const Start&, const Start&) = default;
};
struct Promote {
    friend bool operator==(const Promote&, const Promote&) = default;
};
struct Create {  ///< A new database, of which all others become copies.
    friend bool operator==(const Create&, const Create&) = default;
};
struct Copy {  ///< The whole data directory, from that member.
    std::string from;
    friend bool operator==(const Copy&, const Copy&) = default;
};
struct Rewind {  ///< What only it has goes; what the other has comes.
    std::string to;
    friend bool operator==(const Rewind&, const Rewind&) = default;
};
struct Follow {
    std::string whom;
    friend bool operator==(const Follow&, const Follow&) = default;
};
/// The setting of the server and, before it says that it is done:
///  * first, no session of an earlier life of the agent is left at the server that could still
///    change it (an advisory lock that each of them holds, or pg_terminate_backend);
///  * the file is written and reloaded, and a new session shows the new names: then the postmaster
///    has told everybody.
/// From nobody to somebody (strict = false) that is not all: sessions learn from the checkpointer
/// whether there is anybody to wait for, and it does not look while it syncs a checkpoint. Until
/// then commits may be confirmed by the primary alone, as they were before.
struct SetConfirming {
    std::vector<std::string> followers;
    friend bool operator==(const SetConfirming&, const SetConfirming&) = default;
};

using Decision = std::variant<Wait, TakeLease, GiveUpLease, PublishSynchronous, StopNow, Start,
                              Promote, Create, Copy, Rewind, Follow, SetConfirming>;

/// The lease is renewed by whoever holds it before this is asked.
Decision decide(const Observation& seen, const AgentOptions& options);

/// Whether the data directory belongs to another database than the cluster's.
bool is_foreign(const OwnServer& server, const Synchronous& synchronous);

/// What the key says when oneself and nobody else may lead.
Synchronous alone(const Observation& seen);

/// decide_synchronous.cpp: for the primary that holds the lease.
Decision decide_synchronous(const Observation& seen, const AgentOptions& options);

/// "promote", "follow postgres-1", ...: for logs.
std::string describe(const Decision& decision);

}  // namespace atlas::failover
