#include "system/sql/primary_driver.hpp"

#include <fmt/format.h>

#include <utility>

#include "system/host/check.hpp"

namespace atlas::sql {

using host::Context;
using host::Deadline;
using host::Task;

PrimaryDriver::PrimaryDriver(host::Host& host, std::unique_ptr<Driver> inner,
                             std::vector<host::Endpoint> servers)
    : host_(host), inner_(std::move(inner)), servers_(std::move(servers)) {
    ATLAS_CHECK(!servers_.empty(), "there is a server to connect to");
}

Task<Result<std::unique_ptr<Connection>>> PrimaryDriver::connect_to(Context context,
                                                                    ConnectionTarget target) {
    auto connection = co_await inner_->connect(context, std::move(target));
    if (!connection) co_return connection;
    const auto answer =
        co_await (*connection)->query(context, "SELECT pg_catalog.pg_is_in_recovery()");
    if (!answer) co_return std::unexpected(answer.error());
    const bool leads =
        answer->rows.size() == 1 && answer->rows[0].size() == 1 && answer->rows[0][0] == "f";
    if (leads) co_return connection;
    co_return std::unexpected(
        Error{.kind = ErrorKind::cannot_connect, .message = "the server follows another one"});
}

Task<Result<std::unique_ptr<Connection>>> PrimaryDriver::connect(Context context,
                                                                 ConnectionTarget target) {
    std::string last_words;
    std::string last_sqlstate;
    const std::size_t first = last_primary_;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        const std::size_t number = (first + i) % servers_.size();
        target.endpoint = servers_[number];
        Deadline share = context.deadline;
        if (!share.is_never()) {
            const host::TimePoint now = host_.clock().now();
            const auto left = static_cast<std::int64_t>(servers_.size() - i);
            share = Deadline::at(now + share.remaining(now) / left);
        }
        auto connection = co_await connect_to(context.with_deadline(share), target);
        if (connection) {
            last_primary_ = number;
            co_return connection;
        }
        last_words =
            fmt::format("{}: {}", host::to_string(target.endpoint), connection.error().message);
        last_sqlstate = connection.error().sqlstate;
    }
    // A caller that could not wait says nothing about the servers.
    const bool is_late = context.deadline.passed(host_.clock().now());
    co_return std::unexpected(
        Error{.kind = is_late ? ErrorKind::deadline_exceeded : ErrorKind::cannot_connect,
              .sqlstate = last_sqlstate,
              .message =
                  fmt::format("none of {} servers is a primary; {}", servers_.size(), last_words)});
}

}  // namespace atlas::sql
