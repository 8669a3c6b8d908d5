#pragma once
// For tests of the HTTP server: a server that echoes, and a peer that sends it bytes as they are.
// In whatever world the test runs.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "system/host/task_group.hpp"
#include "system/http/parser.hpp"
#include "system/http/server.hpp"

namespace atlas::http {

/// Answers with the target; "/slow" takes a second; "/deadline" says how long it has.
inline host::Task<Response> echo(host::Host& host, host::Context context, Request request) {
    using namespace std::chrono_literals;
    if (request.target == "/slow") co_await host::sleep_for(host, 1s);
    if (request.target == "/deadline") {
        const auto left = context.deadline.remaining(host.clock().now());
        co_return Response{200, {}, std::to_string(left / 1ms)};
    }
    co_return Response{200, {{"X-Method", request.method}}, request.target + request.body};
}

/// Listens from its beginning; what connects before start() waits in the listener's line.
class EchoServer {
  public:
    EchoServer(host::Host& host, ServerOptions options)
        : host_(host),
          server_(
              host,
              [&host](host::Context context, Request request) {
                  return echo(host, context, std::move(request));
              },
              std::move(options)),
          group_(host) {
        auto listener = host.network().listen({"127.0.0.1", 0}, {});
        EXPECT_TRUE(listener);
        if (!listener) return;
        endpoint_ = (*listener)->local_endpoint();
        listener_ = std::move(*listener);
    }

    void start() { group_.spawn(server_.serve(std::move(listener_))); }

    /// Nothing may be left behind.
    host::Task<> stop() {
        using namespace std::chrono_literals;
        co_await server_.drain(host::deadline_after(host_, 5s));
        co_await group_.stop();
        EXPECT_EQ(server_.connections(), 0u);
        EXPECT_EQ(server_.requests_in_flight(), 0u);
    }

    host::Host& host() { return host_; }
    Server& server() { return server_; }
    const host::Endpoint& endpoint() const { return endpoint_; }

  private:
    host::Host& host_;
    Server server_;
    host::TaskGroup group_;
    std::unique_ptr<host::Listener> listener_;
    host::Endpoint endpoint_;
};

/// The other end of a connection.
class Peer {
  public:
    explicit Peer(EchoServer& server)
        : host_(server.host()), endpoint_(server.endpoint()), parser_({}) {}

    host::Task<> connect() {
        auto stream = co_await host_.network().connect(endpoint_, {}, deadline());
        EXPECT_TRUE(stream);
        if (stream) stream_ = std::move(*stream);
    }

    host::Task<> send(std::string bytes) {
        const host::Result<void> sent =
            co_await host::write_all(*stream_, std::as_bytes(std::span{bytes}), deadline());
        EXPECT_TRUE(sent);
    }

    void end_sending() { stream_->shutdown_send(); }

    /// The next response; status 0 when the connection ends first.
    host::Task<Response> receive() {
        while (parser_.advance() == Progress::need_more) {
            const auto count = co_await stream_->read_some(parser_.room(), deadline());
            if (!count || *count == 0) co_return Response{0, {}, {}};
            parser_.added(*count);
        }
        co_return parser_.take();
    }

    host::Task<Response> exchange(std::string bytes) {
        co_await send(std::move(bytes));
        co_return co_await receive();
    }

    /// As exchange, with a server that may have closed the connection.
    host::Task<Response> exchange_if_open(std::string bytes) {
        (void)co_await host::write_all(*stream_, std::as_bytes(std::span{bytes}), deadline());
        co_return co_await receive();
    }

    /// All that the server sends until it ends the stream.
    host::Task<std::string> receive_to_end() {
        std::string text;
        std::string chunk(1000, '\0');
        for (;;) {
            const auto count =
                co_await stream_->read_some(std::as_writable_bytes(std::span{chunk}), deadline());
            EXPECT_TRUE(count);
            if (!count || *count == 0) co_return text;
            text.append(chunk, 0, *count);
        }
    }

    host::Task<bool> is_closed_by_server() {
        std::array<std::byte, 16> rest;
        const auto count = co_await stream_->read_some(rest, deadline());
        co_return !count ? count.error().code == host::ErrorCode::connection_reset : *count == 0;
    }

    void close() { stream_->close(); }

  private:
    host::Deadline deadline() const { return host::deadline_after(host_, std::chrono::hours{2}); }

    host::Host& host_;
    host::Endpoint endpoint_;
    std::unique_ptr<host::ByteStream> stream_;
    ResponseParser parser_;
};

inline std::string get(std::string_view target, std::string_view fields = {}) {
    return "GET " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
}

/// The `type` of a problem, without what all have in common.
inline std::string type_of(const Response& response) {
    const std::size_t start = response.body.find("urn:atlas:problem:") + 18;
    return response.body.substr(start, response.body.find('"', start) - start);
}

using Scenario = host::Task<> (*)(EchoServer& at);

/// A server, a scenario against it, a drain.
inline host::Task<> serve_and_run(host::Host& host, ServerOptions options, Scenario scenario) {
    EchoServer server(host, std::move(options));
    server.start();
    co_await scenario(server);
    co_await server.stop();
}

}  // namespace atlas::http
