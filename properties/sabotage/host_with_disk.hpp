#pragma once
// A host that hands everything on but its disk: what sabotages of the disk are put on by.

#include <functional>
#include <string_view>
#include <utility>

#include "system/host/host.hpp"

namespace atlas::properties {

class HostWithDisk final : public host::Host {
  public:
    /// Both outlive it.
    HostWithDisk(host::Host& inner, host::Disk& disk) : inner_(inner), disk_(disk) {}

    host::Clock& clock() override { return inner_.clock(); }
    host::Network& network() override { return inner_.network(); }
    host::Disk& disk() override { return disk_; }
    std::string_view machine_name() const override { return inner_.machine_name(); }
    host::Executor executor() override { return inner_.executor(); }
    host::Task<host::Wake> park(host::Parked& place, host::Deadline deadline) override {
        return inner_.park(place, deadline);
    }
    void unpark(host::Parked& place) override { inner_.unpark(place); }
    host::RandomSource random(std::string_view name, std::uint64_t instance) override {
        return inner_.random(name, instance);
    }
    void entropy(std::span<std::byte> bytes) override { inner_.entropy(bytes); }
    host::Task<host::Result<void>> run_computation(host::Duration cost,
                                                   std::function<void()> work) override {
        return inner_.run_computation(cost, std::move(work));
    }
    bool shutdown_requested() const override { return inner_.shutdown_requested(); }
    host::Task<> wait_for_shutdown() override { return inner_.wait_for_shutdown(); }
    [[noreturn]] void fatal(std::string_view reason) override { inner_.fatal(reason); }
    void log(host::LogRecord record) override { inner_.log(std::move(record)); }
    bool logs(host::LogLevel level) const override { return inner_.logs(level); }
    host::Task<> fault_point(std::string_view name) override { return inner_.fault_point(name); }
    std::uint32_t choose(std::string_view name, std::uint32_t n) override {
        return inner_.choose(name, n);
    }

  private:
    host::Host& inner_;
    host::Disk& disk_;
};

}  // namespace atlas::properties
