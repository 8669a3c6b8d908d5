#pragma once
// An agent's one connection to the server beside it: it looks with it, and changes settings.
//
// The session holds an advisory lock. Who was to change settings and died, or gave up waiting, may
// have left a statement under way; its session ends after that, and only then does the next one get
// the lock. So what a session with the lock has set stays set, and what it has not set itself it is
// not sure of, whatever the server shows: the file may already say something else.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system/failover/server_status.hpp"
#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::failover {

class ServerSession {
  public:
    /// As a superuser.
    ServerSession(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target);

    /// Connects if need be. Errors: unavailable, protocol_error, definite.
    host::Task<host::Result<ServerStatus>> look(host::Deadline deadline);

    /// Who must confirm commits, as this session has set it; nothing if it is not sure.
    const std::optional<std::vector<std::string>>& confirming() const { return confirming_; }
    /// When confirming() had been set.
    host::TimePoint confirming_since() const { return confirming_since_; }

    /// The last look found no session because the server is starting up.
    bool is_starting() const { return is_starting_; }

    // Errors: conflict (an older session is not over yet), definite; unavailable, indefinite.
    // All may be repeated.
    host::Task<host::Result<void>> set_confirming(host::Deadline deadline,
                                                  std::vector<std::string> members);
    /// While it runs as a follower.
    host::Task<host::Result<void>> follow(host::Deadline deadline, std::string conninfo);
    /// Begins it; look() shows when it is over. One that is a primary is no error.
    host::Task<host::Result<void>> promote(host::Deadline deadline);

    void close() noexcept;

  private:
    host::Task<host::Result<void>> connect(host::Deadline deadline);
    host::Task<host::Result<void>> take_lock(host::Deadline deadline);
    host::Task<host::Result<sql::QueryResult>> run(host::Deadline deadline, std::string text);
    host::Task<host::Result<void>> change(host::Deadline deadline, std::string statement);
    host::Task<host::Result<void>> settle_names(host::Deadline deadline, std::string names);

    host::Host& host_;
    sql::Driver& driver_;
    sql::ConnectionTarget target_;
    std::unique_ptr<sql::Connection> connection_;
    bool has_lock_ = false;
    bool is_starting_ = false;
    std::optional<std::vector<std::string>> confirming_;
    host::TimePoint confirming_since_{};
};

}  // namespace atlas::failover
