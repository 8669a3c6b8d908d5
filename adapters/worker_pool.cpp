#include "adapters/worker_pool.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace atlas::adapters {

namespace asio = boost::asio;

WorkerPool::WorkerPool(asio::io_context& loop, std::size_t threads, std::size_t waiting_limit)
    : loop_(loop), in_flight_limit_(threads + waiting_limit), threads_(threads) {}

WorkerPool::~WorkerPool() {
    threads_.stop();
    threads_.join();
}

WorkerPool::Line WorkerPool::make_line() {
    return asio::make_strand(threads_.get_executor());
}

template <typename Executor>
host::Task<host::Result<void>> WorkerPool::run_on(Executor executor, std::function<void()> work) {
    if (in_flight_ >= in_flight_limit_) {
        co_return host::failure(host::ErrorCode::resource_exhausted,
                                "too much work waits for a thread");
    }
    ++in_flight_;
    auto initiate = [&](auto handler) {
        // Shared, so that the last hand that holds it, and destroys it, is the loop's.
        auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        asio::post(executor, [&loop = loop_, &work, waiting = std::move(waiting)]() mutable {
            work();
            asio::post(loop, [waiting = std::move(waiting)] { std::move (*waiting)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate,
                                                                         asio::use_awaitable);
    --in_flight_;
    co_return host::Result<void>{};
}

host::Task<host::Result<void>> WorkerPool::run(std::function<void()> work) {
    return run_on(threads_.get_executor(), std::move(work));
}

host::Task<host::Result<void>> WorkerPool::run_in_line(Line line, std::function<void()> work) {
    return run_on(std::move(line), std::move(work));
}

bool WorkerPool::start(std::function<void()> work, std::function<void()> done) {
    if (in_flight_ >= in_flight_limit_) return false;
    ++in_flight_;
    asio::post(threads_, [this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        asio::post(loop_, [this, done = std::move(done)] {
            --in_flight_;
            done();
        });
    });
    return true;
}

}  // namespace atlas::adapters
