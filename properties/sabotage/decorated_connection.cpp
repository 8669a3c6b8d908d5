#include "properties/sabotage/decorated_connection.hpp"

namespace atlas::properties {

host::Task<sql::Result<std::unique_ptr<sql::Connection>>> DecoratedDriver::connect(
    host::Context context, sql::ConnectionTarget target) {
    if (decoration_.target) target = decoration_.target(std::move(target));
    sql::Result<std::unique_ptr<sql::Connection>> connected =
        co_await inner_.connect(context, std::move(target));
    if (connected && decoration_.connection) {
        *connected = decoration_.connection(std::move(*connected));
    }
    co_return connected;
}

}  // namespace atlas::properties
