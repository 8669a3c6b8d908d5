#include "system/sql/resolving_driver.hpp"

#include <utility>

namespace atlas::sql {

host::Task<Result<std::unique_ptr<Connection>>> ResolvingDriver::connect(host::Context context,
                                                                         ConnectionTarget target) {
    host::Result<std::vector<std::string>> addresses =
        co_await host_.network().resolve(target.endpoint.address, context.deadline);
    if (!addresses) {
        const bool late = addresses.error().code == host::ErrorCode::deadline_exceeded;
        co_return std::unexpected(
            Error{.kind = late ? ErrorKind::deadline_exceeded : ErrorKind::cannot_connect,
                  .message = "the server's name " + target.endpoint.address +
                             " does not resolve: " + host::describe(addresses.error())});
    }
    target.endpoint.address = addresses->front();
    co_return co_await inner_->connect(context, std::move(target));
}

}  // namespace atlas::sql
