#include "system/lease_store/server.hpp"

#include <boost/system/system_error.hpp>
#include <exception>
#include <utility>

#include "system/host/task_group.hpp"
#include "system/http/server.hpp"
#include "system/lease_store/lease_store.hpp"
#include "system/lease_store/routes.hpp"

namespace atlas::lease_store {

host::Task<host::Result<void>> run_lease_store(host::Host& host, ServerOptions options) {
    auto opened = co_await LeaseStore::open(host, options.directory);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    const std::unique_ptr<LeaseStore> store = *std::move(opened);
    auto listener = host.network().listen(options.listen, {});
    if (!listener) co_return std::unexpected(std::move(listener).error());
    if (options.on_listening) options.on_listening((*listener)->local_endpoint());

    http::Server server(host, make_handler(*store), {.request_time = std::chrono::seconds{5}});
    host::TaskGroup serving(host);
    host::TaskGroup writing(host);
    serving.spawn(server.serve(*std::move(listener)));
    writing.spawn(store->run());
    std::exception_ptr cancelled;
    try {
        co_await host.wait_for_shutdown();
    } catch (const boost::system::system_error&) {
        cancelled = std::current_exception();
    }

    // A task that is cancelled has no time to drain, but its parts must end before it does.
    co_await host::shield_from_cancellation();
    const host::Duration drain_time = cancelled ? host::Duration::zero() : options.drain_time;
    co_await server.drain(host::deadline_after(host, drain_time));
    co_await serving.stop();
    co_await writing.stop();
    if (cancelled) std::rethrow_exception(cancelled);
    co_return host::Result<void>{};
}

}  // namespace atlas::lease_store
