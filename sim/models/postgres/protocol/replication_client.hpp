#pragma once
// A connection that was opened for replication: its commands, and the log as a stream ("Streaming
// Replication Protocol"). What PostgreSQL's walsender does.

#include <memory>
#include <string>

#include "system/host/host.hpp"
#include "system/sql/protocol/frames.hpp"

namespace atlas::sim::models::postgres {
class Engine;
}

namespace atlas::sim::models::postgres::protocol {

/// After its StartupMessage.
struct ReplicationClient {
    std::unique_ptr<host::ByteStream> stream;
    sql::protocol::FrameReader frames;
    std::string user;
    std::string application_name;
};

/// Serves it to the end: until it leaves, the server stops, or it has not answered for
/// wal_sender_timeout.
host::Task<> serve_replication(Engine& engine, ReplicationClient client);

}  // namespace atlas::sim::models::postgres::protocol
