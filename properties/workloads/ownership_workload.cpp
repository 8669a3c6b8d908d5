#include "properties/workloads/ownership_workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "properties/workloads/sql_session.hpp"
#include "system/host/task_group.hpp"

namespace atlas::properties {

using host::Host;
using host::Task;
using host::TimePoint;
using namespace std::chrono_literals;

namespace {

constexpr int owners_of_a_pair = 2;
/// From the beginning of a turn to that of the next, on average.
constexpr host::Duration between_turns = 500ms;
/// Between looking and changing, at most.
constexpr host::Duration longest_thought = 50ms;
constexpr std::size_t most_found = 5;

}  // namespace

Task<> OwnershipWorkload::run(Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                              TimePoint until) {
    const auto spawn_all = [&](host::TaskGroup& owners) -> Task<> {
        for (int pair = 1; pair <= pairs; ++pair) {
            for (int number = 1; number <= owners_of_a_pair; ++number)
                owners.spawn(run_owner(host, driver, target, {pair, number}, until));
        }
        co_return;
    };
    co_await host::with_task_group(host, spawn_all);
}

Task<> OwnershipWorkload::run_owner(Host& host, sql::Driver& driver, sql::ConnectionTarget target,
                                    Owner owner, TimePoint until) {
    host::RandomSource random = host.random(
        "workload.owner", static_cast<std::uint64_t>(owner.pair * owners_of_a_pair + owner.number));
    SqlSession session(host, driver, std::move(target));
    co_await session.insist_on(
        "CREATE TABLE IF NOT EXISTS owners (pair int, number int, is_on boolean NOT NULL, "
        "PRIMARY KEY (pair, number))");
    // Both come into being at once, and on: one that cannot see the other would not go off.
    co_await session.insist_on(
        fmt::format("INSERT INTO owners VALUES ({0}, 1, true), ({0}, 2, true) "
                    "ON CONFLICT DO NOTHING",
                    owner.pair));
    while (true) {
        const host::Duration pause = random.exponential(between_turns);
        const host::Duration thinking = random.between(host::Duration{}, longest_thought);
        co_await host::sleep_for(host, pause);
        if (host.clock().now() >= until) co_return;
        co_await take_turn(host, session, owner, thinking);
    }
}

Task<> OwnershipWorkload::take_turn(Host& host, SqlSession& session, Owner owner,
                                    host::Duration thinking) {
    const auto begun = co_await session.run("BEGIN ISOLATION LEVEL SERIALIZABLE");
    if (!begun) co_return co_await session.roll_back();
    const auto on = co_await session.run(
        fmt::format("SELECT number FROM owners WHERE pair = {} AND is_on", owner.pair));
    if (!on) co_return co_await session.roll_back();
    const std::string own = std::to_string(owner.number);
    const bool is_on =
        std::ranges::any_of(on->rows, [&](const auto& row) { return row.at(0) == own; });
    co_await host::sleep_for(host, thinking);
    if (!is_on || on->rows.size() > 1) {
        const auto changed = co_await session.run(
            fmt::format("UPDATE owners SET is_on = {} WHERE pair = {} AND number = {}", !is_on,
                        owner.pair, owner.number));
        if (!changed) co_return co_await session.roll_back();
    }
    const auto committed = co_await session.run("COMMIT");
    if (!committed) co_return co_await session.roll_back();
    if (committed->command_tag != "COMMIT") co_return;
    ++committed_;
    if (!on->rows.empty() || found_.size() == most_found) co_return;
    found_.push_back(
        fmt::format("At {} ms a transaction of owner {} of pair {} had committed that "
                    "saw neither of the two on.",
                    host.clock().now().since_epoch / 1ms, owner.number, owner.pair));
}

}  // namespace atlas::properties
