#pragma once
// The agent: it looks at the lease store and at the server beside it, decides, does one thing, and
// looks again. It keeps nothing on disk; what an earlier life of it has begun it finds.
//
// At most one runs beside a server: whoever starts it sees to that.

#include <functional>

#include "system/failover/database_server.hpp"
#include "system/failover/decision.hpp"
#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::failover {

struct AgentSettings {
    /// Of its member (is_member_name).
    std::string name;
    std::string cluster = "atlas";
    host::Endpoint lease_store = {};
    /// Where the other members reach the server.
    host::Endpoint advertised = {};
    /// How the agent itself does, as a superuser.
    sql::ConnectionTarget server = {};
    AgentOptions options = {};
    /// What it decides by. Another one is for those who look what a mistake in it would do.
    std::function<Decision(const Observation&, const AgentOptions&)> decide = failover::decide;
    /// Between two looks when there is nothing to do.
    host::Duration interval = std::chrono::milliseconds{500};
    /// So long the lease store, or the server, has to answer before it counts as silent. A look, an
    /// act over SQL and a pause must end well before a lease does.
    host::Duration look_time = std::chrono::seconds{1};
    host::Duration start_time = std::chrono::seconds{5};
    host::Duration stop_time = std::chrono::seconds{10};
    /// For a new database, a copy, a rewind.
    host::Duration copy_time = std::chrono::hours{6};
};

/// Runs until the host asks to stop. The server goes on running then, as it does when the agent
/// dies: for as long as the next agent takes to come, that is all right; if none comes, others take
/// over when the lease has ended, and commits here wait for ever.
/// Errors: invalid_argument (a name that is none).
host::Task<host::Result<void>> run_agent(host::Host& host, DatabaseServer& server,
                                         sql::Driver& driver, AgentSettings settings);

}  // namespace atlas::failover
