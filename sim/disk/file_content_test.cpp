// The content of a file against a reference of the states that a loss may leave: every synced byte
// is there, and every sector holds what it held at some moment since the last sync.

#include "sim/disk/file_content.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "system/host/random.hpp"

namespace atlas::sim::disk {
namespace {

using Bytes = std::vector<std::byte>;

Bytes filled(std::size_t count, unsigned value) {
    return Bytes(count, static_cast<std::byte>(value));
}

FileContent::Survives nothing() {
    return [](UnsyncedPart::Kind, std::uint64_t, std::uint64_t) { return false; };
}
FileContent::Survives everything() {
    return [](UnsyncedPart::Kind, std::uint64_t, std::uint64_t) { return true; };
}

Bytes copy_of(const FileContent& content) {
    return Bytes(content.bytes().begin(), content.bytes().end());
}

TEST(FileContent, ADamageIsLostWithTheWriteThatItSpoilt) {
    FileContent content;
    content.write(0, filled(512, 1));
    content.make_durable(content.last_change());
    content.flip_bit(3, 0, 7);
    content.write(0, filled(2, 2));
    content.flip_bit(1, 0, 8);
    EXPECT_EQ(content.damage_to(0, 2), 8U);
    content.lose_unsynced(content.last_change(), nothing());
    EXPECT_EQ(content.damage_to(0, 2), std::nullopt);
    EXPECT_EQ(content.damage_to(0, 4), 7U) << "this was on the disk";
    EXPECT_EQ(copy_of(content)[3], std::byte{0});
}

TEST(FileContent, ADamageStaysWithTheWriteThatReachedTheDisk) {
    FileContent content;
    content.write(0, filled(1024, 1));
    content.flip_bit(3, 0, 7);
    content.flip_bit(600, 0, 8);
    content.lose_unsynced(content.last_change(), [](UnsyncedPart::Kind, std::uint64_t,
                                                    std::uint64_t sector) { return sector == 1; });
    EXPECT_EQ(content.damage_to(0, 512), std::nullopt);
    EXPECT_EQ(content.damage_to(512, 512), 8U);
    EXPECT_EQ(copy_of(content)[600], std::byte{0});
}

TEST(FileContent, ADamageIsThereAgainWhenTheWriteThatMendedItIsLost) {
    FileContent content;
    content.write(0, filled(512, 1));
    content.make_durable(content.last_change());
    content.flip_bit(3, 0, 7);
    content.write(0, filled(512, 2));
    EXPECT_EQ(content.damage_to(0, 512), std::nullopt);
    content.lose_unsynced(content.last_change(), nothing());
    EXPECT_EQ(content.damage_to(0, 512), 7U);
    content.truncate(0);
    content.write(0, filled(512, 3));
    content.lose_unsynced(content.last_change(), everything());
    EXPECT_EQ(content.damage_to(0, 512), std::nullopt);
    content.lose_unsynced(content.last_change(), nothing());
    EXPECT_EQ(content.damage_to(0, 512), std::nullopt);
}

TEST(FileContent, AWriteThatWentElsewhereIsLostWithBothItsDamages) {
    FileContent content;
    content.write(0, filled(2048, 1));
    content.make_durable(content.last_change());
    content.write_elsewhere(0, 1024, filled(512, 2), 7);
    EXPECT_EQ(content.damage_to(0, 1), 7U);
    EXPECT_EQ(content.damage_to(1024, 1), 7U);
    FileContent kept = content;
    kept.lose_unsynced(kept.last_change(), everything());
    EXPECT_EQ(kept.damage_to(0, 1), 7U);
    content.lose_unsynced(content.last_change(), nothing());
    EXPECT_EQ(content.damage_to(0, 2048), std::nullopt);
}

TEST(FileContent, UnsyncedBytesAreLostAndSyncedOnesStay) {
    FileContent content;
    content.write(0, filled(1000, 1));
    content.make_durable(content.last_change());
    content.write(500, filled(1000, 2));
    EXPECT_EQ(content.size(), 1500U);
    const ContentLoss loss = content.lose_unsynced(content.last_change(), nothing());
    EXPECT_EQ(copy_of(content), filled(1000, 1));
    EXPECT_EQ(loss.writes_lost, 1U);
    EXPECT_EQ(loss.sectors_changed, 3U);
    EXPECT_TRUE(content.is_synced());
}

TEST(FileContent, AWriteIsTornAtSectors) {
    FileContent content;
    content.write(0, filled(3 * sector_bytes, 1));
    const ContentLoss loss = content.lose_unsynced(
        content.last_change(),
        [](UnsyncedPart::Kind, std::uint64_t, std::uint64_t sector) { return sector == 2; });
    Bytes expected = filled(2 * sector_bytes, 0);
    expected.resize(3 * sector_bytes, std::byte{1});
    EXPECT_EQ(copy_of(content), expected);
    EXPECT_EQ(loss.writes_torn, 1U);
    EXPECT_EQ(loss.sectors_changed, 2U);
}

TEST(FileContent, ASectorBringsItsEarlierWritesAlong) {
    FileContent content;
    content.write(0, filled(10, 1));
    content.write(10, filled(10, 2));
    content.lose_unsynced(content.last_change(), [](UnsyncedPart::Kind, std::uint64_t change,
                                                    std::uint64_t) { return change == 2; });
    Bytes expected = filled(10, 1);
    expected.resize(20, std::byte{2});
    EXPECT_EQ(copy_of(content), expected);
}

TEST(FileContent, ChangesMadeAfterASyncBeganAreStillThereWhenItFails) {
    FileContent content;
    content.write(0, filled(4, 1));
    content.make_durable(content.last_change());
    content.write(0, filled(4, 2));
    const std::uint64_t covered = content.last_change();
    content.write(4, filled(4, 3));
    content.lose_unsynced(covered, nothing());
    Bytes expected = filled(4, 1);
    expected.resize(8, std::byte{3});
    EXPECT_EQ(copy_of(content), expected);
    EXPECT_FALSE(content.is_synced());
    EXPECT_EQ(content.durable_bytes(), filled(4, 1));
}

TEST(FileContent, MemoryOfUnsyncedOverwritesIsBounded) {
    FileContent content;
    for (unsigned i = 0; i < 1000; ++i)
        content.write(0, filled(64 * 1024, i));
    // The oldest were written back: what is durable is some moment of the past, not the beginning.
    EXPECT_EQ(content.durable_bytes().size(), 64U * 1024);
}

// One step of a random life of a file.
struct Step {
    enum class Kind { write, truncate, sync, lose } kind;
    std::uint64_t offset;
    std::uint64_t length;
    std::uint64_t seed;
};

void showValue(const Step& step, std::ostream& out) {
    out << "step " << static_cast<int>(step.kind) << " at " << step.offset << " length "
        << step.length << " seed " << step.seed;
}

rc::Gen<Step> any_step(bool with_truncations) {
    const auto kind =
        with_truncations
            ? rc::gen::weightedElement<Step::Kind>({{8, Step::Kind::write},
                                                    {2, Step::Kind::truncate},
                                                    {2, Step::Kind::sync},
                                                    {2, Step::Kind::lose}})
            : rc::gen::weightedElement<Step::Kind>(
                  {{8, Step::Kind::write}, {2, Step::Kind::sync}, {2, Step::Kind::lose}});
    return rc::gen::build<Step>(
        rc::gen::set(&Step::kind, kind),
        rc::gen::set(&Step::offset, rc::gen::inRange<std::uint64_t>(0, 3000)),
        rc::gen::set(&Step::length, rc::gen::inRange<std::uint64_t>(1, 1500)),
        rc::gen::set(&Step::seed, rc::gen::arbitrary<std::uint64_t>()));
}

Bytes random_bytes(std::uint64_t seed, std::size_t count) {
    host::RandomSource random(seed);
    Bytes bytes(count);
    random.fill(bytes);
    return bytes;
}

// What each sector has held since the last sync, written apart from the code under test: whole
// copies, compared whole.
class Reference {
  public:
    const Bytes& seen() const { return seen_; }

    void write(std::uint64_t offset, const Bytes& data) {
        if (seen_.size() < offset + data.size()) seen_.resize(offset + data.size());
        for (std::size_t i = 0; i < data.size(); ++i)
            seen_[offset + i] = data[i];
        remember();
    }
    void truncate(std::uint64_t size) {
        seen_.resize(size);
        remember();
    }
    void sync() { settle(seen_); }
    void settle(const Bytes& content) {
        seen_ = content;
        history_.clear();
        remember();
    }
    bool allows(const Bytes& content) const {
        std::size_t sectors = content.size() / sector_bytes + 1;
        for (const Bytes& moment : history_)
            sectors = std::max(sectors, moment.size() / sector_bytes + 1);
        for (std::size_t sector = 0; sector < sectors; ++sector) {
            bool found = false;
            for (const Bytes& moment : history_)
                found = found || sector_of(moment, sector) == sector_of(content, sector);
            if (!found) return false;
        }
        return true;
    }
    bool allows_bytes(const Bytes& content) const {
        for (std::size_t i = 0; i < content.size(); ++i) {
            bool found = content[i] == std::byte{0};
            for (const Bytes& moment : history_)
                found = found || (i < moment.size() && moment[i] == content[i]);
            if (!found) return false;
        }
        return true;
    }

  private:
    static Bytes sector_of(const Bytes& bytes, std::size_t sector) {
        Bytes part(sector_bytes);
        for (std::size_t i = 0; i < sector_bytes && sector * sector_bytes + i < bytes.size(); ++i)
            part[i] = bytes[sector * sector_bytes + i];
        return part;
    }
    void remember() { history_.push_back(seen_); }

    Bytes seen_;
    std::vector<Bytes> history_{Bytes{}};
};

FileContent::Survives dice(std::uint64_t seed) {
    return
        [random = host::RandomSource(seed)](UnsyncedPart::Kind, std::uint64_t,
                                            std::uint64_t) mutable { return random.chance(1, 2); };
}

// The life of a file, checked at every step.
void check_life(const std::vector<Step>& steps, bool by_sector) {
    FileContent content;
    Reference reference;
    Bytes synced;
    for (const Step& step : steps) {
        switch (step.kind) {
            case Step::Kind::write: {
                const Bytes data = random_bytes(step.seed, step.length);
                content.write(step.offset, data);
                reference.write(step.offset, data);
                break;
            }
            case Step::Kind::truncate:
                content.truncate(step.offset);
                reference.truncate(step.offset);
                break;
            case Step::Kind::sync:
                content.make_durable(content.last_change());
                reference.sync();
                synced = reference.seen();
                break;
            case Step::Kind::lose:
                content.lose_unsynced(content.last_change(), dice(step.seed));
                const Bytes left = copy_of(content);
                const bool allowed =
                    by_sector ? reference.allows(left) : reference.allows_bytes(left);
                RC_ASSERT(allowed);
                reference.settle(left);
                synced = left;
                break;
        }
        RC_ASSERT(copy_of(content) == reference.seen());
        RC_ASSERT(content.durable_bytes() == synced);
    }
}

RC_GTEST_PROP(FileContent, EverySectorHoldsWhatItHeldAtSomeMomentSinceTheLastSync, ()) {
    check_life(*rc::gen::container<std::vector<Step>>(any_step(false)), true);
}

RC_GTEST_PROP(FileContent, WithTruncationsEveryByteIsOneThatWasThereOrZero, ()) {
    check_life(*rc::gen::container<std::vector<Step>>(any_step(true)), false);
}

RC_GTEST_PROP(FileContent, ALossThatTakesNothingChangesNothing, ()) {
    const auto steps = *rc::gen::container<std::vector<Step>>(any_step(true));
    FileContent content;
    for (const Step& step : steps) {
        if (step.kind == Step::Kind::write) {
            content.write(step.offset, random_bytes(step.seed, step.length));
        } else if (step.kind == Step::Kind::truncate) {
            content.truncate(step.offset);
        }
    }
    const Bytes before = copy_of(content);
    const ContentLoss loss = content.lose_unsynced(content.last_change(), everything());
    RC_ASSERT(copy_of(content) == before);
    RC_ASSERT(content.durable_bytes() == before);
    RC_ASSERT(loss.sectors_changed == 0U);
}

}  // namespace
}  // namespace atlas::sim::disk
