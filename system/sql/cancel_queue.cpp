#include "system/sql/cancel_queue.hpp"

#include <utility>

#include "system/host/task_group.hpp"

namespace atlas::sql {

CancelQueue::CancelQueue(host::Host& host, CancelOptions options)
    : host_(host), options_(options), given_up_(host, 2 * options.at_once) {}

void CancelQueue::give_up(std::unique_ptr<Connection> connection) noexcept {
    connection->close();
    // Those that nobody has taken yet may all have come in this instant.
    const bool has_room = under_way_ + given_up_.size() < 2 * options_.at_once;
    if (!has_room || !given_up_.try_push(std::move(connection))) ++counters_.dropped;
}

host::Task<> CancelQueue::send_until_closed() {
    const auto start_all = [this](host::TaskGroup& senders) -> host::Task<> {
        for (std::size_t i = 0; i < options_.at_once; ++i)
            senders.spawn(send_one_by_one());
        co_return;
    };
    co_await host::with_task_group(host_, start_all);
}

host::Task<> CancelQueue::send_one_by_one() {
    for (;;) {
        const host::Result<std::unique_ptr<Connection>> connection =
            co_await given_up_.pop(host::Deadline::never());
        if (!connection) co_return;
        const host::Context context{.deadline = host::deadline_after(host_, options_.time)};
        ++under_way_;
        const Result<void> sent = co_await (*connection)->request_cancel(context);
        --under_way_;
        ++(sent ? counters_.sent : counters_.failed);
    }
}

}  // namespace atlas::sql
