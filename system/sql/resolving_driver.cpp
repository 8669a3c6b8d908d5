#include "system/sql/resolving_driver.hpp"

#include <utility>

namespace atlas::sql {
namespace {

/// Of what is left, so that an address in a black hole leaves some of it to those after it.
host::Deadline share_of(host::Deadline deadline, host::TimePoint now, std::size_t addresses) {
    if (deadline == host::Deadline::never()) return deadline;
    return host::Deadline::at(now + deadline.remaining(now) / static_cast<std::int64_t>(addresses));
}

}  // namespace

host::Task<Result<std::unique_ptr<Connection>>> ResolvingDriver::connect(host::Context context,
                                                                         ConnectionTarget target) {
    const std::string name = target.endpoint.address;
    host::Result<std::vector<std::string>> addresses =
        co_await network_.resolve(name, context.deadline);
    if (!addresses) {
        const bool late = addresses.error().code == host::ErrorCode::deadline_exceeded;
        co_return std::unexpected(
            Error{.kind = late ? ErrorKind::deadline_exceeded : ErrorKind::cannot_connect,
                  .message = "the server's name " + name +
                             " does not resolve: " + host::describe(addresses.error())});
    }
    for (std::size_t i = 0;; ++i) {
        target.endpoint.address = (*addresses)[i];
        const host::Deadline share =
            share_of(context.deadline, clock_.now(), addresses->size() - i);
        Result<std::unique_ptr<Connection>> connection =
            co_await inner_->connect(context.with_deadline(share), target);
        // Where a server answered, be it with a refusal, no other is asked.
        const bool answered = connection || connection.error().kind == ErrorKind::server;
        if (answered || i + 1 == addresses->size()) co_return connection;
    }
}

}  // namespace atlas::sql
