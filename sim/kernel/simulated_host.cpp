#include "sim/kernel/simulated_host.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "sim/kernel/parking.hpp"
#include "sim/kernel/task_executor.hpp"

namespace atlas::sim::kernel {
namespace {

constexpr std::size_t cores_per_machine = 2;
constexpr std::size_t computation_queue_limit = 256;

std::uint32_t task_of(const host::Executor& executor) {
    const TaskExecutor* simulated = executor.target<TaskExecutor>();
    return simulated == nullptr ? 0 : simulated->task();
}

}  // namespace

host::UtcTime MachineClock::utc_now() const {
    ++readings_;
    return start_of_time + (kernel_.now().since_epoch + offset());
}

host::Duration MachineClock::offset() const {
    using std::chrono::seconds;
    const host::Duration passed = kernel_.now() - since_;
    // In two parts, so that no product is too large.
    const auto whole = std::chrono::duration_cast<seconds>(passed);
    const host::Duration rest = passed - whole;
    return offset_ + drift_ * whole.count() +
           drift_ * rest.count() / host::Duration{seconds{1}}.count();
}

void MachineClock::set_offset(host::Duration offset) {
    offset_ = offset;
    since_ = kernel_.now();
}

void MachineClock::set_drift(host::Duration gained_in_a_second) {
    set_offset(offset());
    drift_ = gained_in_a_second;
}

SimulatedHost::SimulatedHost(Process& process, host::Clock& clock, host::Network& network,
                             host::Disk& disk, const HostHooks& hooks)
    : process_(process),
      clock_(clock),
      network_(network),
      disk_(disk),
      hooks_(hooks),
      entropy_(random("host.entropy", 0)),
      shutdown_(*this),
      cores_(*this, cores_per_machine, computation_queue_limit) {}

host::Executor SimulatedHost::executor() {
    return TaskExecutor(process_, process_.next_task());
}

host::Task<host::Wake> SimulatedHost::park(host::Parked& place, host::Deadline deadline) {
    Parking parking(process_, place);
    co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                                   void(boost::system::error_code, host::Wake)>(
        [&parking, deadline](Parking::Handler handler) {
            const std::uint32_t task = task_of(handler.get_executor());
            parking.suspend(std::move(handler), task, deadline);
        },
        boost::asio::use_awaitable);
}

void SimulatedHost::unpark(host::Parked& place) {
    if (place.is_parked()) {
        static_cast<Parking*>(place.world_state())
            ->wake(boost::system::error_code{}, host::Wake::notified);
    }
}

host::RandomSource SimulatedHost::random(std::string_view name, std::uint64_t instance) {
    return process_.kernel().seed().derive({"host", std::string_view(process_.machine()),
                                            std::string_view(process_.name()),
                                            std::uint64_t{process_.incarnation()}, name, instance});
}

void SimulatedHost::entropy(std::span<std::byte> bytes) {
    entropy_.fill(bytes);
}

host::Task<host::Result<void>> SimulatedHost::run_computation(host::Duration cost,
                                                              std::function<void()> work) {
    if (hooks_.refuses_computation && hooks_.refuses_computation(process_)) {
        co_return host::failure(host::ErrorCode::resource_exhausted,
                                "the queue of computations is full");
    }
    host::Result<host::Semaphore::Permit> core = co_await cores_.acquire(host::Deadline::never());
    if (!core) co_return std::unexpected(std::move(core.error()));
    work();
    co_await host::sleep_for(*this, cost);
    co_return host::Result<void>{};
}

host::Task<> SimulatedHost::wait_for_shutdown() {
    co_await shutdown_.wait();
}

void SimulatedHost::fatal(std::string_view reason) {
    if (process_.is_alive() && hooks_.on_fatal) hooks_.on_fatal(process_, reason);
    process_.begin_death();
    // Leaves the running task as a cancellation would; the kernel then unwinds all others.
    throw boost::system::system_error(boost::asio::error::operation_aborted, std::string(reason));
}

void SimulatedHost::log(host::LogRecord record) {
    if (hooks_.on_log && logs(record.level)) hooks_.on_log(process_, record);
}

bool SimulatedHost::logs(host::LogLevel level) const {
    return level >= hooks_.log_level;
}

host::Task<> SimulatedHost::fault_point(std::string_view name) {
    if (!hooks_.at_fault_point) co_return;
    const HostHooks::FaultPointDecision decision = hooks_.at_fault_point(process_, name);
    if (!decision.kill && decision.delay <= host::Duration::zero()) co_return;
    if (decision.delay > host::Duration::zero()) co_await host::sleep_for(*this, decision.delay);
    if (hooks_.struck_at_fault_point) hooks_.struck_at_fault_point(process_);
    if (decision.kill) {
        process_.begin_death();
        host::Parked for_ever;
        co_await park(for_ever, host::Deadline::never());
    }
}

std::uint32_t SimulatedHost::choose(std::string_view name, std::uint32_t n) {
    auto found = choices_.find(name);
    if (found == choices_.end()) {
        host::RandomSource source = random(name, 1);
        found = choices_.emplace(std::string(name), source).first;
    }
    return static_cast<std::uint32_t>(found->second.below(n));
}

}  // namespace atlas::sim::kernel
