#include "sim/kernel/isolated_host.hpp"

#include <utility>

namespace atlas::sim::kernel {
namespace {

using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

class NoNetwork final : public host::Network {
  public:
    Task<Result<std::unique_ptr<host::ByteStream>>> connect(host::Endpoint, host::Transport,
                                                            host::Deadline) override {
        co_return failure(ErrorCode::unsupported, "an isolated process has no network");
    }
    Result<std::unique_ptr<host::Listener>> listen(host::Endpoint, host::Transport) override {
        return failure(ErrorCode::unsupported, "an isolated process has no network");
    }
    Task<Result<std::vector<std::string>>> resolve(std::string, host::Deadline) override {
        co_return failure(ErrorCode::unsupported, "an isolated process has no network");
    }
};

class NoDisk final : public host::Disk {
  public:
    Task<Result<std::unique_ptr<host::File>>> open(std::string, host::OpenMode) override {
        co_return no_disk();
    }
    Task<Result<void>> rename(std::string, std::string) override { co_return no_disk(); }
    Task<Result<void>> remove(std::string) override { co_return no_disk(); }
    Task<Result<void>> make_directory(std::string) override { co_return no_disk(); }
    Task<Result<std::vector<std::string>>> list(std::string) override { co_return no_disk(); }
    Task<Result<void>> sync_directory(std::string) override { co_return no_disk(); }
    Result<std::unique_ptr<host::DirectoryLock>> lock_directory(std::string) override {
        return no_disk();
    }

  private:
    static std::unexpected<host::Error> no_disk() {
        return failure(ErrorCode::unsupported, "an isolated process has no disk");
    }
};

Process& find_or_add(Kernel& kernel, const std::string& machine, const std::string& name) {
    for (const auto& process : kernel.processes()) {
        if (process->machine() == machine && process->name() == name) return *process;
    }
    return kernel.add_process(machine, name);
}

}  // namespace

struct IsolatedHost::Absent {
    NoNetwork network;
    NoDisk disk;
};

IsolatedHost::IsolatedHost(Kernel& kernel, std::string machine, std::string name)
    : process_(find_or_add(kernel, machine, name)),
      clock_(kernel),
      absent_(std::make_unique<Absent>()) {
    process_.start();
    host_ =
        std::make_unique<SimulatedHost>(process_, clock_, absent_->network, absent_->disk, hooks_);
    tasks_ = std::make_unique<host::TaskGroup>(*host_);
}

IsolatedHost::~IsolatedHost() {
    process_.kernel().kill(process_);
}

host::Host& IsolatedHost::host() {
    return *host_;
}

host::TaskGroup& IsolatedHost::tasks() {
    return *tasks_;
}

}  // namespace atlas::sim::kernel
