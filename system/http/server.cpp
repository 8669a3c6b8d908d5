#include "system/http/server.hpp"

#include <utility>

#include "system/host/check.hpp"
#include "system/http/parser.hpp"
#include "system/http/request_context.hpp"
#include "system/http/serializer.hpp"

namespace atlas::http {
namespace {

/// A connection that is turned away costs a task; beyond this many at once they are just dropped.
constexpr std::size_t refusing_limit = 64;
/// How much a peer may go on sending after its connection's last response.
constexpr std::size_t linger_bytes = 256 * 1024;

ProblemType problem_type(int status) {
    switch (status) {
        case 413:
            return problems::content_too_large;
        case 414:
            return problems::target_too_long;
        case 417:
            return problems::expectation_failed;
        case 431:
            return problems::header_too_large;
        case 501:
            return problems::not_implemented;
        case 505:
            return problems::version_not_supported;
        default:
            return problems::malformed_request;
    }
}

}  // namespace

/// Lives in its task's frame, and counts from the moment it is accepted: its task may begin only
/// after the whole burst that it came with.
struct Server::Connection {
    Connection(Server& owner, std::unique_ptr<host::ByteStream> peer)
        : server(owner), stream(std::move(peer)), parser(owner.options_.message) {
        place = server.connections_.insert(server.connections_.end(), this);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
        server.connections_.erase(place);
        if (server.connections_.empty() && server.draining_) server.drained_.set();
    }

    Server& server;
    std::unique_ptr<host::ByteStream> stream;
    RequestParser parser;
    std::string output;
    bool idle = true;  ///< Waiting for the first byte of a request.
    bool is_head = false;
    std::list<Connection*>::iterator place;
};

/// A connection beyond the limit, while it is told so. Counts from the moment it is accepted.
struct Server::Refused {
    Refused(Server& owner, std::unique_ptr<host::ByteStream> peer)
        : server(owner), stream(std::move(peer)) {
        ++server.refusing_;
    }
    Refused(const Refused&) = delete;
    Refused& operator=(const Refused&) = delete;
    ~Refused() { --server.refusing_; }

    Server& server;
    std::unique_ptr<host::ByteStream> stream;
};

/// Counts a request while it is worked on.
class Server::InFlight {
  public:
    explicit InFlight(Server& server) : server_(server) { ++server_.in_flight_; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    ~InFlight() { --server_.in_flight_; }

  private:
    Server& server_;
};

Server::Server(host::Host& host, Handler handler, ServerOptions options)
    : host_(host),
      handler_(std::move(handler)),
      options_(std::move(options)),
      trace_ids_(host.random("http.trace_id")),
      group_(host),
      drained_(host) {}

Server::~Server() = default;

host::Deadline Server::after(host::Duration duration) const {
    return host::deadline_after(host_, duration);
}

Response Server::refuse(ProblemType type, std::string_view detail, bool retry) const {
    Problem problem{.type = type, .detail = std::string{detail}};
    if (retry) problem.retry_after = options_.retry_after;
    return to_response(problem, {});
}

bool Server::is_never_shed(const Request& request) const {
    return options_.is_never_shed && options_.is_never_shed(request);
}

host::Task<> Server::serve(std::unique_ptr<host::Listener> listener) {
    ATLAS_CHECK(!listener_, "a server serves once");
    listener_ = std::move(listener);
    if (draining_) listener_->close();
    for (;;) {
        host::Result<std::unique_ptr<host::ByteStream>> stream =
            co_await listener_->accept(host::Deadline::never());
        if (!stream && stream.error().code == host::ErrorCode::closed) co_return;
        if (!stream) {
            host_.log({host::LogLevel::warning,
                       "a connection could not be accepted",
                       {{"error", host::describe(stream.error())}}});
            co_await host::sleep_for(host_, std::chrono::milliseconds{100});
        } else if (connections_.size() < options_.connections) {
            ++counters_.connections;
            group_.spawn(run_connection(std::make_unique<Connection>(*this, std::move(*stream))));
        } else if (refusing_ < refusing_limit) {
            ++counters_.connections_refused;
            group_.spawn(refuse_connection(std::make_unique<Refused>(*this, std::move(*stream))));
        } else {
            ++counters_.connections_dropped;
        }
    }
}

host::Task<> Server::drain(host::Deadline deadline) {
    draining_ = true;
    if (listener_) listener_->close();
    for (Connection* connection : connections_) {
        if (connection->idle) connection->stream->close();
    }
    if (!connections_.empty()) co_await drained_.wait(deadline);
    co_await group_.stop();
}

host::Task<> Server::run_connection(std::unique_ptr<Connection> connection) {
    After next = After::keep_open;
    while (next == After::keep_open) {
        const bool arrived = co_await read_request(*connection);
        if (!arrived) co_return;
        next = co_await answer(*connection);
    }
    if (next == After::linger) co_await linger(*connection->stream);
}

host::Task<> Server::refuse_connection(std::unique_ptr<Refused> refused) {
    std::string output;
    serialize(
        refuse(problems::not_started, "The server has as many connections as it takes.", true),
        {.keep_alive = false, .date = date_.at(host_.clock().utc_now())}, output);
    const host::Result<void> written = co_await host::write_all(
        *refused->stream, std::as_bytes(std::span{output}), after(options_.linger_time));
    if (written) co_await linger(*refused->stream);
}

/// True when there is something to answer: a request, or a failure to be one. False when the
/// connection is over.
host::Task<bool> Server::read_request(Connection& connection) {
    connection.is_head = false;
    connection.idle = connection.parser.is_between_messages();
    if (connection.idle && draining_) co_return false;
    host::Deadline deadline = after(connection.idle ? options_.idle_time : options_.read_time);
    while (connection.parser.advance() == Progress::need_more) {
        if (connection.parser.take_expects_continue()) {
            constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            const host::Result<void> written = co_await host::write_all(
                *connection.stream, std::as_bytes(std::span{go_on}), after(options_.write_time));
            if (!written) co_return false;
        }
        const host::Result<std::size_t> count =
            co_await connection.stream->read_some(connection.parser.room(), deadline);
        if (!count) {
            const bool slow = count.error().code == host::ErrorCode::deadline_exceeded;
            if (connection.idle || !slow) co_return false;
            connection.is_head = connection.parser.is_head();
            (void)co_await write(
                connection,
                refuse(problems::request_timeout, "The whole request must come within its time."),
                false);
            co_await linger(*connection.stream);
            co_return false;
        }
        // Who ends in the middle of a request is not answered (RFC 9112, section 8, leaves it
        // open): a refusal would blame a client for what the network cut off.
        if (*count == 0) co_return false;
        if (connection.idle) deadline = after(options_.read_time);
        connection.idle = false;
        connection.parser.added(*count);
    }
    connection.idle = false;
    co_return true;
}

host::Task<Server::After> Server::answer(Connection& connection) {
    if (connection.parser.advance() == Progress::failed) {
        const ParseFailure failure = connection.parser.failure();
        connection.is_head = connection.parser.is_head();
        co_return co_await write(connection, refuse(problem_type(failure.status), failure.reason),
                                 false);
    }
    Request request = connection.parser.take();
    connection.is_head = request.method == "HEAD";
    if (connection.is_head) request.method = "GET";
    Response response = co_await respond(std::move(request));
    const bool keep_alive = connection.parser.keeps_alive() && !draining_;
    co_return co_await write(connection, std::move(response), keep_alive);
}

host::Task<Response> Server::respond(Request request) {
    if (in_flight_ >= options_.requests_in_flight && !is_never_shed(request)) {
        ++counters_.requests_shed;
        co_return refuse(problems::not_started, "The server has as many requests as it takes.",
                         true);
    }
    std::expected<host::Context, Problem> context =
        make_context(request, host_.clock().now(), options_.request_time, trace_ids_);
    if (!context) co_return to_response(context.error(), {});
    ++counters_.requests;
    const InFlight counted(*this);
    co_return co_await handler_(*context, std::move(request));
}

host::Task<Server::After> Server::write(Connection& connection, Response response,
                                        bool keep_alive) {
    connection.output.clear();
    serialize(response,
              {.keep_alive = keep_alive,
               .without_body = connection.is_head,
               .date = date_.at(host_.clock().utc_now())},
              connection.output);
    const host::Result<void> written =
        co_await host::write_all(*connection.stream, std::as_bytes(std::span{connection.output}),
                                 after(options_.write_time));
    if (!written) co_return After::close;
    co_return keep_alive ? After::keep_open : After::linger;
}

host::Task<> Server::linger(host::ByteStream& stream) {
    stream.shutdown_send();
    const host::Deadline deadline = after(options_.linger_time);
    std::vector<std::byte> rest(4096);
    for (std::size_t total = 0; total < linger_bytes;) {
        const host::Result<std::size_t> count = co_await stream.read_some(rest, deadline);
        if (!count || *count == 0) co_return;
        total += *count;
    }
}

}  // namespace atlas::http
