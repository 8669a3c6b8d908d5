#pragma once
// The disk of one machine and its page cache: mechanism only, the dice are a DiskPolicy. It
// outlives the processes that use it; each has its own view of it (process_disk.hpp).

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk/directory_tree.hpp"
#include "sim/disk/policy.hpp"

namespace atlas::sim::disk {

class ProcessDisk;

/// What a power loss took.
struct PowerLossReport {
    ContentLoss content;
    std::size_t names_lost = 0;  ///< Names that do not mean what they meant before.

    /// Whether a program that starts now can tell that anything was lost.
    bool anything_lost() const {
        return content.sectors_changed > 0 || content.sizes_lost > 0 || names_lost > 0;
    }
};

class MachineDisk {
  public:
    /// The policy outlives it. Writes that would make the files larger than the capacity, all
    /// taken together, end with no_space.
    MachineDisk(std::string machine, DiskPolicy& policy,
                std::uint64_t capacity_bytes = std::uint64_t{1} << 30);
    MachineDisk(const MachineDisk&) = delete;
    MachineDisk& operator=(const MachineDisk&) = delete;

    const std::string& machine() const { return machine_; }

    /// The page cache is gone; of what was not synced there is what the policy says had reached the
    /// disk. The machine's processes must be dead. Complexity: the files with unsynced changes.
    PowerLossReport power_loss();

    /// Another disk takes its place, with nothing on it. The machine's processes must be dead. How
    /// many files would have outlived a power loss that takes all it can.
    std::size_t replace();

    /// While it is full, whatever would make a file larger ends with no_space.
    void set_full(bool full) { is_full_ = full; }

    /// One bit of one file flips: `choice` picks it, modulo all that there are, files in the order
    /// of their names. The number of the damage; nothing when there is no byte.
    std::optional<std::uint64_t> rot_bit(std::uint64_t choice);
    /// The next write that can goes to another place of its file, which `choice` picks. The number
    /// of the damage.
    std::uint64_t misdirect_next_write(std::uint64_t choice);

    /// For invariants and tests: reading with no effect on the run. Nothing when no file has that
    /// name.
    std::optional<std::vector<std::byte>> seen_bytes(std::string_view path) const;
    std::optional<std::vector<std::byte>> durable_bytes(std::string_view path) const;
    std::vector<std::string> durable_files() const;

    /// Over all processes: both are zero when none runs.
    std::size_t open_files() const { return open_files_; }
    std::size_t held_locks() const { return locks_.size(); }

  private:
    friend class ProcessDisk;
    friend class ProcessFile;
    friend class HeldLock;

    Operation next_operation(OperationKind kind, std::string_view path);
    ContentLoss fail_sync(std::string_view path, FileContent& content, std::uint64_t up_to);
    ContentLoss lose(const Loss& loss, std::string_view path, FileContent& content,
                     std::uint64_t up_to);
    void recount();

    std::string machine_;
    DiskPolicy& policy_;
    std::uint64_t capacity_bytes_;
    std::uint64_t used_bytes_ = 0;
    bool is_full_ = false;
    std::uint64_t damages_ = 0;
    struct Misdirection {
        std::uint64_t choice;
        std::uint64_t damage;
    };
    std::optional<Misdirection> misdirection_;
    DirectoryTree tree_;
    std::array<std::uint64_t, operation_kinds> operations_{};
    std::uint64_t power_losses_ = 0;
    std::uint64_t failed_syncs_ = 0;
    std::size_t open_files_ = 0;
    std::map<std::string, const ProcessDisk*, std::less<>> locks_;
};

}  // namespace atlas::sim::disk
