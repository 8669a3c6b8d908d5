#pragma once
// Bytes of one file that the disk itself has spoilt. A damage comes and goes with changes of the
// file that no sync has covered: what spoilt an unsynced write is lost with it, and what a lost
// write had mended is there again.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace atlas::sim::disk {

struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    bool overlaps(const ByteRange& other) const { return begin < other.end && other.begin < end; }
    bool covers(const ByteRange& other) const { return begin <= other.begin && other.end <= end; }
};

/// The unsynced change that brought a damage, and the bytes of it that must reach the disk for the
/// damage to be there.
struct Carrier {
    std::uint64_t change = 0;
    ByteRange range = {};
};

class Damages {
  public:
    /// The number is the caller's, to know it by; without a carrier the damage is on the disk.
    void mark(ByteRange spoilt, std::uint64_t number, std::optional<Carrier> carrier);
    /// That change has put other bytes in place of these.
    void mend(ByteRange mended, std::uint64_t change);
    /// The newest to any of those bytes.
    std::optional<std::uint64_t> newest_to(ByteRange bytes) const;

    /// Changes up to that one are durable.
    void make_durable(std::uint64_t up_to);
    /// Changes up to that one are lost, but for what has reached the disk: any of those bytes of
    /// it.
    using Reached = std::function<bool(std::uint64_t change, ByteRange bytes)>;
    void lose(std::uint64_t up_to, const Reached& reached);

  private:
    struct Damage {
        ByteRange spoilt;
        std::uint64_t number = 0;
        std::optional<Carrier> carrier = {};
        std::vector<std::uint64_t> menders = {};  ///< Unsynced changes, oldest first.
    };

    std::vector<Damage> damages_;
};

}  // namespace atlas::sim::disk
