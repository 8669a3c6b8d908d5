#include "system/node/failure_report.hpp"

#include <gtest/gtest.h>

#include "sim/kernel/isolated_host.hpp"

namespace atlas::node {
namespace {

using namespace std::chrono_literals;

host::Task<> report_for_two_minutes(host::Host& host) {
    FailureReport report(host);
    for (int second = 0; second < 120; ++second) {
        const bool starting = second >= 45 && second < 50;
        report.failed(starting ? sql::Error{.kind = sql::ErrorKind::server, .sqlstate = "57P03"}
                               : sql::Error{.kind = sql::ErrorKind::cannot_connect,
                                            .message = "attempt " + std::to_string(second)});
        co_await host::sleep_for(host, 1s);
    }
}

TEST(FailureReport, SaysEachChangeAtOnceAndTheSameNowAndThen) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    std::vector<host::Duration> moments;
    process.hooks().on_log = [&](const sim::kernel::Process&, const host::LogRecord&) {
        moments.push_back(kernel.now() - host::TimePoint{});
    };
    process.tasks().spawn(report_for_two_minutes(process.host()));
    kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(moments, (std::vector<host::Duration>{0s, 30s, 45s, 50s, 80s, 110s}));
}

}  // namespace
}  // namespace atlas::node
