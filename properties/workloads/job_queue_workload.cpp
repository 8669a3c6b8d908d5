#include "properties/workloads/job_queue_workload.hpp"

#include <fmt/format.h>

#include <utility>

#include "properties/workloads/sql_session.hpp"
#include "system/host/task_group.hpp"

namespace atlas::properties {

using host::Host;
using host::Task;
using host::TimePoint;
using namespace std::chrono_literals;

namespace {

constexpr host::Duration between_jobs = 400ms;
/// How long a worker has a job, and its row locked, at most.
constexpr host::Duration longest_work = 800ms;
constexpr host::Duration between_looks = 100ms;
constexpr std::size_t most_found = 5;

/// Told to whoever waits for a row, by the server that makes it wait: the network and a slow
/// server have no part in it.
constexpr const char* waited_for_lock = "55P03";

Task<> make_table(SqlSession& session) {
    co_await session.insist_on("CREATE TABLE IF NOT EXISTS jobs (id int PRIMARY KEY, done_by int)");
}

}  // namespace

Task<> JobQueueWorkload::run(Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                             TimePoint until) {
    target.session_settings.emplace_back("lock_timeout", "100");
    const auto spawn_all = [&](host::TaskGroup& tasks) -> Task<> {
        tasks.spawn(bring_jobs(host, driver, target, until));
        for (int number = 1; number <= workers; ++number)
            tasks.spawn(run_worker(host, driver, target, number, until));
        co_return;
    };
    co_await host::with_task_group(host, spawn_all);
}

Task<> JobQueueWorkload::bring_jobs(Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                                    TimePoint until) {
    SqlSession session(host, driver, std::move(target));
    co_await make_table(session);
    for (int job = 1; host.clock().now() < until; ++job) {
        (void)co_await session.run(fmt::format("INSERT INTO jobs (id) VALUES ({})", job));
        co_await host::sleep_for(host, between_jobs);
    }
}

Task<> JobQueueWorkload::run_worker(Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                                    int number, TimePoint until) {
    host::RandomSource random = host.random("workload.worker", static_cast<std::uint64_t>(number));
    SqlSession session(host, driver, std::move(target));
    co_await make_table(session);
    while (host.clock().now() < until) {
        const host::Duration takes = random.between(host::Duration{}, longest_work);
        co_await take_job(host, session, number, takes);
        co_await host::sleep_for(host, between_looks);
    }
}

Task<> JobQueueWorkload::take_job(Host& host, SqlSession& session, int number,
                                  host::Duration takes) {
    const auto begun = co_await session.run("BEGIN");
    if (!begun) co_return co_await session.roll_back();
    const auto taken = co_await session.run(
        "SELECT id FROM jobs WHERE done_by IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED");
    if (!taken && taken.error().sqlstate == waited_for_lock) {
        find(fmt::format("At {} ms worker {} had waited for a job that another one had.",
                         host.clock().now().since_epoch / 1ms, number));
    }
    if (!taken || taken->rows.empty()) co_return co_await session.roll_back();
    const std::string job = taken->rows[0].at(0).value();
    co_await host::sleep_for(host, takes);
    const auto marked = co_await session.run(
        fmt::format("UPDATE jobs SET done_by = {} WHERE id = {}", number, job));
    if (!marked) co_return co_await session.roll_back();
    const auto committed = co_await session.run("COMMIT");
    if (!committed) co_return co_await session.roll_back();
    if (committed->command_tag == "COMMIT") was_done(host, job, number);
}

void JobQueueWorkload::was_done(Host& host, const std::string& job, int worker) {
    const auto [earlier, is_first] = done_by_.try_emplace(job, worker);
    if (is_first) return;
    find(fmt::format("At {} ms worker {} had done job {}, which worker {} had done before.",
                     host.clock().now().since_epoch / 1ms, worker, job, earlier->second));
}

void JobQueueWorkload::find(std::string sentence) {
    if (found_.size() < most_found) found_.push_back(std::move(sentence));
}

}  // namespace atlas::properties
