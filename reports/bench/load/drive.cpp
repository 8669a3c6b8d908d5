#include "reports/bench/load/drive.hpp"

#include <memory>
#include <utility>

#include "system/host/task_group.hpp"
#include "system/http/client_connection.hpp"

namespace atlas::load {
namespace {

using host::Deadline;
using host::TimePoint;

/// What all connections share.
struct Run {
    Run(host::Host& world, const LoadPlan& its_plan)
        : host(world),
          plan(its_plan),
          requests(its_plan.operation, its_plan.users, world.random("load.requests")),
          began(world.clock().now()),
          recorded_from(began + its_plan.warm_up),
          ends(recorded_from + its_plan.duration),
          given_up(Deadline::at(ends + its_plan.patience)) {}

    /// When the next request should be sent; nothing when the time is over.
    std::optional<TimePoint> next_arrival() {
        const TimePoint now = host.clock().now();
        if (plan.rate == 0) return now < ends ? std::optional(now) : std::nullopt;
        const host::Duration second = std::chrono::seconds{1};
        const TimePoint planned =
            began + host::Duration(static_cast<std::int64_t>(arrivals) * second.count() /
                                   static_cast<std::int64_t>(plan.rate));
        if (planned >= ends) return {};
        ++arrivals;
        return planned;
    }

    /// They waited until now for a connection to be free, and would have waited on.
    void note_never_sent() {
        const TimePoint now = host.clock().now();
        while (plan.rate > 0) {
            const std::optional<TimePoint> arrival = next_arrival();
            if (!arrival) return;
            ++result.never_sent;
            if (*arrival >= recorded_from) result.latencies.record(now - *arrival);
        }
    }

    void note_answer(TimePoint arrival, int status) {
        const TimePoint now = host.clock().now();
        if (now >= recorded_from && now < ends) ++result.answered;
        if (arrival < recorded_from) return;
        ++result.statuses[status];
        result.latencies.record(now - arrival);
    }

    host::Host& host;
    const LoadPlan& plan;
    Requests requests;
    const TimePoint began;
    const TimePoint recorded_from;
    const TimePoint ends;
    const Deadline given_up;
    std::uint64_t arrivals = 0;
    LoadResult result;
};

host::Task<std::unique_ptr<http::ClientConnection>> connect(Run& run) {
    host::Result<std::unique_ptr<host::ByteStream>> stream =
        co_await run.host.network().connect(run.plan.to, host::Transport::plain(), run.given_up);
    if (stream) {
        co_return std::make_unique<http::ClientConnection>(std::move(*stream),
                                                           http::MessageLimits{});
    }
    ++run.result.lost;
    co_await host::sleep_for(run.host, std::chrono::milliseconds{100});
    co_return nullptr;
}

// The connection is made before the arrival that it will carry.
host::Task<> use_one_connection(Run& run) {
    std::unique_ptr<http::ClientConnection> connection;
    while (!run.given_up.passed(run.host.clock().now())) {
        if (!connection || !connection->is_reusable()) connection = co_await connect(run);
        if (!connection) continue;
        const std::optional<TimePoint> arrival = run.next_arrival();
        if (!arrival) co_return;
        if (*arrival > run.host.clock().now()) co_await host::sleep_until(run.host, *arrival);
        const host::Result<http::Response> response =
            co_await connection->exchange(run.requests.next(), run.given_up);
        if (response) {
            run.note_answer(*arrival, response->status);
        } else {
            ++run.result.lost;
        }
    }
}

}  // namespace

host::Task<LoadResult> drive(host::Host& host, LoadPlan plan) {
    Run run(host, plan);
    const auto body = [&run](host::TaskGroup& tasks) -> host::Task<> {
        for (std::size_t i = 0; i < run.plan.connections; ++i)
            tasks.spawn(use_one_connection(run));
        co_return;
    };
    co_await host::with_task_group(host, body);
    run.note_never_sent();
    co_return std::move(run.result);
}

}  // namespace atlas::load
