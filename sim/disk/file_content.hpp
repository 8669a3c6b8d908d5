#pragma once
// The bytes of one file: as the page cache shows them, with enough beside them to say what a power
// loss would leave.
//
// Kept as the newest content and, for each change that no sync has covered, the bytes that it
// replaced. So a write costs one copy of its bytes (two where it overwrites), a sync costs nothing
// but forgetting, and memory is the content plus what was overwritten since the last sync. As an
// operating system does, the oldest changes are written back unasked when too many pile up.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sim/disk/damages.hpp"
#include "sim/disk/policy.hpp"

namespace atlas::sim::disk {

/// What became of changes that were not synced.
struct ContentLoss {
    std::size_t sectors = 0;          ///< Touched by unsynced writes.
    std::size_t sectors_changed = 0;  ///< Of those, how many differ from what a read gave before.
    std::size_t writes_lost = 0;      ///< Writes of which no sector reached the disk.
    std::size_t writes_torn = 0;      ///< Writes of which some sectors did and some did not.
    std::size_t sizes_lost = 0;       ///< Truncations undone.

    ContentLoss& operator+=(const ContentLoss& other);
};

class FileContent {
  public:
    std::uint64_t size() const { return bytes_.size(); }
    std::span<const std::byte> bytes() const { return bytes_; }

    /// Copies what there is from that offset on, as far as the buffer goes.
    std::size_t read(std::uint64_t offset, std::span<std::byte> buffer) const;
    void write(std::uint64_t offset, std::span<const std::byte> data);
    void truncate(std::uint64_t size);

    /// The disk itself spoils a byte: no change of the file. The damage's number is the caller's,
    /// to know it by.
    void flip_bit(std::uint64_t offset, unsigned bit, std::uint64_t damage);
    /// The disk puts data that was meant for `offset` into `place`; that spoils both.
    void write_elsewhere(std::uint64_t offset, std::uint64_t place, std::span<const std::byte> data,
                         std::uint64_t damage);
    /// The newest damage to any of those bytes that is there still.
    std::optional<std::uint64_t> damage_to(std::uint64_t offset, std::uint64_t length) const;

    /// The number of the newest change; a sync that starts now covers all up to it.
    std::uint64_t last_change() const { return last_change_; }
    bool is_synced() const { return unsynced_.empty(); }

    /// Changes up to that one are durable.
    void make_durable(std::uint64_t up_to);

    /// Changes up to that one are lost but for those parts that survive, and what is left is
    /// durable. Later changes stay, unsynced, on top. Asks for each part once, oldest first.
    using Survives =
        std::function<bool(UnsyncedPart::Kind kind, std::uint64_t change, std::uint64_t sector)>;
    ContentLoss lose_unsynced(std::uint64_t up_to, const Survives& survives);

    /// What would be left if nothing unsynced survived.
    std::vector<std::byte> durable_bytes() const;

  private:
    struct Change {
        std::uint64_t number = 0;
        UnsyncedPart::Kind kind = UnsyncedPart::Kind::sector;
        std::uint64_t offset = 0;  ///< Of a write; the new size of a truncation.
        std::uint64_t length = 0;  ///< Of a write.
        std::uint64_t old_size = 0;
        /// What was there before, from the offset on: less than `length` where the file grew.
        std::vector<std::byte> replaced;
        /// The bytes written, once the change has been undone.
        std::vector<std::byte> written;
    };

    /// What outlives a loss.
    struct Survivors;

    static Survivors ask(std::span<const Change> changes, const Survives& survives);
    std::optional<Carrier> carrier_of(std::uint64_t offset) const;
    Change apply_write(std::uint64_t offset, std::span<const std::byte> data);
    Change apply_truncate(std::uint64_t size);
    void remember(Change change);
    static void undo(Change& change, std::vector<std::byte>& bytes);
    void redo(std::span<const Change> changes, const Survivors& survivors, ContentLoss& loss);

    std::vector<std::byte> bytes_;
    Damages damages_;
    std::deque<Change> unsynced_;
    std::size_t unsynced_cost_ = 0;
    std::uint64_t last_change_ = 0;
};

}  // namespace atlas::sim::disk
