#include "system/sql/primary_driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::sql {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

/// Three servers of one FakeServer; which of them leads, and which are silent.
class ThreeServers final : public Driver {
  public:
    ThreeServers(Host& host, FakeServer& server, int& primary, int& silent)
        : host_(host), fake_(host, server), primary_(primary), silent_(silent) {
        server.answer = [this](const std::string& asked, const Parameters&) {
            QueryResult result;
            if (asked.find("pg_walfile_name") != std::string::npos) {
                // Each leads on a timeline of its own number.
                result.rows = {
                    {"10:00", "0000000" + std::to_string(number_) + std::string(16, '0')}};
                return Result<QueryResult>(std::move(result));
            }
            const bool leads = number_ == primary_ || number_ == old_primary;
            result.rows = {{leads ? "f" : "t"}};
            return Result<QueryResult>(std::move(result));
        };
    }

    Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                      ConnectionTarget target) override {
        number_ = target.endpoint.port;
        if (number_ == silent_) {
            co_await host::sleep_until(host_, context.deadline.point());
            co_return std::unexpected(Error{.kind = ErrorKind::deadline_exceeded});
        }
        co_return co_await fake_.connect(context, std::move(target));
    }

    int number_ = 0;
    int old_primary = 0;

  private:
    Host& host_;
    FakeDriver fake_;
    int& primary_;
    int& silent_;
};

class PrimaryDriverTest : public testing::Test {
  protected:
    void run(std::function<Task<>(Host&, PrimaryDriver&, ThreeServers&)> body) {
        sim::cluster::run_calmly([&](Host& host) -> Task<> {
            auto inner = std::make_unique<ThreeServers>(host, server, primary, silent);
            ThreeServers& three = *inner;
            PrimaryDriver driver(host, std::move(inner),
                                 {{"10.0.0.1", 1}, {"10.0.0.1", 2}, {"10.0.0.1", 3}});
            co_await body(host, driver, three);
        });
    }

    FakeServer server;
    int primary = 0;
    int silent = 0;
};

TEST_F(PrimaryDriverTest, FindsWhoeverLeadsAndAsksThatOneFirstTheNextTime) {
    primary = 2;
    run([this](Host& host, PrimaryDriver& driver, ThreeServers& three) -> Task<> {
        const host::Context context{.deadline = host::deadline_after(host, 3s)};
        const auto first = co_await driver.connect(context, {});
        EXPECT_TRUE(first);
        EXPECT_EQ(three.number_, 2);
        EXPECT_EQ(server.count("connect"), 2U);
        const auto second = co_await driver.connect(context, {});
        EXPECT_TRUE(second);
        EXPECT_EQ(server.count("connect"), 3U);
        primary = 1;
        const auto third = co_await driver.connect(context, {});
        EXPECT_TRUE(third);
        EXPECT_EQ(three.number_, 1);
    });
}

TEST_F(PrimaryDriverTest, LeavesTimeForThoseAfterOneThatIsSilent) {
    primary = 3;
    silent = 1;
    run([](Host& host, PrimaryDriver& driver, ThreeServers& three) -> Task<> {
        const host::Context context{.deadline = host::deadline_after(host, 3s)};
        const auto connection = co_await driver.connect(context, {});
        EXPECT_TRUE(connection);
        EXPECT_EQ(three.number_, 3);
    });
}

TEST_F(PrimaryDriverTest, GoesBackToNoOldPrimaryOnceItKnowsOfANewTimeline) {
    primary = 2;
    run([](Host& host, PrimaryDriver& driver, ThreeServers& three) -> Task<> {
        three.old_primary = 1;
        std::uint32_t newest = 1;
        driver.refuse_older_than([&newest] { return newest; });
        const host::Context context{.deadline = host::deadline_after(host, 3s)};
        const auto before = co_await driver.connect(context, {});
        EXPECT_TRUE(before);
        EXPECT_EQ(three.number_, 1) << "it asks nobody else while this one says that it leads";
        newest = 2;
        const auto after = co_await driver.connect(context, {});
        EXPECT_TRUE(after);
        EXPECT_EQ(three.number_, 2);
    });
}

TEST_F(PrimaryDriverTest, SaysThatNobodyLeads) {
    run([this](Host& host, PrimaryDriver& driver, ThreeServers&) -> Task<> {
        const host::Context context{.deadline = host::deadline_after(host, 3s)};
        const auto connection = co_await driver.connect(context, {});
        EXPECT_FALSE(connection);
        EXPECT_EQ(connection.error().kind, ErrorKind::cannot_connect);
        EXPECT_EQ(connection.error().message,
                  "none of 3 servers is a primary; 10.0.0.1:3: the server follows another one");
        EXPECT_EQ(server.open, 0U) << "and keeps no connection";
    });
}

}  // namespace
}  // namespace atlas::sql
