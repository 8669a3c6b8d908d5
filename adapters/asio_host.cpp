#include "adapters/asio_host.hpp"

#include <sys/random.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>

#include "adapters/boot_clock.hpp"
#include "system/host/check.hpp"

namespace atlas::adapters {

namespace asio = boost::asio;

namespace {

using Resumption = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

// What is kept of a parked task; lives in its frame. A task without a deadline costs no timer: its
// resumption is held here. With one, the timer holds it, and unpark cuts the timer short, so that
// there is one completion whichever of the two comes first.
struct ParkedTask {
    ParkedTask(host::Parked& where, std::size_t& counter) : place(where), count(counter) {
        ATLAS_CHECK(!place.is_parked(), "at most one task parks in one place");
        place.set_world_state(this);
        ++count;
    }
    ~ParkedTask() {
        --count;
        if (place.world_state() == this) place.set_world_state(nullptr);
    }

    void resume_from(asio::io_context& loop) {
        if (!resumption) return;
        asio::post(loop, [resume = std::move(*std::exchange(resumption, std::nullopt))]() mutable {
            std::move(resume)();
        });
    }

    host::Parked& place;
    std::size_t& count;
    bool notified = false;
    BootTimer* timer = nullptr;
    std::optional<Resumption> resumption;
};

host::Task<host::Wake> park_until(asio::io_context& loop, host::Parked& place,
                                  host::Deadline deadline, std::size_t& count) {
    BootTimer timer(loop, to_boot_time(deadline));
    ParkedTask task(place, count);
    task.timer = &timer;
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (task.notified) co_return host::Wake::notified;
    if (error) throw boost::system::system_error(asio::error::operation_aborted);
    co_return host::Wake::deadline;
}

host::Task<host::Wake> park_for_ever(asio::io_context& loop, host::Parked& place,
                                     std::size_t& count) {
    ParkedTask task(place, count);
    auto initiate = [&](auto handler) {
        asio::cancellation_slot slot = asio::get_associated_cancellation_slot(handler);
        task.resumption.emplace(std::move(handler));
        if (!slot.is_connected()) return;
        // Asio clears the slot when the task goes on, so `task` is alive whenever this is called.
        slot.assign([&](asio::cancellation_type) { task.resume_from(loop); });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate,
                                                                         asio::use_awaitable);
    if (!task.notified) throw boost::system::system_error(asio::error::operation_aborted);
    co_return host::Wake::notified;
}

// FNV-1a (Fowler, Noll, Vo): spreads names over seeds; mix() does the rest.
std::uint64_t hash_name(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : name)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return hash;
}

}  // namespace

void fill_from_system_entropy(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        ATLAS_CHECK(count > 0, "getrandom(2) fails only where the kernel lacks it");
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

host::TimePoint AsioHost::SystemClock::now() const {
    return boot_now();
}

host::UtcTime AsioHost::SystemClock::utc_now() const {
    return {std::chrono::system_clock::now().time_since_epoch()};
}

AsioHost::AsioHost(AsioHostOptions options)
    : options_(std::move(options)),
      loop_(1),
      log_(options_.log_format, options_.machine_name),
      blocking_(loop_, options_.blocking_threads, options_.blocking_calls_waiting),
      computations_(loop_, options_.computation_threads, options_.computations_waiting),
      network_(loop_, *this, blocking_, options_.listen_sharing),
      disk_(options_.disk_root, blocking_),
      signals_(loop_),
      shutdown_(*this) {
    fill_from_system_entropy(std::as_writable_bytes(std::span(&seed_low_, 1)));
    fill_from_system_entropy(std::as_writable_bytes(std::span(&seed_high_, 1)));
    if (!options_.stop_on_signals) return;
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.async_wait([this](const boost::system::error_code& error, int) {
        if (error) return;
        // The next signal has its usual effect: somebody does not want to wait for the drain.
        signals_.clear();
        request_shutdown();
    });
}

AsioHost::~AsioHost() {
    ATLAS_CHECK(parked_tasks_ == 0, "every task has ended before its host");
}

void AsioHost::run(host::Task<> task) {
    bool ended = false;
    std::exception_ptr failure;
    // A loop that ran out of work stays stopped until told otherwise.
    loop_.restart();
    asio::co_spawn(executor(), std::move(task), [&](std::exception_ptr exception) {
        ended = true;
        failure = std::move(exception);
    });
    while (!ended)
        loop_.run_one();
    // Completions of what the task cancelled on its way out.
    loop_.poll();
    if (failure) std::rethrow_exception(failure);
}

void AsioHost::request_shutdown() {
    shutdown_.set();
}

host::Executor AsioHost::executor() {
    return asio::require(loop_.get_executor(), asio::execution::blocking.never);
}

host::Task<host::Wake> AsioHost::park(host::Parked& place, host::Deadline deadline) {
    if (deadline.is_never()) return park_for_ever(loop_, place, parked_tasks_);
    return park_until(loop_, place, deadline, parked_tasks_);
}

void AsioHost::unpark(host::Parked& place) {
    auto* task = static_cast<ParkedTask*>(place.world_state());
    if (task == nullptr) return;
    // Also when the task is on its way out because of a cancellation, and has not run since: else
    // a wake-up that was meant for one of many would be lost with it.
    place.set_world_state(nullptr);
    task->notified = true;
    if (task->timer != nullptr) {
        task->timer->cancel();
    } else {
        task->resume_from(loop_);
    }
}

host::RandomSource AsioHost::random(std::string_view name, std::uint64_t instance) {
    return host::RandomSource(host::mix(seed_low_ ^ hash_name(name)),
                              host::mix(seed_high_ + instance));
}

void AsioHost::entropy(std::span<std::byte> bytes) {
    fill_from_system_entropy(bytes);
}

host::Task<host::Result<void>> AsioHost::run_computation(host::Duration,
                                                         std::function<void()> work) {
    return computations_.run(std::move(work));
}

host::Task<> AsioHost::wait_for_shutdown() {
    co_await shutdown_.wait();
}

void AsioHost::fatal(std::string_view reason) {
    log_.write_last_words({.level = host::LogLevel::error,
                           .message = "fatal",
                           .fields = {{"reason", std::string(reason)}}},
                          clock_.utc_now());
    std::abort();
}

void AsioHost::log(host::LogRecord record) {
    if (logs(record.level)) log_.write(record, clock_.utc_now());
}

host::Task<> AsioHost::fault_point(std::string_view) {
    co_return;
}

std::uint32_t AsioHost::choose(std::string_view, std::uint32_t n) {
    ATLAS_CHECK(n > 0, "there is something to choose from");
    return 0;
}

}  // namespace atlas::adapters
