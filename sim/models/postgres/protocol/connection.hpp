#pragma once
// One client's connection: start-up, then messages until the client leaves or the session ends.
//
// The connection's own task reads, runs and writes. A session that is terminated from outside (an
// administrator, an idle time-out) while that task waits for the client's next message gets its
// farewell from a second task: the two never write at once, because the first one is reading.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/models/postgres/protocol/serve.hpp"
#include "sim/models/postgres/session.hpp"
#include "system/host/event.hpp"
#include "system/host/host.hpp"
#include "system/host/task_group.hpp"
#include "system/sql/protocol/frames.hpp"
#include "system/sql/protocol/frontend.hpp"

namespace atlas::sim::models::postgres::protocol {

/// What all connections of a server share. The task group is where the farewells run.
struct ConnectionEnvironment {
    host::Host& host;
    host::TaskGroup& tasks;
    const Backend& backend;
    const ServeLimits& limits;
};

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    Connection(ConnectionEnvironment environment, std::unique_ptr<host::ByteStream> stream);

    /// Serves the client to the end. With `too_many`, tells it so instead.
    host::Task<> run(bool too_many);

  private:
    struct ReplicationRequest {
        std::string user;
        std::string application_name;
    };
    /// What the connection's task is doing, as far as a termination must know.
    enum class Activity : std::uint8_t { working, reading, writing, ended };

    // start_up.cpp
    host::Task<bool> start_up(bool too_many);
    host::Task<std::optional<sql::protocol::StartupPacket>> read_startup_packet(
        host::Deadline deadline);
    Outcome<void> open_session(const sql::protocol::StartupMessage& message);
    void greet(const sql::protocol::StartupMessage& message);

    // connection.cpp
    host::Task<> serve_messages();
    host::Task<bool> receive(host::Deadline deadline);
    host::Task<bool> flush(host::Deadline deadline = host::Deadline::never());
    host::Task<> end_with(ServerMessage error);
    void on_termination();
    void on_notification();
    static host::Task<> send_notifications(std::shared_ptr<Connection> self);
    static host::Task<> say_farewell(std::shared_ptr<Connection> self, ServerMessage error);
    ServerMessage describe(const sql::protocol::FrameError& error) const;

    // messages.cpp: each answers into out_; an error that ends the session is in fatal_.
    host::Task<> handle_frame(sql::protocol::Frame frame);
    host::Task<> handle(sql::protocol::FrontendMessage message);
    host::Task<> handle_query(std::string text);
    host::Task<> handle_parse(const sql::protocol::Parse& message);
    void handle_bind(const sql::protocol::Bind& message);
    void handle_describe(const sql::protocol::Describe& message);
    host::Task<> handle_malformed(char type, std::string reason);
    void handle_close(const sql::protocol::Close& message);
    host::Task<> handle_execute(const sql::protocol::Execute& message);
    host::Task<> handle_sync();
    host::Task<> handle_other(char type);
    void answer(StatementResult result);
    void fail(ServerMessage error);
    void fail_extended(ServerMessage error);
    host::Task<> ready_for_query();
    void report_changed_parameters();

    ConnectionEnvironment environment_;
    std::unique_ptr<host::ByteStream> stream_;
    std::unique_ptr<Session> session_;
    sql::protocol::FrameReader frames_;
    std::string out_;
    Activity activity_ = Activity::working;
    std::optional<ServerMessage> fatal_;
    /// Set when the client has asked for replication: it is served elsewhere.
    std::optional<ReplicationRequest> replication_;
    bool disconnected_ = false;
    /// After an error in the extended protocol, everything up to Sync is skipped.
    bool skipping_to_sync_ = false;
    bool flush_wanted_ = false;
    /// Notifications are on their way although nobody has asked for anything: others that write
    /// wait for the end of it.
    bool notifying_ = false;
    host::Event notified_;
    /// What the client has been told of the settings, and which state of theirs that was.
    std::uint64_t reported_version_ = 0;
    std::vector<std::pair<std::string, std::string>> reported_;
};

}  // namespace atlas::sim::models::postgres::protocol
