#pragma once
// The disk of the real world: files under one root directory of a POSIX file system. Calls that
// block run on a worker pool. Paths that would leave the root are refused with invalid_argument.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "adapters/worker_pool.hpp"
#include "system/host/disk.hpp"

namespace atlas::adapters {

class PosixDisk final : public host::Disk {
  public:
    /// Opens the root, which must be a directory. An empty path gives a disk on which every call
    /// fails with io_error. Throws std::system_error.
    PosixDisk(const std::filesystem::path& root, WorkerPool& blocking);
    ~PosixDisk() override;
    PosixDisk(const PosixDisk&) = delete;
    PosixDisk& operator=(const PosixDisk&) = delete;

    host::Task<host::Result<std::unique_ptr<host::File>>> open(std::string path,
                                                               host::OpenMode mode) override;
    host::Task<host::Result<void>> rename(std::string from, std::string to) override;
    host::Task<host::Result<void>> remove(std::string path) override;
    host::Task<host::Result<void>> make_directory(std::string path) override;
    host::Task<host::Result<std::vector<std::string>>> list(std::string path) override;
    host::Task<host::Result<void>> sync_directory(std::string path) override;
    host::Result<std::unique_ptr<host::DirectoryLock>> lock_directory(std::string path) override;

  private:
    WorkerPool& blocking_;
    int root_ = -1;
};

/// Whether the path is one of the seam's: relative, '/' between parts, no empty part, no "." or
/// "..", no NUL. The empty path is the root.
bool is_valid_disk_path(std::string_view path);

}  // namespace atlas::adapters
