#include "system/node/clean_up.hpp"

#include "system/store/idempotency.hpp"

namespace atlas::node {
namespace {

/// A little at a time, so that no transaction is long and requests get their turn in between.
host::Task<> forget_old_keys(sql::Database& database) {
    constexpr host::Duration time_of_one = std::chrono::seconds{10};
    constexpr host::Duration pause = std::chrono::milliseconds{100};
    for (;;) {
        const host::Context context{.deadline = host::deadline_after(database.host, time_of_one)};
        const host::Result<std::uint64_t> forgotten =
            co_await store::forget_old_keys(database, context);
        if (!forgotten) {
            database.host.log({host::LogLevel::warning,
                               "old idempotency keys were not forgotten; trying again later",
                               {{"error", host::describe(forgotten.error())}}});
            co_return;
        }
        if (*forgotten == 0) co_return;
        co_await host::sleep_for(database.host, pause);
    }
}

}  // namespace

host::Task<> clean_up_for_ever(sql::Database& database, host::Event& database_ready) {
    constexpr host::Duration shortest = std::chrono::minutes{5};
    constexpr host::Duration longest = std::chrono::minutes{15};
    host::RandomSource random = database.host.random("node.clean_up");
    (void)co_await database_ready.wait();
    for (;;) {
        co_await host::sleep_for(database.host, random.between(shortest, longest));
        co_await forget_old_keys(database);
    }
}

}  // namespace atlas::node
