#pragma once
// The HTTP/1.1 server: connections, their limits and their end. What a request means is the
// handler's business.

#include <cstdint>
#include <list>
#include <memory>

#include "system/host/task_group.hpp"
#include "system/http/date.hpp"
#include "system/http/handler.hpp"
#include "system/http/problem.hpp"
#include "system/http/server_options.hpp"

namespace atlas::http {

struct ServerCounters {
    std::uint64_t connections = 0;          ///< Served, if they sent anything.
    std::uint64_t connections_refused = 0;  ///< With 503, as there were as many as it takes.
    std::uint64_t connections_dropped = 0;  ///< Without a word, as it was refusing too many.
    std::uint64_t requests = 0;             ///< Given to the handler.
    std::uint64_t requests_shed = 0;        ///< With 503, as there were as many as it takes.
};

class Server {
  public:
    Server(host::Host& host, Handler handler, ServerOptions options);
    /// Drained before: no connection is left.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Accepts and serves until drain() is called. At most one call in a server's life.
    host::Task<> serve(std::unique_ptr<host::Listener> listener);

    /// Stops listening, closes idle connections, lets requests in flight finish until the deadline
    /// and then cuts them.
    host::Task<> drain(host::Deadline deadline);

    std::size_t connections() const { return connections_.size(); }
    std::size_t requests_in_flight() const { return in_flight_; }
    const ServerCounters& counters() const { return counters_; }

  private:
    struct Connection;
    struct Refused;
    class InFlight;
    enum class After : std::uint8_t { keep_open, linger, close };

    host::Task<> run_connection(std::unique_ptr<Connection> connection);
    host::Task<> refuse_connection(std::unique_ptr<Refused> refused);
    host::Task<bool> read_request(Connection& connection);
    host::Task<After> answer(Connection& connection);
    host::Task<Response> respond(Request request);
    host::Task<After> write(Connection& connection, Response response, bool keep_alive);
    host::Task<> linger(host::ByteStream& stream);

    Response refuse(ProblemType type, std::string_view detail, bool retry = false) const;
    host::Deadline after(host::Duration duration) const;
    bool is_never_shed(const Request& request) const;

    host::Host& host_;
    Handler handler_;
    ServerOptions options_;
    host::RandomSource trace_ids_;
    DateCache date_;
    std::unique_ptr<host::Listener> listener_;
    std::list<Connection*> connections_;
    std::size_t refusing_ = 0;
    std::size_t in_flight_ = 0;
    ServerCounters counters_;
    bool draining_ = false;
    host::TaskGroup group_;
    host::Event drained_;
};

}  // namespace atlas::http
