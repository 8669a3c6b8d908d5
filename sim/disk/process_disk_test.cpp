// The disk as processes use it: what is there after a kill, a power loss, a failed sync; order and
// time; locks and handles; and death in the middle of anything.

#include "sim/disk/process_disk.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "sim/kernel/isolated_host.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::disk {
namespace {

using host::ErrorCode;
using host::File;
using host::OpenMode;
using host::Result;
using host::Task;
using host::TimePoint;
using namespace std::chrono_literals;

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

// Says what it is told to say, and remembers what it was told.
class ScriptedPolicy final : public DiskPolicy {
  public:
    Decision decide(const Operation& operation) override {
        if (operation.kind == OperationKind::sync && failing_syncs > 0) {
            --failing_syncs;
            return {.latency = latency, .error = ErrorCode::io_error};
        }
        if (operation.kind == OperationKind::make_directory && failing_folders > 0) {
            --failing_folders;
            return {.latency = latency, .error = ErrorCode::io_error};
        }
        return {.latency = latency, .limit = limit};
    }
    bool survives(const Loss&, const UnsyncedPart& part) override {
        return part.kind == UnsyncedPart::Kind::name ? names_survive : content_survives;
    }
    void completed(const Operation& operation, const Outcome& outcome) override {
        outcomes.emplace_back(operation.kind, outcome);
    }

    host::Duration latency = 1ms;
    std::size_t limit = SIZE_MAX;
    int failing_syncs = 0;
    int failing_folders = 0;
    bool names_survive = false;
    bool content_survives = false;
    std::vector<std::pair<OperationKind, Outcome>> outcomes;
};

// One machine and a process on it that can die and come back.
class World {
  public:
    World() { start(); }

    /// Runs the body as a task of the process until nothing is left to do.
    template <typename Body>
    void run(Body body) {
        host_->tasks().spawn(body(*disk_));
        kernel.run_until(TimePoint::max());
    }
    template <typename Body>
    void spawn(Body body) {
        host_->tasks().spawn(body(*disk_));
    }
    void kill() {
        host_.reset();
        disk_.reset();
    }
    void start() {
        host_ = std::make_unique<kernel::IsolatedHost>(kernel, "m", "p");
        disk_ = std::make_unique<ProcessDisk>(machine, host_->process());
    }
    PowerLossReport power_loss() {
        kill();
        const PowerLossReport report = machine.power_loss();
        start();
        return report;
    }
    kernel::IsolatedHost& host() { return *host_; }
    std::string text(std::string_view path) const {
        const auto bytes = machine.seen_bytes(path);
        if (!bytes) return "(none)";
        return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    }

    kernel::Kernel kernel{kernel::Seed{1}};
    ScriptedPolicy policy;
    MachineDisk machine{"m", policy};

  private:
    std::unique_ptr<ProcessDisk> disk_;
    std::unique_ptr<kernel::IsolatedHost> host_;
};

Task<> write_file(host::Disk& disk, std::string path, std::string text, bool sync,
                  bool sync_names) {
    auto file = co_await disk.open(path, OpenMode::create_or_open);
    EXPECT_TRUE(file);
    auto written = co_await host::write_all_at(**file, 0, bytes_of(text));
    EXPECT_TRUE(written);
    if (sync) {
        auto synced = co_await (*file)->sync();
        EXPECT_TRUE(synced);
    }
    if (sync_names) {
        auto synced = co_await disk.sync_directory("");
        EXPECT_TRUE(synced);
    }
}

TEST(ProcessDisk, AKillLosesNothing) {
    World world;
    world.run([](host::Disk& disk) { return write_file(disk, "a", "hello", false, false); });
    world.kill();
    world.start();
    EXPECT_EQ(world.text("a"), "hello");
    EXPECT_EQ(world.machine.open_files(), 0U);
}

TEST(ProcessDisk, APowerLossTakesWhatWasNotSynced) {
    World world;
    world.run([](host::Disk& disk) { return write_file(disk, "a", "hello", true, true); });
    world.run([](host::Disk& disk) { return write_file(disk, "a", "jelly", false, false); });
    EXPECT_EQ(world.text("a"), "jelly");
    const PowerLossReport report = world.power_loss();
    EXPECT_EQ(world.text("a"), "hello");
    EXPECT_EQ(report.content.writes_lost, 1U);
    EXPECT_TRUE(report.anything_lost());
}

TEST(ProcessDisk, AReplacedDiskHasNothingOfWhatWasSynced) {
    World world;
    world.run([](host::Disk& disk) { return write_file(disk, "a", "hello", true, true); });
    world.run([](host::Disk& disk) { return write_file(disk, "b", "unsynced", false, false); });
    world.kill();
    EXPECT_EQ(world.machine.replace(), 1U) << "one of them was durable";
    world.start();
    EXPECT_EQ(world.text("a"), "(none)");
    EXPECT_EQ(world.text("b"), "(none)");
    EXPECT_TRUE(world.machine.durable_files().empty());
    world.run([](host::Disk& disk) { return write_file(disk, "a", "new", true, true); });
    EXPECT_EQ(world.text("a"), "new");
    EXPECT_EQ(world.machine.replace(), 1U);
}

TEST(ProcessDisk, ASyncedFileIsLostWithoutItsName) {
    World world;
    world.run([](host::Disk& disk) { return write_file(disk, "a", "hello", true, false); });
    const PowerLossReport report = world.power_loss();
    EXPECT_EQ(world.text("a"), "(none)");
    EXPECT_EQ(report.names_lost, 1U);
}

Task<> write_synced(host::Disk& disk, std::string folder) {
    co_await write_file(disk, folder + "/a", "hello", true, false);
    auto synced = co_await disk.sync_directory(folder);
    EXPECT_TRUE(synced);
}

Task<> make_folder_with_file(host::Disk& disk) {
    auto made = co_await disk.make_directory("d/e");
    EXPECT_TRUE(made);
    co_await write_synced(disk, "d/e");
}

TEST(ProcessDisk, AFolderIsDurableWhenItHasBeenMade) {
    World world;
    world.run(make_folder_with_file);
    world.power_loss();
    EXPECT_EQ(world.text("d/e/a"), "hello");
}

TEST(ProcessDisk, AFolderIsLostWhoseMakingFailedUntilItIsMadeAgain) {
    World world;
    const auto fail_to_make = [&world](host::Disk& disk) -> Task<> {
        world.policy.failing_folders = 1;
        auto made = co_await disk.make_directory("d/e");
        EXPECT_EQ(made.error().code, ErrorCode::io_error);
        co_await write_synced(disk, "d/e");
    };
    world.run(fail_to_make);
    EXPECT_EQ(world.text("d/e/a"), "hello");
    world.power_loss();
    EXPECT_EQ(world.text("d/e/a"), "(none)");
    world.run(fail_to_make);
    world.run(make_folder_with_file);
    world.power_loss();
    EXPECT_EQ(world.text("d/e/a"), "hello");
}

TEST(ProcessDisk, ANameWithoutItsBytesIsAnEmptyFile) {
    World world;
    world.run([](host::Disk& disk) { return write_file(disk, "a", "hello", false, true); });
    world.power_loss();
    EXPECT_EQ(world.text("a"), "");
}

TEST(ProcessDisk, ARenameIsUndoneUnlessItsFolderWasSynced) {
    World world;
    world.run([](host::Disk& disk) { return write_file(disk, "a", "old", true, true); });
    world.run([](host::Disk& disk) { return write_file(disk, "new", "new", true, true); });
    const auto rename = [](host::Disk& disk) -> Task<> {
        auto done = co_await disk.rename("new", "a");
        EXPECT_TRUE(done);
    };
    world.run(rename);
    EXPECT_EQ(world.text("a"), "new");
    EXPECT_EQ(world.text("new"), "(none)");
    world.power_loss();
    EXPECT_EQ(world.text("a"), "old");
    EXPECT_EQ(world.text("new"), "new");
    world.run(rename);
    world.run([](host::Disk& disk) -> Task<> {
        auto done = co_await disk.sync_directory("");
        EXPECT_TRUE(done);
    });
    world.power_loss();
    EXPECT_EQ(world.text("a"), "new");
}

TEST(ProcessDisk, ARemovalIsUndoneUnlessItsFolderWasSynced) {
    World world;
    world.run([](host::Disk& disk) { return write_file(disk, "a", "old", true, true); });
    world.run([](host::Disk& disk) -> Task<> {
        auto done = co_await disk.remove("a");
        EXPECT_TRUE(done);
    });
    EXPECT_EQ(world.text("a"), "(none)");
    world.power_loss();
    EXPECT_EQ(world.text("a"), "old");
}

TEST(ProcessDisk, AFailedSyncDropsTheChangesAndTheNextOneProvesNothing) {
    World world;
    world.run([](host::Disk& disk) { return write_file(disk, "a", "hello", true, true); });
    world.policy.failing_syncs = 1;
    world.run([](host::Disk& disk) -> Task<> {
        auto file = co_await disk.open("a", OpenMode::read_write);
        auto written = co_await host::write_all_at(**file, 0, bytes_of("jelly"));
        EXPECT_TRUE(written);
        auto first = co_await (*file)->sync();
        EXPECT_EQ(first.error().code, ErrorCode::io_error);
        auto second = co_await (*file)->sync();
        EXPECT_TRUE(second);
    });
    EXPECT_EQ(world.text("a"), "hello");
    EXPECT_EQ(world.policy.outcomes[world.policy.outcomes.size() - 2].second.sectors_changed, 1U);
    world.power_loss();
    EXPECT_EQ(world.text("a"), "hello");
}

TEST(ProcessDisk, ShortReadsAndWritesTransferWhatTheySay) {
    World world;
    world.policy.limit = 2;
    world.run([](host::Disk& disk) -> Task<> {
        auto file = co_await disk.open("a", OpenMode::create_exclusive);
        auto count = co_await (*file)->write_at(0, bytes_of("hello"));
        EXPECT_EQ(*count, 2U);
        auto rest = co_await host::write_all_at(**file, 2, bytes_of("llo"));
        EXPECT_TRUE(rest);
        std::byte buffer[8];
        auto read = co_await (*file)->read_at(0, buffer);
        EXPECT_EQ(*read, 2U);
        auto all = co_await host::read_up_to(**file, 0, buffer);
        EXPECT_EQ(*all, 5U);
    });
    EXPECT_EQ(world.text("a"), "hello");
}

TEST(ProcessDisk, OperationsTakeTimeAndEndInTheOrderOfTheirCalls) {
    World world;
    std::vector<std::pair<int, TimePoint>> ends;
    struct Shared {
        World& world;
        std::vector<std::pair<int, TimePoint>>& ends;
        std::unique_ptr<File> file = nullptr;
    } shared{world, ends};
    static constexpr auto write = [](Shared& state, int number) -> Task<> {
        auto done = co_await state.file->write_at(0, bytes_of("x"));
        EXPECT_TRUE(done);
        state.ends.emplace_back(number, state.world.kernel.now());
    };
    world.run([&shared](host::Disk& disk) {
        return [](host::Disk& of, Shared& state) -> Task<> {
            auto file = co_await of.open("a", OpenMode::create_or_open);
            state.file = std::move(*file);
        }(disk, shared);
    });
    world.policy.latency = 5ms;
    std::vector<int> expected;
    world.run([&](host::Disk&) {
        return [](World& in, Shared& state, std::vector<int>& order) -> Task<> {
            host::TaskGroup group(in.host().host());
            for (int i = 0; i < 8; ++i) {
                group.spawn([](World& of, Shared& s, std::vector<int>& o, int number) -> Task<> {
                    of.policy.latency -= 100us;  // The later call is the faster one.
                    o.push_back(number);
                    co_await write(s, number);
                }(in, state, order, i));
            }
            co_await group.join();
        }(world, shared, expected);
    });
    ASSERT_EQ(ends.size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(ends[i].first, expected[i]);
        if (i > 0) EXPECT_LT(ends[i - 1].second, ends[i].second);
    }
    EXPECT_GE(ends[0].second, TimePoint{4ms});
    shared.file.reset();
}

TEST(ProcessDisk, ALockIsHeldByOneProcessAndDropsWithIt) {
    World world;
    world.run([](host::Disk& disk) -> Task<> {
        auto made = co_await disk.make_directory("data/base");
        EXPECT_TRUE(made);
        EXPECT_EQ(disk.lock_directory("none").error().code, ErrorCode::not_found);
        auto lock = disk.lock_directory("data");
        EXPECT_TRUE(lock);
        EXPECT_EQ(disk.lock_directory("data").error().code, ErrorCode::already_exists);
        lock->reset();
        EXPECT_TRUE(disk.lock_directory("data"));
    });
    EXPECT_EQ(world.machine.held_locks(), 0U);
    world.spawn([&world](host::Disk& disk) {
        return [](host::Disk& of, host::Host& host) -> Task<> {
            auto lock = of.lock_directory("data");
            co_await host::sleep_for(host, 1h);
        }(disk, world.host().host());
    });
    world.kernel.run_until(TimePoint{1min});
    EXPECT_EQ(world.machine.held_locks(), 1U);
    world.kill();
    EXPECT_EQ(world.machine.held_locks(), 0U);
    world.start();
}

TEST(ProcessDisk, SaysWhatIsMissingOrInTheWay) {
    World world;
    world.run([](host::Disk& disk) -> Task<> {
        auto missing = co_await disk.open("a", OpenMode::read_only);
        EXPECT_EQ(missing.error().code, ErrorCode::not_found);
        auto no_folder = co_await disk.open("d/a", OpenMode::create_or_open);
        EXPECT_EQ(no_folder.error().code, ErrorCode::not_found);
        auto made = co_await disk.make_directory("d");
        EXPECT_TRUE(made);
        auto file = co_await disk.open("d/a", OpenMode::create_exclusive);
        EXPECT_TRUE(file);
        auto again = co_await disk.open("d/a", OpenMode::create_exclusive);
        EXPECT_EQ(again.error().code, ErrorCode::already_exists);
        auto names = co_await disk.list("");
        EXPECT_EQ(*names, std::vector<std::string>{"d"});
        names = co_await disk.list("d");
        EXPECT_EQ(*names, std::vector<std::string>{"a"});
        auto gone = co_await disk.remove("d/b");
        EXPECT_EQ(gone.error().code, ErrorCode::not_found);
        auto bad = co_await disk.open("../etc", OpenMode::read_only);
        EXPECT_EQ(bad.error().code, ErrorCode::invalid_argument);
        auto reader = co_await disk.open("d/a", OpenMode::read_only);
        auto refused = co_await (*reader)->write_at(0, bytes_of("x"));
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    });
}

TEST(ProcessDisk, AFullDiskTakesNoMoreUntilSomethingIsRemoved) {
    kernel::Kernel kernel{kernel::Seed{1}};
    ScriptedPolicy policy;
    MachineDisk machine("m", policy, 10);
    kernel::IsolatedHost process(kernel, "m", "p");
    ProcessDisk disk(machine, process.process());
    process.tasks().spawn([](host::Disk& of) -> Task<> {
        auto file = co_await of.open("a", OpenMode::create_or_open);
        auto fits = co_await (*file)->write_at(0, bytes_of("0123456789"));
        EXPECT_TRUE(fits);
        auto other = co_await of.open("b", OpenMode::create_or_open);
        auto full = co_await (*other)->write_at(0, bytes_of("x"));
        EXPECT_EQ(full.error().code, ErrorCode::no_space);
        file->reset();
        auto removed = co_await of.remove("a");
        EXPECT_TRUE(removed);
        auto again = co_await (*other)->write_at(0, bytes_of("x"));
        EXPECT_TRUE(again);
    }(disk));
    kernel.run_until(TimePoint::max());
}

// A program that is always in the middle of something on the disk.
Task<> churn(host::Host& host, host::Disk& disk, int number) {
    const std::string path = "f" + std::to_string(number % 3);
    for (int i = 0; i < 5; ++i) {
        auto file = co_await disk.open(path, OpenMode::create_or_open);
        if (!file) continue;
        host::TaskGroup group(host);
        group.spawn([](File& of) -> Task<> {
            for (;;) {
                auto done = co_await of.write_at(0, bytes_of("some bytes"));
                auto synced = co_await of.sync();
            }
        }(**file));
        co_await host::sleep_for(host, 3500us);
        co_await group.stop();
        auto renamed = co_await disk.rename(path, "moved" + std::to_string(number));
        auto synced = co_await disk.sync_directory("");
    }
}

// How many events the program takes when it is left alone.
std::uint64_t run_and_strike(std::uint64_t event, bool pause_first) {
    World world;
    world.policy.failing_syncs = 2;
    for (int i = 0; i < 4; ++i) {
        world.spawn([&world, i](host::Disk& disk) { return churn(world.host().host(), disk, i); });
    }
    while (world.kernel.trace().digest().events < event) {
        const host::TimePoint next = world.kernel.now() + 50us;
        if (world.kernel.run_until(next) == kernel::RunEnd::idle) break;
    }
    if (pause_first) {
        world.kernel.pause(world.host().process());
        world.kernel.run_until(world.kernel.now() + 10ms);
    }
    world.power_loss();
    EXPECT_EQ(world.machine.open_files(), 0U);
    world.policy.failing_syncs = 0;
    world.run([](host::Disk& disk) { return write_file(disk, "after", "alive", true, true); });
    EXPECT_EQ(world.text("after"), "alive");
    return world.kernel.trace().digest().events;
}

TEST(ProcessDisk, APowerLossAtAnyMomentLeavesNothingBehind) {
    const std::uint64_t all = run_and_strike(UINT64_MAX, false);
    ASSERT_GT(all, 100U);
    for (std::uint64_t event = 1; event < all; event += 3) {
        run_and_strike(event, false);
        run_and_strike(event, true);
    }
}

TEST(DamagedDisk, GivesAFlippedBitUntilItIsWrittenOver) {
    World world;
    world.run(
        [&](host::Disk& disk) -> Task<> { return write_file(disk, "f", "abcd", true, true); });
    EXPECT_EQ(world.machine.rot_bit(9), 0U);
    EXPECT_EQ(world.text("f"), "a`cd");
    std::array<std::byte, 4> bytes{};
    world.run([&](host::Disk& disk) -> Task<> {
        auto file = co_await disk.open("f", OpenMode::read_write);
        auto read = co_await (*file)->read_at(0, bytes);
        EXPECT_EQ(*read, 4U);
        EXPECT_EQ(world.policy.outcomes.back().second.damage, 0U);
        auto written = co_await (*file)->write_at(1, bytes_of("b"));
        EXPECT_TRUE(written);
        read = co_await (*file)->read_at(0, bytes);
        EXPECT_EQ(*read, 4U);
        EXPECT_FALSE(world.policy.outcomes.back().second.damage);
    });
    EXPECT_EQ(world.text("f"), "abcd");
}

TEST(DamagedDisk, PutsOneWriteElsewhereAndSaysNothing) {
    World world;
    world.run([&](host::Disk& disk) -> Task<> {
        auto file = co_await disk.open("f", OpenMode::create_or_open);
        auto written = co_await (*file)->write_at(0, bytes_of("abcdef"));
        EXPECT_TRUE(written);
        const std::uint64_t damage = world.machine.misdirect_next_write(1);
        for (const std::string_view text : {"XY", "Z"}) {
            written = co_await (*file)->write_at(4, bytes_of(text));
            EXPECT_EQ(*written, text.size());
        }
        std::array<std::byte, 1> byte{};
        auto read = co_await (*file)->read_at(5, byte);
        EXPECT_EQ(*read, 1U);
        EXPECT_EQ(world.policy.outcomes.back().second.damage, damage);
    });
    EXPECT_EQ(world.text("f"), "aXYdZf");
}

TEST(FullDisk, TakesWhatDoesNotGrowAFile) {
    World world;
    world.run([&](host::Disk& disk) -> Task<> {
        auto file = co_await disk.open("f", OpenMode::create_or_open);
        auto written = co_await (*file)->write_at(0, bytes_of("abcd"));
        EXPECT_TRUE(written);
        world.machine.set_full(true);
        auto over = co_await (*file)->write_at(2, bytes_of("CD"));
        EXPECT_TRUE(over);
        auto beyond = co_await (*file)->write_at(3, bytes_of("xy"));
        EXPECT_EQ(beyond.error().code, ErrorCode::no_space);
        auto longer = co_await (*file)->truncate(5);
        EXPECT_EQ(longer.error().code, ErrorCode::no_space);
        world.machine.set_full(false);
        beyond = co_await (*file)->write_at(3, bytes_of("xy"));
        EXPECT_TRUE(beyond);
    });
    EXPECT_EQ(world.text("f"), "abCxy");
}

}  // namespace
}  // namespace atlas::sim::disk
