#pragma once
// For the tests of this room: a client that talks to a session without bytes in between, and
// results as short text.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/models/postgres/server.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::models::postgres::testing {

class Client {
  public:
    explicit Client(Server& server,
                    std::vector<std::pair<std::string, std::string>> parameters = {});

    /// By the simple protocol. Each statement gives one line: "(1,a)(2,b) SELECT 2",
    /// "23505 duplicate key ...". NULL shows as "~".
    host::Task<std::string> query(std::string text);

    /// By the extended protocol: parse, bind, describe, execute, sync.
    host::Task<std::string> query(std::string text, TextRow parameters);

    /// The last error in full, if the last query had one.
    const std::optional<ServerMessage>& last_error() const { return last_error_; }

    Session& session() { return *session_; }
    void disconnect() { session_.reset(); }

  private:
    std::string describe(const StatementResult& result) const;
    std::string describe(const ServerMessage& error);

    std::unique_ptr<Session> session_;
    std::optional<ServerMessage> last_error_;
};

}  // namespace atlas::sim::models::postgres::testing
