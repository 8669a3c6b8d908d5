#pragma once
// What a simulated disk asks whoever decides: how long an operation takes, whether it fails, and
// what outlives a power loss. The mechanism is in machine_disk.hpp and draws nothing itself.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "system/host/error.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::disk {

/// The unit that a disk writes whole: torn writes are torn at its multiples.
inline constexpr std::size_t sector_bytes = 512;

enum class OperationKind : std::uint8_t {
    open,
    read,
    write,
    sync,
    truncate,
    rename,
    remove,
    make_directory,
    list,
    sync_directory,
};
inline constexpr std::size_t operation_kinds = 10;

std::string_view name(OperationKind kind) noexcept;

struct Operation {
    OperationKind kind;
    std::string_view machine;
    std::string_view path;
    /// Counts the operations of this kind on this machine, from 0.
    std::uint64_t ordinal = 0;
    std::uint64_t offset = 0;
    /// Reads and writes: what can be transferred at most (for a read, up to the end of the file).
    std::size_t bytes = 0;
};

struct Decision {
    /// From the call to its completion. Never negative.
    host::Duration latency{};
    /// Reads and writes transfer at most so many bytes. At least 1.
    std::size_t limit = std::numeric_limits<std::size_t>::max();
    /// The operation has no effect and ends with this. A sync that fails drops the changes that it
    /// was to make durable, but for those that survive, and forgets that they were ever made.
    std::optional<host::ErrorCode> error = std::nullopt;
};

/// What the process saw in the end.
struct Outcome {
    host::Duration took{};
    std::size_t bytes = 0;
    std::optional<host::ErrorCode> error = std::nullopt;
    /// A read: what it gave is not what was written, because of the damage of that number.
    std::optional<std::uint64_t> damage = std::nullopt;
    /// A failed sync: sectors whose content went back to what it was before.
    std::size_t sectors_changed = 0;
};

enum class LossCause : std::uint8_t { power_loss, failed_sync };

/// One moment at which a machine's unsynced changes are decided on.
struct Loss {
    LossCause cause;
    std::string_view machine;
    /// Counts the losses of that cause on that machine, from 0.
    std::uint64_t ordinal = 0;
};

/// A change that no sync has covered, as small as it can be lost.
struct UnsyncedPart {
    enum class Kind : std::uint8_t {
        sector,  ///< One sector of one write.
        size,    ///< A truncation.
        name,    ///< A name made, moved or taken away.
    };
    Kind kind;
    std::string_view path;     ///< The file, or for names the folder.
    std::uint64_t change = 0;  ///< Grows with each change of that file or folder.
    std::uint64_t sector = 0;  ///< Counted from the start of the file.
};

class DiskPolicy {
  public:
    virtual ~DiskPolicy() = default;

    virtual Decision decide(const Operation& operation) = 0;

    /// Whether the part had reached the disk by itself. A sector is written as the page cache holds
    /// it: with a write that survives, so do all earlier ones of that sector; with a change of a
    /// name, all earlier ones of that name.
    virtual bool survives(const Loss& loss, const UnsyncedPart& part) = 0;

    /// The operation has ended, and the process is about to see this. For ledgers; not called for
    /// operations that the process did not live to see.
    virtual void completed(const Operation& operation, const Outcome& outcome) = 0;
};

}  // namespace atlas::sim::disk
