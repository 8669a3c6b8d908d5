#pragma once
// The real world behind the seam of system/host: one io_context run by one thread is one process
// of Atlas.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "adapters/log_sink.hpp"
#include "adapters/posix_disk.hpp"
#include "adapters/tcp_network.hpp"
#include "adapters/worker_pool.hpp"
#include "system/host/event.hpp"
#include "system/host/host.hpp"

namespace atlas::adapters {

struct AsioHostOptions {
    std::string machine_name = "localhost";
    /// Where the disk's files lie; empty when the program needs no disk.
    std::filesystem::path disk_root = {};
    LogFormat log_format = default_log_format();
    host::LogLevel log_level = host::LogLevel::info;
    /// Threads for run_computation, and how many computations may wait for one.
    std::size_t computation_threads = 1;
    std::size_t computations_waiting = 256;
    /// Threads for calls that block (files, name look-ups), and how many may wait.
    std::size_t blocking_threads = 4;
    std::size_t blocking_calls_waiting = 4096;
    ListenSharing listen_sharing = ListenSharing::alone;
    /// SIGTERM and SIGINT ask the process to stop; a second one kills it.
    bool stop_on_signals = false;
};

class AsioHost final : public host::Host {
  public:
    explicit AsioHost(AsioHostOptions options = {});
    /// No task may be left.
    ~AsioHost() override;

    /// Runs the loop on the calling thread until that task has ended; an exception that leaves the
    /// task is thrown on.
    void run(host::Task<> task);

    /// As SIGTERM does.
    void request_shutdown();

    /// For other adapters: the loop, and threads for what would block it.
    boost::asio::io_context& loop() { return loop_; }
    WorkerPool& blocking() { return blocking_; }

    host::Clock& clock() override { return clock_; }
    host::Network& network() override { return network_; }
    host::Disk& disk() override { return disk_; }
    std::string_view machine_name() const override { return options_.machine_name; }
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
    bool logs(host::LogLevel level) const override { return level >= options_.log_level; }
    host::Task<> fault_point(std::string_view name) override;
    std::uint32_t choose(std::string_view name, std::uint32_t n) override;

  private:
    class SystemClock final : public host::Clock {
      public:
        host::TimePoint now() const override;
        host::UtcTime utc_now() const override;
    };

    const AsioHostOptions options_;
    boost::asio::io_context loop_;
    SystemClock clock_;
    LogSink log_;
    WorkerPool blocking_;
    WorkerPool computations_;
    TcpNetwork network_;
    PosixDisk disk_;
    boost::asio::signal_set signals_;
    host::Event shutdown_;
    std::uint64_t seed_low_ = 0;
    std::uint64_t seed_high_ = 0;
    std::size_t parked_tasks_ = 0;
};

/// Bytes of the system's generator (getrandom(2)).
void fill_from_system_entropy(std::span<std::byte> bytes);

}  // namespace atlas::adapters
