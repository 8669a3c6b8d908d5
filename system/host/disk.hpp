#pragma once
// Files of one machine, with the durability that POSIX promises and no more:
//  * bytes written are durable after a successful File::sync, and in any subset before it;
//  * a file's name (create, rename, remove) is durable after Disk::sync_directory of its folder;
//  * after a failed sync nobody knows what is durable: the pages may be dropped and marked clean,
//    so a second sync that succeeds proves nothing (PostgreSQL's "fsyncgate", 2018).
//
// Paths are relative to the disk's root, with '/' between parts; no "..", no leading '/'.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "system/host/error.hpp"
#include "system/host/task.hpp"

namespace atlas::host {

enum class OpenMode : std::uint8_t {
    read_only,         ///< Must be there.
    read_write,        ///< Must be there.
    create_or_open,    ///< Read and write; made empty if not there.
    create_exclusive,  ///< Read and write; must not be there.
};

/// Destroying a file closes it without a sync. Operations of one file keep their order.
class File {
  public:
    virtual ~File() = default;

    /// Up to buffer.size() bytes; 0 at or past the end. May return less than asked, as POSIX may.
    /// Errors: io_error.
    virtual Task<Result<std::size_t>> read_at(std::uint64_t offset,
                                              std::span<std::byte> buffer) = 0;

    /// At least one byte of a non-empty buffer; grows the file as needed. Errors: io_error,
    /// no_space.
    virtual Task<Result<std::size_t>> write_at(std::uint64_t offset,
                                               std::span<const std::byte> buffer) = 0;

    /// Errors: io_error, after which the file's durable content is unknown.
    virtual Task<Result<void>> sync() = 0;

    /// Errors: io_error, no_space.
    virtual Task<Result<void>> truncate(std::uint64_t size) = 0;

    virtual Task<Result<std::uint64_t>> size() = 0;
};

/// Held until destroyed; the system drops it when the process dies.
class DirectoryLock {
  public:
    virtual ~DirectoryLock() = default;
};

class Disk {
  public:
    virtual ~Disk() = default;

    /// Errors: not_found, already_exists, io_error, no_space.
    virtual Task<Result<std::unique_ptr<File>>> open(std::string path, OpenMode mode) = 0;

    /// Replaces `to` if it is there. Errors: not_found, io_error.
    virtual Task<Result<void>> rename(std::string from, std::string to) = 0;

    /// A file, not a folder. Errors: not_found, io_error.
    virtual Task<Result<void>> remove(std::string path) = 0;

    /// Makes the folder and those above it; one that is there is no error.
    virtual Task<Result<void>> make_directory(std::string path) = 0;

    /// The names in a folder, sorted by byte. Errors: not_found, io_error.
    virtual Task<Result<std::vector<std::string>>> list(std::string path) = 0;

    /// Makes the names in a folder durable. Errors: not_found, io_error.
    virtual Task<Result<void>> sync_directory(std::string path) = 0;

    /// At most one process holds it. Errors: already_exists (held elsewhere), not_found.
    virtual Result<std::unique_ptr<DirectoryLock>> lock_directory(std::string path) = 0;
};

/// Writes the whole buffer. The caller keeps the bytes alive until the task ends.
Task<Result<void>> write_all_at(File& file, std::uint64_t offset,
                                std::span<const std::byte> buffer);

/// Reads until the buffer is full or the file ends; returns how much.
Task<Result<std::size_t>> read_up_to(File& file, std::uint64_t offset, std::span<std::byte> buffer);

}  // namespace atlas::host
