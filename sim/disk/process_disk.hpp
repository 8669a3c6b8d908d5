#pragma once
// The disk as one incarnation of a simulated process sees it. Its open files and locks die with it.
//
// Every operation takes the time that the policy gives it and ends by one event of the kernel.
// Names and bytes change when an operation is called, as in a page cache, so that operations of one
// file keep their order; what a sync does happens when it ends. An operation that is cancelled may
// have taken effect.

#include <memory>
#include <string>
#include <vector>

#include "sim/disk/machine_disk.hpp"
#include "sim/kernel/kernel.hpp"
#include "sim/kernel/process.hpp"
#include "system/host/disk.hpp"

namespace atlas::sim::disk {

class ProcessDisk final : public host::Disk {
  public:
    /// Both outlive it, and it outlives the tasks of the process.
    ProcessDisk(MachineDisk& machine, kernel::Process& process);
    ~ProcessDisk();
    ProcessDisk(const ProcessDisk&) = delete;
    ProcessDisk& operator=(const ProcessDisk&) = delete;

    host::Task<host::Result<std::unique_ptr<host::File>>> open(std::string path,
                                                               host::OpenMode mode) override;
    host::Task<host::Result<void>> rename(std::string from, std::string to) override;
    host::Task<host::Result<void>> remove(std::string path) override;
    host::Task<host::Result<void>> make_directory(std::string path) override;
    host::Task<host::Result<std::vector<std::string>>> list(std::string path) override;
    host::Task<host::Result<void>> sync_directory(std::string path) override;
    host::Result<std::unique_ptr<host::DirectoryLock>> lock_directory(std::string path) override;

    /// Files that this process has open.
    std::size_t open_files() const { return open_files_; }

  private:
    friend class ProcessFile;

    /// An operation under way: what it is, what the policy said, when it ends.
    struct Call {
        Operation operation;
        Decision decision;
        host::TimePoint began;
        host::TimePoint ends;
    };
    Call begin(Operation operation, host::TimePoint not_before = {});
    /// Until the call ends. The digest stands for what it carries.
    host::Task<> until_end(const Call& call, std::uint64_t digest);
    /// Fills in what the call itself says.
    void report(const Call& call, Outcome outcome = {});
    bool is_alive() const { return process_.is_alive(); }

    MachineDisk& machine_;
    kernel::Process& process_;
    std::size_t open_files_ = 0;
};

}  // namespace atlas::sim::disk
