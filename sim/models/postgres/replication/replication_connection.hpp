#pragma once
// The client's side of a replication connection: start-up, commands, and the stream that follows
// START_REPLICATION. libpq's walreceiver, as far as the model's servers need it.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/replication/conninfo.hpp"
#include "sim/models/postgres/session.hpp"
#include "system/host/host.hpp"
#include "system/sql/protocol/frames.hpp"

namespace atlas::sim::models::postgres {

class ReplicationConnection {
  public:
    /// Errors: the network's; unavailable (the server's refusal, in its words), protocol_error.
    static host::Task<host::Result<std::unique_ptr<ReplicationConnection>>> open(
        host::Host& host, Conninfo conninfo, host::Deadline deadline);

    /// A command with rows, or without any. Errors: as open().
    host::Task<host::Result<std::vector<TextRow>>> run(std::string command,
                                                       host::Deadline deadline);

    /// START_REPLICATION or BASE_BACKUP: true when the stream has begun; false when there is
    /// nothing to stream and the command's rows follow. Errors: as open().
    host::Task<host::Result<bool>> start_stream(std::string command, host::Deadline deadline);

    /// The payload of the next CopyData, valid until the next call; empty at the stream's end.
    /// Errors: as open().
    host::Task<host::Result<std::string_view>> next_data(host::Deadline deadline);

    /// After the end of a stream: says CopyDone and reads what the server has to say after it.
    host::Task<host::Result<std::vector<TextRow>>> end_stream(host::Deadline deadline);
    /// What follows when start_stream() was false.
    host::Task<host::Result<std::vector<TextRow>>> read_rows(host::Deadline deadline);

    /// One sender at a time.
    host::Task<host::Result<void>> send(std::string bytes, host::Deadline deadline);

  private:
    ReplicationConnection(std::unique_ptr<host::ByteStream> stream)
        : stream_(std::move(stream)), frames_(sql::protocol::Sender::backend) {}

    host::Task<host::Result<sql::protocol::Frame>> next_frame(host::Deadline deadline);
    host::Task<host::Result<void>> wait_until_ready(host::Deadline deadline);

    std::unique_ptr<host::ByteStream> stream_;
    sql::protocol::FrameReader frames_;
};

}  // namespace atlas::sim::models::postgres
