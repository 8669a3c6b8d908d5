#pragma once
// What the API is tested on: a simulated cluster, the server with its embedded database, the server
// on a real PostgreSQL, and two servers on one. A client of the same kind talks to each.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "properties/contracts/both_worlds.hpp"
#include "properties/contracts/postgres_process_fixture.hpp"
#include "system/host/host.hpp"
#include "system/http/message.hpp"

namespace atlas::properties {

/// Sends requests to the nodes in turn, each on a connection of its own.
class ApiClient {
  public:
    ApiClient(host::Host& host, std::vector<host::Endpoint> nodes)
        : host_(host), nodes_(std::move(nodes)) {}

    host::Host& host() { return host_; }

    /// Tries for a while when a node does not accept or answers 503; fails the test if that does
    /// not help. Status 0 then.
    host::Task<http::Response> send(http::Request request);

  private:
    host::Task<host::Result<http::Response>> send_once(http::Request request);

    host::Host& host_;
    std::vector<host::Endpoint> nodes_;
    std::size_t next_ = 0;
};

using ApiScenario = std::function<host::Task<>(ApiClient&)>;

enum class AtlasTarget : std::uint8_t { simulated, embedded, postgres, two_nodes_on_postgres };

/// On a fresh deployment without users.
void run_on(AtlasTarget target, const ApiScenario& scenario);

/// atlas-server as a process, on loopback, with those flags; ended with the object. Output in text.
class ServerProcess {
  public:
    explicit ServerProcess(std::vector<std::string> flags);

    const host::Endpoint& endpoint() const { return endpoint_; }
    ChildProgram& program() { return *program_; }
    /// Its exit code; waits for it.
    ProgramOutput end(int signal);

    static std::vector<std::string> embedded_in(const std::filesystem::path& directory);

  private:
    host::Endpoint endpoint_;
    std::unique_ptr<ChildProgram> program_;
};

/// In the real world.
void run_on_servers(const std::vector<host::Endpoint>& nodes, const ApiScenario& scenario);

}  // namespace atlas::properties
