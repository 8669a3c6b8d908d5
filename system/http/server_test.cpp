// The server as a peer on the wire sees it: keep-alive, limits, times, drain. In a calm simulated
// world, so that every time-out is exact and costs nothing.

#include "system/http/server.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "sim/cluster/calm.hpp"
#include "system/http/parser.hpp"

namespace atlas::http {
namespace {

using host::Deadline;
using host::Host;
using host::Task;
using namespace std::chrono_literals;

const host::Endpoint here{"127.0.0.1", 8080};

/// The other end of a connection: sends bytes as they are.
class Peer {
  public:
    explicit Peer(Host& host) : host_(host), parser_({}) {}

    Task<> connect() {
        auto stream = co_await host_.network().connect(here, {}, deadline());
        EXPECT_TRUE(stream);
        if (stream) stream_ = std::move(*stream);
    }

    Task<> send(std::string bytes) {
        const host::Result<void> sent =
            co_await host::write_all(*stream_, std::as_bytes(std::span{bytes}), deadline());
        EXPECT_TRUE(sent);
    }

    /// The next response; status 0 when the connection ends first.
    Task<Response> receive() {
        while (parser_.advance() == Progress::need_more) {
            const auto count = co_await stream_->read_some(parser_.room(), deadline());
            if (!count || *count == 0) co_return Response{0, {}, {}};
            parser_.added(*count);
        }
        co_return parser_.take();
    }

    Task<Response> exchange(std::string bytes) {
        co_await send(std::move(bytes));
        co_return co_await receive();
    }

    Task<bool> is_closed_by_server() {
        std::array<std::byte, 16> rest;
        const auto count = co_await stream_->read_some(rest, deadline());
        co_return !count ? count.error().code == host::ErrorCode::connection_reset : *count == 0;
    }

    void close() { stream_->close(); }

  private:
    Deadline deadline() const { return host::deadline_after(host_, 2h); }

    Host& host_;
    std::unique_ptr<host::ByteStream> stream_;
    ResponseParser parser_;
};

/// Answers with the target; "/slow" takes a second; "/deadline" says how long it has.
Task<Response> echo(Host& host, host::Context context, Request request) {
    if (request.target == "/slow") co_await host::sleep_for(host, 1s);
    if (request.target == "/deadline") {
        const auto left = context.deadline.remaining(host.clock().now());
        co_return Response{200, {}, std::to_string(left / 1ms)};
    }
    co_return Response{200, {{"X-Method", request.method}}, request.target + request.body};
}

using Scenario = Task<> (*)(Host&, Server&);

/// A server, a scenario against it, a drain; nothing may be left behind.
Task<> serve_and_run(Host& host, ServerOptions options, Scenario scenario) {
    Server server(
        host,
        [&host](host::Context context, Request request) {
            return echo(host, context, std::move(request));
        },
        options);
    auto listener = host.network().listen(here, {});
    EXPECT_TRUE(listener);
    host::TaskGroup group(host);
    group.spawn(server.serve(std::move(*listener)));
    co_await scenario(host, server);
    co_await server.drain(host::deadline_after(host, 5s));
    co_await group.stop();
    EXPECT_EQ(server.connections(), 0u);
    EXPECT_EQ(server.requests_in_flight(), 0u);
}

void run(Scenario scenario, ServerOptions options = {}) {
    const sim::cluster::CalmRun outcome = sim::cluster::run_calmly(
        [&](Host& host) { return serve_and_run(host, options, scenario); });
    EXPECT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.leftovers, std::vector<std::string>{});
}

std::string get(std::string_view target, std::string_view fields = {}) {
    return "GET " + std::string{target} + " HTTP/1.1\r\nHost: h\r\n" + std::string{fields} + "\r\n";
}

std::string type_of(const Response& response) {
    const std::size_t start = response.body.find("urn:atlas:problem:") + 18;
    return response.body.substr(start, response.body.find('"', start) - start);
}

TEST(HttpServer, KeepsAConnectionAndAnswersInOrder) {
    run([](Host& host, Server&) -> Task<> {
        Peer peer(host);
        co_await peer.connect();
        const Response first = co_await peer.exchange(get("/a"));
        EXPECT_EQ(first.body, "/a");
        EXPECT_TRUE(first.headers.contains("Date"));
        co_await peer.send(get("/slow") + get("/b") + get("/c", "Connection: close\r\n") +
                           get("/never"));
        const Response slow = co_await peer.receive();
        const Response b = co_await peer.receive();
        const Response c = co_await peer.receive();
        const Response end = co_await peer.receive();
        EXPECT_EQ(slow.body, "/slow");
        EXPECT_EQ(b.body, "/b");
        EXPECT_EQ(c.headers.get("Connection"), "close");
        EXPECT_EQ(end.status, 0);
    });
}

TEST(HttpServer, AnswersHeadAsGetWithoutTheBody) {
    run([](Host& host, Server&) -> Task<> {
        Peer peer(host);
        co_await peer.connect();
        co_await peer.send("HEAD /abc HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        const Response response = co_await peer.receive();
        // Its Content-Length speaks of a body that does not come, so no whole message does.
        EXPECT_EQ(response.status, 0);
    });
}

TEST(HttpServer, RefusesWhatPassesALimitAndCloses) {
    run([](Host& host, Server&) -> Task<> {
        struct Case {
            std::string bytes;
            int status;
            std::string type;
        };
        const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
        const std::vector<Case> cases{
            {"nonsense\r\n\r\n", 400, "malformed-request"},
            {get("/" + std::string(4000, 'a')), 414, "target-too-long"},
            {get("/", "A: " + std::string(9000, 'a') + "\r\n"), 431, "header-too-large"},
            {post + "Content-Length: 70000\r\n\r\n" + std::string(70000, 'x'), 413,
             "content-too-large"},
            {post + "Transfer-Encoding: gzip\r\n\r\n", 501, "not-implemented"},
            {get("/", "Expect: miracles\r\n"), 417, "expectation-failed"},
            {"GET / HTTP/3.0\r\n\r\n", 505, "version-not-supported"},
        };
        for (const Case& each : cases) {
            Peer peer(host);
            co_await peer.connect();
            const Response response = co_await peer.exchange(each.bytes);
            EXPECT_EQ(response.status, each.status);
            EXPECT_EQ(type_of(response), each.type);
            EXPECT_EQ(response.headers.get("Connection"), "close");
            const bool closed = co_await peer.is_closed_by_server();
            EXPECT_TRUE(closed);
        }
    });
}

TEST(HttpServer, GivesARequestOnlySoMuchTimeToArrive) {
    run([](Host& host, Server&) -> Task<> {
        Peer peer(host);
        co_await peer.connect();
        const host::TimePoint start = host.clock().now();
        const Response response = co_await peer.exchange("GET / HT");
        EXPECT_EQ(response.status, 408);
        EXPECT_EQ(type_of(response), "request-timeout");
        const host::Duration took = host.clock().now() - start;
        EXPECT_GE(took, 10s);
        EXPECT_LT(took, 11s);
    });
}

TEST(HttpServer, ClosesAConnectionThatStaysIdle) {
    run([](Host& host, Server& server) -> Task<> {
        Peer peer(host);
        co_await peer.connect();
        const host::TimePoint start = host.clock().now();
        const bool closed = co_await peer.is_closed_by_server();
        EXPECT_TRUE(closed);
        EXPECT_GE(host.clock().now() - start, 60s);
        EXPECT_EQ(server.connections(), 0u);
    });
}

TEST(HttpServer, SendsContinueOnlyWhenTheBodyWaitsForIt) {
    run([](Host& host, Server&) -> Task<> {
        Peer peer(host);
        co_await peer.connect();
        const std::string header =
            "POST /up HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
        const Response interim = co_await peer.exchange(header);
        EXPECT_EQ(interim.status, 100);
        const Response late = co_await peer.exchange("ok");
        EXPECT_EQ(late.body, "/upok");
        const Response at_once = co_await peer.exchange(header + "ok");
        EXPECT_EQ(at_once.status, 200);
    });
}

TEST(HttpServer, TurnsAwayConnectionsBeyondTheLimit) {
    run(
        [](Host& host, Server&) -> Task<> {
            Peer first(host);
            Peer second(host);
            co_await first.connect();
            const Response served = co_await first.exchange(get("/"));
            EXPECT_EQ(served.status, 200);
            co_await second.connect();
            const Response refused = co_await second.receive();
            EXPECT_EQ(refused.status, 503);
            EXPECT_EQ(type_of(refused), "not-started");
            EXPECT_EQ(refused.headers.get("Retry-After"), "1");
            first.close();
            co_await host::sleep_for(host, 1s);
            Peer third(host);
            co_await third.connect();
            const Response welcome = co_await third.exchange(get("/"));
            EXPECT_EQ(welcome.status, 200);
        },
        {.connections = 1});
}

Task<> expect_status(Host& host, std::string target, int status) {
    Peer peer(host);
    co_await peer.connect();
    const Response response = co_await peer.exchange(get(target));
    EXPECT_EQ(response.status, status);
    const Response again = co_await peer.exchange(get("/again"));
    EXPECT_EQ(again.status, 200);
}

TEST(HttpServer, ShedsRequestsBeyondTheLimitAndKeepsTheConnection) {
    run(
        [](Host& host, Server&) -> Task<> {
            host::TaskGroup group(host);
            group.spawn(expect_status(host, "/slow", 200));
            co_await host::sleep_for(host, 500ms);
            Peer peer(host);
            co_await peer.connect();
            const Response shed = co_await peer.exchange(get("/"));
            EXPECT_EQ(shed.status, 503);
            EXPECT_EQ(type_of(shed), "not-started");
            co_await host::sleep_for(host, 1s);
            const Response served = co_await peer.exchange(get("/"));
            EXPECT_EQ(served.status, 200);
            co_await group.join();
        },
        {.requests_in_flight = 1});
}

TEST(HttpServer, GivesEveryRequestADeadlineThatTheClientMayShorten) {
    run([](Host& host, Server&) -> Task<> {
        Peer peer(host);
        co_await peer.connect();
        const Response usual = co_await peer.exchange(get("/deadline"));
        const Response shorter =
            co_await peer.exchange(get("/deadline", "Atlas-Timeout-Ms: 250\r\n"));
        const Response longer =
            co_await peer.exchange(get("/deadline", "Atlas-Timeout-Ms: 4000000\r\n"));
        EXPECT_EQ(usual.body, "10000");
        EXPECT_EQ(shorter.body, "250");
        EXPECT_EQ(longer.body, "10000");
        for (const char* bad : {"0", "-1", "1.5", "abc", "", "99999999999"}) {
            const Response response = co_await peer.exchange(
                get("/deadline", "Atlas-Timeout-Ms: " + std::string{bad} + "\r\n"));
            EXPECT_EQ(response.status, 400) << bad;
        }
    });
}

Task<> expect_last_answer(Host& host, bool& answered) {
    Peer peer(host);
    co_await peer.connect();
    const Response response = co_await peer.exchange(get("/slow"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.get("Connection"), "close");
    answered = true;
}

TEST(HttpServer, DrainFinishesWhatIsInFlightAndClosesWhatIsIdle) {
    run([](Host& host, Server& server) -> Task<> {
        Peer idle(host);
        co_await idle.connect();
        bool answered = false;
        host::TaskGroup group(host);
        group.spawn(expect_last_answer(host, answered));
        co_await host::sleep_for(host, 500ms);
        const host::TimePoint start = host.clock().now();
        co_await server.drain(host::deadline_after(host, 30s));
        EXPECT_LT(host.clock().now() - start, 3s);
        co_await group.join();
        EXPECT_TRUE(answered);
        const bool closed = co_await idle.is_closed_by_server();
        EXPECT_TRUE(closed);
        const auto refused = co_await host.network().connect(here, {}, Deadline::never());
        EXPECT_FALSE(refused);
    });
}

TEST(HttpServer, DrainCutsWhatTakesTooLong) {
    run([](Host& host, Server& server) -> Task<> {
        Peer peer(host);
        co_await peer.connect();
        co_await peer.send(get("/slow"));
        co_await host::sleep_for(host, 100ms);
        co_await server.drain(host::deadline_after(host, 200ms));
        EXPECT_EQ(server.connections(), 0u);
        const Response response = co_await peer.receive();
        EXPECT_EQ(response.status, 0);
    });
}

}  // namespace
}  // namespace atlas::http
