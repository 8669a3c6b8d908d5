#include "sim/disk/file_content.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace atlas::sim::disk {
namespace {

// Beyond this much memory for the sake of unsynced changes, the older half is written back.
constexpr std::size_t write_back_cost = std::size_t{8} * 1024 * 1024;
constexpr std::size_t change_cost = 128;

// The part of a write that falls into one sector.
struct Fragment {
    std::uint64_t sector;
    std::uint64_t begin;  // In the file.
    std::uint64_t end;
};

template <typename Visit>
void for_each_fragment(std::uint64_t offset, std::uint64_t length, Visit&& visit) {
    for (std::uint64_t begin = offset; begin < offset + length;) {
        const std::uint64_t sector = begin / sector_bytes;
        const std::uint64_t end = std::min(offset + length, (sector + 1) * sector_bytes);
        visit(Fragment{sector, begin, end});
        begin = end;
    }
}

void put(std::vector<std::byte>& bytes, std::uint64_t offset, std::span<const std::byte> data) {
    if (bytes.size() < offset) bytes.resize(offset);
    const std::size_t overlap = std::min<std::size_t>(data.size(), bytes.size() - offset);
    std::copy_n(data.begin(), overlap, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    bytes.insert(bytes.end(), data.begin() + static_cast<std::ptrdiff_t>(overlap), data.end());
}

// Both as a read would give them: nothing beyond the end.
bool sector_differs(std::uint64_t sector, const std::vector<std::byte>& a,
                    const std::vector<std::byte>& b) {
    const auto part = [sector](const std::vector<std::byte>& bytes) {
        const std::size_t begin = std::min<std::size_t>(bytes.size(), sector * sector_bytes);
        const std::size_t end = std::min<std::size_t>(bytes.size(), begin + sector_bytes);
        return std::span(bytes).subspan(begin, end - begin);
    };
    return !std::ranges::equal(part(a), part(b));
}

}  // namespace

struct FileContent::Survivors {
    /// For each sector, the newest write of it that reached the disk; earlier ones came with it.
    std::map<std::uint64_t, std::uint64_t> newest = {};
    std::map<std::uint64_t, bool> sizes = {};  ///< Whether a truncation did, by its number.

    bool have(std::uint64_t change, std::uint64_t sector) const {
        const auto found = newest.find(sector);
        return found != newest.end() && change <= found->second;
    }
    bool have_any(std::uint64_t change, ByteRange bytes) const {
        if (const auto size = sizes.find(change); size != sizes.end()) return size->second;
        const auto first = newest.lower_bound(bytes.begin / sector_bytes);
        return std::any_of(first, newest.end(), [&](const auto& each) {
            return each.first * sector_bytes < bytes.end && change <= each.second;
        });
    }
};

ContentLoss& ContentLoss::operator+=(const ContentLoss& other) {
    sectors += other.sectors;
    sectors_changed += other.sectors_changed;
    writes_lost += other.writes_lost;
    writes_torn += other.writes_torn;
    sizes_lost += other.sizes_lost;
    return *this;
}

std::size_t FileContent::read(std::uint64_t offset, std::span<std::byte> buffer) const {
    if (offset >= bytes_.size()) return 0;
    const std::size_t count = std::min<std::size_t>(buffer.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), count, buffer.begin());
    return count;
}

void FileContent::write(std::uint64_t offset, std::span<const std::byte> data) {
    Change change = apply_write(offset, data);
    change.number = ++last_change_;
    damages_.mend({offset, offset + data.size()}, change.number);
    remember(std::move(change));
}

void FileContent::truncate(std::uint64_t size) {
    Change change = apply_truncate(size);
    change.number = ++last_change_;
    damages_.mend({size, std::numeric_limits<std::uint64_t>::max()}, change.number);
    remember(std::move(change));
}

void FileContent::flip_bit(std::uint64_t offset, unsigned bit, std::uint64_t damage) {
    bytes_[offset] ^= std::byte{1} << bit;
    damages_.mark({offset, offset + 1}, damage, carrier_of(offset));
}

// The newest unsynced write of that byte: the bit flips in what it wrote.
std::optional<Carrier> FileContent::carrier_of(std::uint64_t offset) const {
    const auto writes_it = [offset](const Change& change) {
        return change.kind == UnsyncedPart::Kind::sector && change.offset <= offset &&
               offset < change.offset + change.length;
    };
    const auto newest = std::find_if(unsynced_.rbegin(), unsynced_.rend(), writes_it);
    if (newest == unsynced_.rend()) return std::nullopt;
    return Carrier{newest->number, {offset, offset + 1}};
}

void FileContent::write_elsewhere(std::uint64_t offset, std::uint64_t place,
                                  std::span<const std::byte> data, std::uint64_t damage) {
    write(place, data);
    const Carrier carrier{last_change_, {place, place + data.size()}};
    damages_.mark({place, place + data.size()}, damage, carrier);
    damages_.mark({offset, offset + data.size()}, damage, carrier);
}

std::optional<std::uint64_t> FileContent::damage_to(std::uint64_t offset,
                                                    std::uint64_t length) const {
    return damages_.newest_to({offset, offset + length});
}

FileContent::Change FileContent::apply_write(std::uint64_t offset,
                                             std::span<const std::byte> data) {
    Change change;
    change.offset = offset;
    change.length = data.size();
    change.old_size = bytes_.size();
    if (offset < bytes_.size()) {
        const std::size_t overlap = std::min<std::size_t>(data.size(), bytes_.size() - offset);
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(offset);
        change.replaced.assign(begin, begin + static_cast<std::ptrdiff_t>(overlap));
    }
    put(bytes_, offset, data);
    return change;
}

FileContent::Change FileContent::apply_truncate(std::uint64_t size) {
    Change change;
    change.kind = UnsyncedPart::Kind::size;
    change.offset = size;
    change.old_size = bytes_.size();
    if (size == 0) {
        change.replaced = std::exchange(bytes_, {});
    } else {
        if (size < bytes_.size()) {
            change.replaced.assign(bytes_.begin() + static_cast<std::ptrdiff_t>(size),
                                   bytes_.end());
        }
        bytes_.resize(size);
    }
    return change;
}

void FileContent::remember(Change change) {
    unsynced_cost_ += change_cost + change.replaced.size();
    unsynced_.push_back(std::move(change));
    if (unsynced_cost_ > write_back_cost) make_durable(unsynced_[unsynced_.size() / 2].number);
}

void FileContent::make_durable(std::uint64_t up_to) {
    damages_.make_durable(up_to);
    while (!unsynced_.empty() && unsynced_.front().number <= up_to) {
        unsynced_cost_ -= change_cost + unsynced_.front().replaced.size();
        unsynced_.pop_front();
    }
}

void FileContent::undo(Change& change, std::vector<std::byte>& bytes) {
    if (change.kind == UnsyncedPart::Kind::size) {
        bytes.resize(std::min<std::size_t>(bytes.size(), change.offset));
        bytes.insert(bytes.end(), change.replaced.begin(), change.replaced.end());
        bytes.resize(change.old_size);
        return;
    }
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(change.offset);
    change.written.assign(begin, begin + static_cast<std::ptrdiff_t>(change.length));
    std::copy(change.replaced.begin(), change.replaced.end(), begin);
    bytes.resize(change.old_size);
}

std::vector<std::byte> FileContent::durable_bytes() const {
    std::vector<std::byte> bytes = bytes_;
    for (auto change = unsynced_.rbegin(); change != unsynced_.rend(); ++change) {
        Change copy = *change;
        undo(copy, bytes);
    }
    return bytes;
}

ContentLoss FileContent::lose_unsynced(std::uint64_t up_to, const Survives& survives) {
    const std::vector<std::byte> before = bytes_;
    std::vector<Change> changes(std::make_move_iterator(unsynced_.begin()),
                                std::make_move_iterator(unsynced_.end()));
    unsynced_.clear();
    unsynced_cost_ = 0;
    for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
        undo(*change, bytes_);
    }
    const auto later = std::find_if(changes.begin(), changes.end(),
                                    [up_to](const Change& c) { return c.number > up_to; });
    const std::span<const Change> lost(changes.begin(), later);
    const Survivors survivors = ask(lost, survives);
    ContentLoss loss;
    redo(lost, survivors, loss);
    damages_.lose(up_to, [&](std::uint64_t change, ByteRange bytes) {
        return survivors.have_any(change, bytes);
    });
    for (auto change = later; change != changes.end(); ++change) {
        Change again = change->kind == UnsyncedPart::Kind::size
                           ? apply_truncate(change->offset)
                           : apply_write(change->offset, change->written);
        again.number = change->number;
        remember(std::move(again));
    }
    std::set<std::uint64_t> touched;
    for (auto change = changes.begin(); change != later; ++change) {
        if (change->kind == UnsyncedPart::Kind::size) continue;
        for_each_fragment(change->offset, change->length,
                          [&](const Fragment& fragment) { touched.insert(fragment.sector); });
    }
    loss.sectors = touched.size();
    for (const std::uint64_t sector : touched) {
        if (sector_differs(sector, before, bytes_)) ++loss.sectors_changed;
    }
    return loss;
}

FileContent::Survivors FileContent::ask(std::span<const Change> changes, const Survives& survives) {
    Survivors survivors;
    for (const Change& change : changes) {
        if (change.kind == UnsyncedPart::Kind::size) {
            survivors.sizes[change.number] = survives(change.kind, change.number, 0);
            continue;
        }
        for_each_fragment(change.offset, change.length, [&](const Fragment& fragment) {
            if (survives(change.kind, change.number, fragment.sector)) {
                survivors.newest[fragment.sector] = change.number;
            }
        });
    }
    return survivors;
}

void FileContent::redo(std::span<const Change> changes, const Survivors& survivors,
                       ContentLoss& loss) {
    for (const Change& change : changes) {
        if (change.kind == UnsyncedPart::Kind::size) {
            const bool survives = survivors.sizes.at(change.number);
            if (survives) bytes_.resize(change.offset);
            loss.sizes_lost += survives ? 0 : 1;
            continue;
        }
        std::size_t there = 0;
        std::size_t gone = 0;
        for_each_fragment(change.offset, change.length, [&](const Fragment& fragment) {
            const bool reached = survivors.have(change.number, fragment.sector);
            ++(reached ? there : gone);
            if (!reached) return;
            put(bytes_, fragment.begin,
                std::span(change.written)
                    .subspan(fragment.begin - change.offset, fragment.end - fragment.begin));
        });
        if (gone > 0) ++(there > 0 ? loss.writes_torn : loss.writes_lost);
    }
}

}  // namespace atlas::sim::disk
