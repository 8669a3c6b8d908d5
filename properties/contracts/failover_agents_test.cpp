// Three PostgreSQL with atlas-agent beside each, and atlas-lease-store, as processes on loopback:
// from empty directories to a primary with two followers; a machine that dies, an agent that
// stops for a while. While clients write: what was confirmed is there in the end, on all three.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include "adapters/postgres/program.hpp"
#include "properties/contracts/postgres_process_fixture.hpp"

namespace atlas::properties {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int nodes = 3;

/// A blocking session, for the test's own threads.
class Session {
  public:
    explicit Session(std::uint16_t port)
        : connection_(::PQconnectdb(fmt::format("host=127.0.0.1 port={} user=postgres "
                                                "dbname=postgres connect_timeout=2",
                                                port)
                                        .c_str())) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { ::PQfinish(connection_); }

    bool is_open() const { return ::PQstatus(connection_) == CONNECTION_OK; }
    int socket() const { return ::PQsocket(connection_); }

    /// The first value of the first row, empty for none; nothing if it failed, or took too long.
    std::optional<std::string> run(const std::string& text, std::chrono::milliseconds patience) {
        if (!is_open() || ::PQsendQuery(connection_, text.c_str()) == 0) return std::nullopt;
        const auto end = Clock::now() + patience;
        while (::PQisBusy(connection_) != 0) {
            if (Clock::now() > end) return std::nullopt;
            std::this_thread::sleep_for(2ms);
            if (::PQconsumeInput(connection_) == 0) return std::nullopt;
        }
        std::optional<std::string> value;
        while (PGresult* result = ::PQgetResult(connection_)) {
            const auto status = ::PQresultStatus(result);
            if (status == PGRES_COMMAND_OK) value = "";
            if (status == PGRES_TUPLES_OK)
                value = ::PQntuples(result) > 0 ? ::PQgetvalue(result, 0, 0) : "";
            ::PQclear(result);
        }
        return value;
    }

  private:
    PGconn* connection_;
};

class FailoverAgents : public testing::Test {
  protected:
    FailoverAgents() {
        if (::geteuid() == 0) {
            const passwd* user = ::getpwnam("postgres");
            if (user == nullptr) throw std::runtime_error("there is no user postgres");
            if (::chown(directory_.path().c_str(), user->pw_uid, user->pw_gid) != 0)
                throw std::runtime_error("chown failed");
        }
        store_port_ = free_port();
        store_ = start({program("atlas-lease-store"), "--listen", on(store_port_), "--directory",
                        (directory_.path() / "store").string()});
        for (int node = 0; node < nodes; ++node) {
            ports_[node] = free_port();
            start_agent(node);
        }
    }

    ~FailoverAgents() override {
        writing_ = false;
        if (writer_.joinable()) writer_.join();
        for (int node = 0; node < nodes; ++node)
            kill_machine(node);
    }

    static std::string program(const std::string& name) {
        const auto build = std::filesystem::read_symlink("/proc/self/exe") / "../../..";
        return (build / name).lexically_normal();
    }
    static std::string on(std::uint16_t port) { return fmt::format("127.0.0.1:{}", port); }

    static std::unique_ptr<ChildProgram> start(std::vector<std::string> command) {
        std::vector<std::string> all{"setpriv", "--pdeathsig=KILL"};
        if (::geteuid() == 0) {
            for (const char* option : {"--reuid=postgres", "--regid=postgres", "--clear-groups"})
                all.emplace_back(option);
        }
        all.insert(all.end(), command.begin(), command.end());
        return std::make_unique<ChildProgram>(all);
    }

    std::string home(int node) const {
        return (directory_.path() / fmt::format("node-{}", node)).string();
    }

    void start_agent(int node) {
        agents_[node] = start({program("atlas-agent"),
                               "--name",
                               fmt::format("node-{}", node),
                               "--lease-store",
                               on(store_port_),
                               "--listen",
                               on(ports_[node]),
                               "--directory",
                               home(node),
                               "--lease-seconds",
                               "4",
                               "--set",
                               "fsync=off",
                               "--set",
                               "shared_buffers=16MB",
                               "--set",
                               "max_connections=30",
                               "--set",
                               "wal_keep_size=160MB",
                               "--set",
                               "min_wal_size=32MB"});
    }

    /// As when the power goes: agent and server, each process of it.
    void kill_machine(int node) {
        if (agents_[node] != nullptr) keep_log(node);
        agents_[node].reset();
        while (true) {
            const auto left = adapters::processes_in(home(node) + "/postgres/data", "postgres");
            if (left.empty()) return;
            for (const pid_t pid : left)
                ::kill(pid, SIGKILL);
            std::this_thread::sleep_for(20ms);
        }
    }

    void keep_log(int node) {
        log_ += fmt::format("---- node-{}\n{}", node, agents_[node]->output());
    }
    std::string log() {
        for (int node = 0; node < nodes; ++node) {
            if (agents_[node] != nullptr) keep_log(node);
        }
        return log_;
    }

    std::string ask(int node, const std::string& text) {
        Session session(ports_[node]);
        return session.run(text, 2s).value_or("?");
    }

    std::vector<int> primaries() {
        std::vector<int> found;
        for (int node = 0; node < nodes; ++node) {
            if (ask(node, "SELECT pg_is_in_recovery()") == "f") found.push_back(node);
        }
        return found;
    }

    /// One leads, the others follow, one of them is waited for. Which leads; -1 if none came to.
    int settle(std::chrono::seconds patience) {
        const auto end = Clock::now() + patience;
        while (Clock::now() < end) {
            const std::vector<int> found = primaries();
            if (found.size() == 1 &&
                ask(found[0],
                    "SELECT count(*) FILTER (WHERE state = 'streaming') || ' ' || count(*) FILTER "
                    "(WHERE sync_state = 'sync') || current_setting('synchronous_standby_names') "
                    "FROM pg_stat_replication WHERE application_name LIKE 'node-%'")
                    .starts_with("2 1\"node-")) {
                std::this_thread::sleep_for(4s);  // Until that one is named in the key.
                return found[0];
            }
            std::this_thread::sleep_for(200ms);
        }
        return -1;
    }

    // As a client does that knows all three.
    void write() {
        std::unique_ptr<Session> session;
        int node = 0;
        for (int id = 1; writing_; ++id) {
            if (session == nullptr) session = std::make_unique<Session>(ports_[node]);
            if (session->run(fmt::format("INSERT INTO writes VALUES ({})", id), 2s)) {
                const std::lock_guard lock(mutex_);
                confirmed_.emplace_back(id, node);
            } else {
                session.reset();
                node = (node + 1) % nodes;
            }
            std::this_thread::sleep_for(5ms);
        }
    }

    std::size_t confirmed_by(int node) {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(
            std::ranges::count(confirmed_, node, &std::pair<int, int>::second));
    }

    /// Another one than this has confirmed something since; -1 if none does in time.
    bool another_one_serves(int old, std::chrono::seconds patience) {
        const auto others = [&] {
            std::size_t count = 0;
            for (int node = 0; node < nodes; ++node)
                count += node == old ? 0 : confirmed_by(node);
            return count;
        };
        const std::size_t before = others();
        const auto begin = Clock::now();
        while (others() == before) {
            if (Clock::now() - begin > patience) return false;
            std::this_thread::sleep_for(20ms);
        }
        RecordProperty("failover_ms", std::to_string((Clock::now() - begin) / 1ms));
        return true;
    }

    std::set<int> ids_on(int node) {
        const std::string all = ask(node,
                                    "SELECT coalesce(string_agg(id::text, ' '), '') "
                                    "FROM writes");
        std::set<int> ids;
        std::istringstream words(all);
        for (int id = 0; words >> id;)
            ids.insert(id);
        return ids;
    }

    void expect_that_all_is_there() {
        std::vector<std::pair<int, int>> confirmed;
        {
            const std::lock_guard lock(mutex_);
            confirmed = confirmed_;
        }
        EXPECT_GT(confirmed.size(), 100U);
        for (int node = 0; node < nodes; ++node) {
            std::set<int> ids = ids_on(node);
            for (int attempt = 0; attempt < 100 && !ids.contains(confirmed.back().first);
                 ++attempt) {
                std::this_thread::sleep_for(50ms);
                ids = ids_on(node);
            }
            for (const auto& [id, by] : confirmed) {
                EXPECT_TRUE(ids.contains(id))
                    << id << " was confirmed by node-" << by << " and is not on node-" << node;
            }
        }
    }

    ScratchDirectory directory_;
    std::uint16_t store_port_ = 0;
    std::array<std::uint16_t, nodes> ports_{};
    std::unique_ptr<ChildProgram> store_;
    std::array<std::unique_ptr<ChildProgram>, nodes> agents_;
    std::string log_;
    std::thread writer_;
    std::atomic<bool> writing_ = true;
    std::mutex mutex_;
    std::vector<std::pair<int, int>> confirmed_;
};

TEST_F(FailoverAgents, against_postgres_lose_nothing_that_was_confirmed) {
    const int first = settle(60s);
    ASSERT_GE(first, 0) << log();
    ASSERT_EQ(ask(first, "CREATE TABLE writes (id int PRIMARY KEY)"), "") << log();
    writer_ = std::thread([this] { write(); });
    std::this_thread::sleep_for(2s);

    kill_machine(first);
    ASSERT_TRUE(another_one_serves(first, 40s)) << log();
    start_agent(first);
    const int second = settle(60s);
    ASSERT_GE(second, 0) << log();
    EXPECT_NE(second, first);
    EXPECT_EQ(ask(first, "SELECT pg_is_in_recovery()"), "t");
    EXPECT_THAT(agents_[first]->output(), HasSubstr("rewind the server"));
    EXPECT_THAT(agents_[first]->output(), Not(HasSubstr("copy the database"))) << "it is enough";

    // The server goes on, and nobody follows it any more once another one leads.
    agents_[second]->signal(SIGSTOP);
    ASSERT_TRUE(another_one_serves(second, 40s)) << log();
    EXPECT_EQ(ask(second, "SELECT pg_is_in_recovery()"), "f") << "it has not been told";
    const std::size_t confirmed = confirmed_by(second);
    Session late(ports_[second]);
    EXPECT_EQ(late.run("INSERT INTO writes VALUES (-1)", 3s), std::nullopt);
    EXPECT_EQ(confirmed_by(second), confirmed);
    agents_[second]->signal(SIGCONT);
    const int third = settle(60s);
    ASSERT_GE(third, 0) << log();
    EXPECT_NE(third, second);

    writing_ = false;
    writer_.join();
    expect_that_all_is_there();
    EXPECT_FALSE(ids_on(third).contains(-1)) << "it was written where nobody confirmed it";
    if (HasFailure()) ADD_FAILURE() << log();
}

}  // namespace
}  // namespace atlas::properties
