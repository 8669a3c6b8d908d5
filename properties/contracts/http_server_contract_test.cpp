// The HTTP server as a peer on the wire sees it: keep-alive, limits, times, drain. In both worlds.

#include <list>
#include <string>
#include <utility>
#include <vector>

#include "properties/contracts/both_worlds.hpp"
#include "system/http/server_fixture.hpp"

namespace atlas::http {
namespace {

using host::Deadline;
using host::Host;
using host::Task;
using namespace std::chrono_literals;

class HttpServer : public properties::BothWorlds {
  protected:
    void serve(Scenario scenario, ServerOptions options = {}) {
        run([&](Host& host) { return serve_and_run(host, options, scenario); });
    }
};

TEST_P(HttpServer, KeepsAConnectionAndAnswersInOrder) {
    serve([](EchoServer& at) -> Task<> {
        Peer peer(at);
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

Task<std::string> send_and_receive_all(EchoServer& at, std::string bytes) {
    Peer peer(at);
    co_await peer.connect();
    co_await peer.send(std::move(bytes));
    co_return co_await peer.receive_to_end();
}

TEST_P(HttpServer, AnswersHeadAsGetWithoutTheBody) {
    serve([](EchoServer& at) -> Task<> {
        const std::string answer = co_await send_and_receive_all(
            at, "HEAD /abc HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        EXPECT_NE(answer.find("X-Method: GET\r\n"), std::string::npos) << answer;
        EXPECT_NE(answer.find("Content-Length: 4\r\n"), std::string::npos) << answer;
        EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
    });
}

TEST_P(HttpServer, AnErrorInAnswerToHeadHasNoBodyEither) {
    serve(
        [](EchoServer& at) -> Task<> {
            const std::string head = "HEAD / HTTP/1.1\r\nHost: h\r\n";
            const std::vector<std::pair<std::string, std::string>> cases{
                {"HEAD /" + std::string(3000, 'a') + " HTTP/1.1\r\n\r\n", "414"},
                {"HEAD /" + std::string(9000, 'a'), "414"},
                {head + "A: " + std::string(9000, 'a') + "\r\n\r\n", "431"},
                {head + "Expect: miracles\r\n\r\n", "417"},
                {"HEAD / HTTP/1.1\r\n\r\n", "400"},
                {head, "408"},
                {"HEAD /abc", "408"},
            };
            for (const auto& [bytes, status] : cases) {
                const std::string answer = co_await send_and_receive_all(at, bytes);
                EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + status)) << answer;
                EXPECT_EQ(answer.find("urn:atlas"), std::string::npos) << answer;
                EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
            }
        },
        {.read_time = 200ms});
}

TEST_P(HttpServer, RefusesWhatPassesALimitAndCloses) {
    serve([](EchoServer& at) -> Task<> {
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
            Peer peer(at);
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

TEST_P(HttpServer, SendsContinueOnlyWhenTheBodyWaitsForIt) {
    serve([](EchoServer& at) -> Task<> {
        Peer peer(at);
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

TEST_P(HttpServer, TurnsAwayConnectionsBeyondTheLimit) {
    serve(
        [](EchoServer& at) -> Task<> {
            Peer first(at);
            Peer second(at);
            co_await first.connect();
            const Response served = co_await first.exchange(get("/"));
            EXPECT_EQ(served.status, 200);
            co_await second.connect();
            const Response refused = co_await second.receive();
            EXPECT_EQ(refused.status, 503);
            EXPECT_EQ(type_of(refused), "not-started");
            EXPECT_EQ(refused.headers.get("Retry-After"), "1");
            EXPECT_EQ(at.server().counters().connections_refused, 1u);
            first.close();
            co_await host::sleep_for(at.host(), 1s);
            Peer third(at);
            co_await third.connect();
            const Response welcome = co_await third.exchange(get("/"));
            EXPECT_EQ(welcome.status, 200);
        },
        {.connections = 1});
}

Task<> expect_status(EchoServer& at, std::string target, int status) {
    Peer peer(at);
    co_await peer.connect();
    const Response response = co_await peer.exchange(get(target));
    EXPECT_EQ(response.status, status);
    const Response again = co_await peer.exchange(get("/again"));
    EXPECT_EQ(again.status, 200);
}

TEST_P(HttpServer, AnswersWhoEndsAfterARequestAndNotWhoEndsWithinOne) {
    serve([](EchoServer& at) -> Task<> {
        Peer whole(at);
        co_await whole.connect();
        co_await whole.send(get("/a"));
        whole.end_sending();
        const Response answer = co_await whole.receive();
        EXPECT_EQ(answer.body, "/a");
        for (const char* part :
             {"GET /a HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n1"}) {
            Peer cut_off(at);
            co_await cut_off.connect();
            co_await cut_off.send(part);
            cut_off.end_sending();
            const std::string nothing = co_await cut_off.receive_to_end();
            EXPECT_EQ(nothing, "");
        }
    });
}

TEST_P(HttpServer, ShedsRequestsBeyondTheLimitAndKeepsTheConnection) {
    serve(
        [](EchoServer& at) -> Task<> {
            host::TaskGroup group(at.host());
            group.spawn(expect_status(at, "/slow", 200));
            co_await host::sleep_for(at.host(), 500ms);
            Peer peer(at);
            co_await peer.connect();
            const Response shed = co_await peer.exchange(get("/"));
            EXPECT_EQ(shed.status, 503);
            EXPECT_EQ(type_of(shed), "not-started");
            EXPECT_EQ(at.server().counters().requests, 1u);
            EXPECT_EQ(at.server().counters().requests_shed, 1u);
            co_await host::sleep_for(at.host(), 1s);
            const Response served = co_await peer.exchange(get("/"));
            EXPECT_EQ(served.status, 200);
            co_await group.join();
        },
        {.requests_in_flight = 1});
}

Task<> expect_last_answer(EchoServer& at, bool& answered) {
    Peer peer(at);
    co_await peer.connect();
    const Response response = co_await peer.exchange(get("/slow"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.get("Connection"), "close");
    answered = true;
}

TEST_P(HttpServer, DrainFinishesWhatIsInFlightAndClosesWhatIsIdle) {
    serve([](EchoServer& at) -> Task<> {
        Peer idle(at);
        co_await idle.connect();
        bool answered = false;
        host::TaskGroup group(at.host());
        group.spawn(expect_last_answer(at, answered));
        co_await host::sleep_for(at.host(), 500ms);
        const host::TimePoint start = at.host().clock().now();
        co_await at.server().drain(host::deadline_after(at.host(), 30s));
        EXPECT_LT(at.host().clock().now() - start, 3s);
        co_await group.join();
        EXPECT_TRUE(answered);
        const bool closed = co_await idle.is_closed_by_server();
        EXPECT_TRUE(closed);
        const auto refused =
            co_await at.host().network().connect(at.endpoint(), {}, Deadline::never());
        EXPECT_FALSE(refused);
    });
}

TEST_P(HttpServer, DrainCutsWhatTakesTooLong) {
    serve([](EchoServer& at) -> Task<> {
        Peer peer(at);
        co_await peer.connect();
        co_await peer.send(get("/slow"));
        co_await host::sleep_for(at.host(), 100ms);
        co_await at.server().drain(host::deadline_after(at.host(), 200ms));
        EXPECT_EQ(at.server().connections(), 0u);
        const Response response = co_await peer.receive();
        EXPECT_EQ(response.status, 0);
    });
}

TEST_P(HttpServer, NeverShedsWhatItIsToldNotTo) {
    serve(
        [](EchoServer& at) -> Task<> {
            host::TaskGroup group(at.host());
            group.spawn(expect_status(at, "/slow", 200));
            co_await host::sleep_for(at.host(), 500ms);
            Peer peer(at);
            co_await peer.connect();
            const Response alive = co_await peer.exchange(get("/alive"));
            EXPECT_EQ(alive.status, 200);
            const Response shed = co_await peer.exchange(get("/"));
            EXPECT_EQ(shed.status, 503);
            co_await group.join();
        },
        {.requests_in_flight = 1,
         .is_never_shed = [](const Request& request) { return request.target == "/alive"; }});
}

TEST_P(HttpServer, GivesARequestOnlySoMuchTimeToArrive) {
    serve(
        [](EchoServer& at) -> Task<> {
            Peer peer(at);
            co_await peer.connect();
            const host::TimePoint start = at.host().clock().now();
            const Response response = co_await peer.exchange("GET / HT");
            EXPECT_EQ(response.status, 408);
            EXPECT_EQ(type_of(response), "request-timeout");
            EXPECT_GE(at.host().clock().now() - start, 200ms);
        },
        {.read_time = 200ms});
}

TEST_P(HttpServer, ClosesAConnectionThatStaysIdle) {
    serve(
        [](EchoServer& at) -> Task<> {
            Peer peer(at);
            co_await peer.connect();
            const bool closed = co_await peer.is_closed_by_server();
            EXPECT_TRUE(closed);
            EXPECT_EQ(at.server().connections(), 0u);
        },
        {.idle_time = 200ms});
}

/// How many connections that came at once were answered by what.
struct Answers {
    int served = 0;
    int refused = 0;
    int dropped = 0;
};

Task<Answers> connect_in_a_burst(Host& host, std::size_t connections, std::size_t limit) {
    EchoServer at(host, {.connections = limit});
    std::list<Peer> peers;
    for (std::size_t i = 0; i < connections; ++i)
        co_await peers.emplace_back(at).connect();
    at.start();
    Answers answers;
    for (Peer& peer : peers) {
        const Response response = co_await peer.exchange_if_open(get("/"));
        if (response.status == 200) ++answers.served;
        if (response.status == 503) ++answers.refused;
        if (response.status == 0) ++answers.dropped;
    }
    EXPECT_EQ(at.server().connections(), limit);
    peers.clear();
    co_await at.stop();
    co_return answers;
}

TEST_P(HttpServer, HoldsItsLimitsWhenConnectionsComeAllAtOnce) {
    run([](Host& host) -> Task<> {
        const Answers few = co_await connect_in_a_burst(host, 40, 3);
        EXPECT_EQ(few.served, 3);
        EXPECT_EQ(few.refused, 37);
        // So many at once that not all can be told.
        const Answers many = co_await connect_in_a_burst(host, 100, 3);
        EXPECT_EQ(many.served, 3);
        EXPECT_EQ(many.refused, 64);
        EXPECT_EQ(many.dropped, 33);
    });
}

TEST_P(HttpServer, TellsAConnectionBeyondTheLimitWhateverItHasSent) {
    run([](Host& host) -> Task<> {
        EchoServer at(host, {.connections = 0});
        Peer peer(at);
        co_await peer.connect();
        co_await peer.send(std::string(8000, 'x'));
        at.start();
        co_await host::sleep_for(host, 100ms);
        co_await peer.send(std::string(8000, 'x'));
        const Response refused = co_await peer.receive();
        EXPECT_EQ(refused.status, 503);
        co_await at.stop();
    });
}

ATLAS_IN_BOTH_WORLDS(HttpServer);

}  // namespace
}  // namespace atlas::http
