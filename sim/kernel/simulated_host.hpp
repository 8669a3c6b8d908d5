#pragma once
// The host seam for one incarnation of a simulated process.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "sim/kernel/kernel.hpp"
#include "sim/kernel/process.hpp"
#include "system/host/event.hpp"
#include "system/host/host.hpp"
#include "system/host/semaphore.hpp"

namespace atlas::sim::kernel {

/// The clocks of one machine. Time passes for it as for the kernel, but its wall clock may be
/// wrong.
class MachineClock final : public host::Clock {
  public:
    explicit MachineClock(const Kernel& kernel) : kernel_(kernel) {}

    host::TimePoint now() const override { return kernel_.now(); }
    host::UtcTime utc_now() const override;

    /// How far the wall clock is ahead of true time now.
    host::Duration offset() const;
    void set_offset(host::Duration offset);
    /// From now on it gains so much in each second of true time; negative: it loses.
    void set_drift(host::Duration gained_in_a_second);

    /// How often anybody has asked for the wall clock's time.
    std::uint64_t readings() const { return readings_; }

  private:
    const Kernel& kernel_;
    host::Duration offset_{};  ///< At `since_`.
    host::TimePoint since_{};
    host::Duration drift_{};
    mutable std::uint64_t readings_ = 0;
};

/// True time at the start of every run: 2026-01-01T00:00:00Z.
inline constexpr host::UtcTime start_of_time{std::chrono::seconds{1'767'225'600}};

/// What the simulator hangs on a host from outside.
struct HostHooks {
    /// Called for each record; the message and fields are the process's own words.
    std::function<void(const Process&, const host::LogRecord&)> on_log;
    host::LogLevel log_level = host::LogLevel::warning;
    /// What happens at a named place: nothing, a delay, or death.
    struct FaultPointDecision {
        host::Duration delay{};
        bool kill = false;
    };
    std::function<FaultPointDecision(const Process&, std::string_view name)> at_fault_point;
    /// The delay is over, or the process is about to die.
    std::function<void(const Process&)> struck_at_fault_point;
    /// Whether a computation is refused, as where the queue is full.
    std::function<bool(const Process&)> refuses_computation;
    /// The process died by host::fatal.
    std::function<void(const Process&, std::string_view reason)> on_fatal;
};

class SimulatedHost final : public host::Host {
  public:
    SimulatedHost(Process& process, host::Clock& clock, host::Network& network, host::Disk& disk,
                  const HostHooks& hooks);

    host::Clock& clock() override { return clock_; }
    host::Network& network() override { return network_; }
    host::Disk& disk() override { return disk_; }
    std::string_view machine_name() const override { return process_.machine(); }
    host::Executor executor() override;
    host::Task<host::Wake> park(host::Parked& place, host::Deadline deadline) override;
    void unpark(host::Parked& place) override;
    host::RandomSource random(std::string_view name, std::uint64_t instance) override;
    void entropy(std::span<std::byte> bytes) override;
    host::Task<host::Result<void>> run_computation(host::Duration cost,
                                                   std::function<void()> work) override;
    bool shutdown_requested() const override { return shutdown_.is_set(); }
    host::Task<> wait_for_shutdown() override;
    [[noreturn]] void fatal(std::string_view reason) override;
    void log(host::LogRecord record) override;
    bool logs(host::LogLevel level) const override;
    host::Task<> fault_point(std::string_view name) override;
    std::uint32_t choose(std::string_view name, std::uint32_t n) override;

    /// SIGTERM.
    void request_shutdown() { shutdown_.set(); }

    Process& process() { return process_; }

  private:
    Process& process_;
    host::Clock& clock_;
    host::Network& network_;
    host::Disk& disk_;
    const HostHooks& hooks_;
    host::RandomSource entropy_;
    std::map<std::string, host::RandomSource, std::less<>> choices_;
    host::Event shutdown_;
    host::Semaphore cores_;
};

}  // namespace atlas::sim::kernel
