#include "properties/sabotage/no_jitter_no_budget.hpp"

#include <utility>

namespace atlas::properties {

namespace {

using namespace std::chrono_literals;

constexpr reliability::RetryPolicy at_once{.max_attempts = 20, .base = 1ms, .cap = 1ms};
constexpr host::Duration hasty = 5ms;

}  // namespace

node::ApiNodeOptions without_jitter_and_budget(node::ApiNodeOptions options) {
    options.retry = at_once;
    options.database.reconnect = at_once;
    // One success fills the bucket, and there are never calls enough for the circuit to open: else
    // the one would do the other's work.
    options.retry_budget = {.tokens = 1000, .given_back_per_thousand = 1'000'000};
    options.database.breaker = {.minimum_calls = 1'000'000};
    return options;
}

HastyDriver::HastyDriver(host::Host& host, sql::Driver& inner, SabotageLedger& ledger)
    : host_(host), inner_(inner), ledger_(ledger) {}

host::Task<sql::Result<std::unique_ptr<sql::Connection>>> HastyDriver::connect(
    host::Context context, sql::ConnectionTarget target) {
    if (host_.clock().now() < hasty_until_) ++ledger_.acted;
    sql::Result<std::unique_ptr<sql::Connection>> connected =
        co_await inner_.connect(context, std::move(target));
    if (!connected) hasty_until_ = host_.clock().now() + hasty;
    co_return connected;
}

}  // namespace atlas::properties
