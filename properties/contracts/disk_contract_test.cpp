// The contract of host::Disk in a world where nothing fails: what is written is read, names behave,
// errors are the ones that the seam names. (What a crash leaves is for the simulated disk's tests.)

#include <rapidcheck.h>
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "properties/contracts/both_worlds.hpp"
#include "system/host/task_group.hpp"

namespace atlas::properties {
namespace {

using host::Disk;
using host::ErrorCode;
using host::File;
using host::Host;
using host::OpenMode;
using host::Result;
using host::Task;

class DiskContract : public BothWorlds {};

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

template <typename T>
void expect_failure(const Result<T>& result, ErrorCode code) {
    EXPECT_FALSE(result);
    if (!result) {
        EXPECT_EQ(result.error().code, code) << describe(result.error());
    }
}

Task<std::string> read_file(File& file) {
    const Result<std::uint64_t> size = co_await file.size();
    EXPECT_TRUE(size);
    std::string text(size.value_or(0) + 10, '\0');
    const auto count = co_await read_up_to(file, 0, std::as_writable_bytes(std::span(text)));
    EXPECT_TRUE(count);
    text.resize(count.value_or(0));
    EXPECT_EQ(text.size(), size.value_or(0));
    co_return text;
}

Task<std::string> read_path(Disk& disk, std::string path) {
    const auto file = co_await disk.open(path, OpenMode::read_only);
    EXPECT_TRUE(file) << path;
    if (!file) co_return "";
    co_return co_await read_file(**file);
}

Task<> write_path(Disk& disk, std::string path, std::string text) {
    const auto file = co_await disk.open(path, OpenMode::create_or_open);
    EXPECT_TRUE(file) << path;
    if (!file) co_return;
    const Result<void> emptied = co_await (*file)->truncate(0);
    EXPECT_TRUE(emptied);
    const Result<void> written = co_await write_all_at(**file, 0, bytes_of(text));
    EXPECT_TRUE(written);
    const Result<void> synced = co_await (*file)->sync();
    EXPECT_TRUE(synced);
}

// One file against a string: writes anywhere, truncation, reads past the end.
struct Change {
    std::uint64_t offset;
    std::string text;  ///< Empty: truncate to `offset`.
};

Task<> change_file(Host& host, std::vector<Change> changes, std::string& content,
                   std::string& expected) {
    const auto file = co_await host.disk().open("file", OpenMode::create_exclusive);
    EXPECT_TRUE(file);
    for (const Change& change : changes) {
        if (change.text.empty()) {
            const Result<void> cut = co_await (*file)->truncate(change.offset);
            EXPECT_TRUE(cut);
            expected.resize(change.offset, '\0');
            continue;
        }
        const Result<void> written =
            co_await write_all_at(**file, change.offset, bytes_of(change.text));
        EXPECT_TRUE(written);
        expected.resize(std::max(expected.size(), change.offset + change.text.size()), '\0');
        expected.replace(change.offset, change.text.size(), change.text);
    }
    content = co_await read_file(**file);
}

TEST_P(DiskContract, AFileHoldsWhatWasWrittenAndZerosWhereNothingWas) {
    EXPECT_TRUE(rc::check([this] {
        const auto offset = rc::gen::inRange<std::uint64_t>(0, 10'000);
        std::vector<Change> changes;
        const auto count = *rc::gen::inRange(0, 8);
        for (int i = 0; i < count; ++i) {
            const std::string text(*rc::gen::inRange<std::size_t>(0, 3000),
                                   static_cast<char>('a' + i));
            changes.push_back({*offset, text});
        }
        std::string content, expected;
        run([&](Host& host) { return change_file(host, changes, content, expected); });
        RC_ASSERT(content == expected);
    }));
}

TEST_P(DiskContract, OpenModesDifferInWhatMustBeThere) {
    run([](Host& host) -> Task<> {
        Disk& disk = host.disk();
        const auto absent = co_await disk.open("a", OpenMode::read_only);
        expect_failure(absent, ErrorCode::not_found);
        const auto absent_too = co_await disk.open("a", OpenMode::read_write);
        expect_failure(absent_too, ErrorCode::not_found);
        const auto no_folder = co_await disk.open("folder/a", OpenMode::create_or_open);
        expect_failure(no_folder, ErrorCode::not_found);
        co_await write_path(disk, "a", "text");
        const auto there = co_await disk.open("a", OpenMode::create_exclusive);
        expect_failure(there, ErrorCode::already_exists);
        const auto again = co_await disk.open("a", OpenMode::create_or_open);
        EXPECT_TRUE(again);
        const std::string text = co_await read_path(disk, "a");
        EXPECT_EQ(text, "text");
    });
}

TEST_P(DiskContract, RenameReplacesAndRemoveRemoves) {
    run([](Host& host) -> Task<> {
        Disk& disk = host.disk();
        co_await write_path(disk, "old", "old");
        co_await write_path(disk, "new", "new");
        const Result<void> renamed = co_await disk.rename("new", "old");
        EXPECT_TRUE(renamed);
        const std::string text = co_await read_path(disk, "old");
        EXPECT_EQ(text, "new");
        const Result<void> absent = co_await disk.rename("new", "other");
        expect_failure(absent, ErrorCode::not_found);
        const Result<void> removed = co_await disk.remove("old");
        EXPECT_TRUE(removed);
        const Result<void> again = co_await disk.remove("old");
        expect_failure(again, ErrorCode::not_found);
    });
}

TEST_P(DiskContract, AnOpenFileOutlivesItsName) {
    run([](Host& host) -> Task<> {
        Disk& disk = host.disk();
        co_await write_path(disk, "a", "text");
        const auto file = co_await disk.open("a", OpenMode::read_write);
        EXPECT_TRUE(file);
        const Result<void> removed = co_await disk.remove("a");
        EXPECT_TRUE(removed);
        const std::string text = co_await read_file(**file);
        EXPECT_EQ(text, "text");
    });
}

TEST_P(DiskContract, FoldersAreMadeWithThoseAboveAndListedInOrder) {
    run([](Host& host) -> Task<> {
        Disk& disk = host.disk();
        for (int i = 0; i < 2; ++i) {
            const Result<void> made = co_await disk.make_directory("a/b/c");
            EXPECT_TRUE(made);
        }
        co_await write_path(disk, "a/b/z", "1");
        co_await write_path(disk, "a/b/B", "2");
        co_await write_path(disk, "a/b/a", "3");
        const auto names = co_await disk.list("a/b");
        EXPECT_TRUE(names);
        EXPECT_EQ(names.value_or(std::vector<std::string>{}),
                  (std::vector<std::string>{"B", "a", "c", "z"}));
        const auto root = co_await disk.list("");
        EXPECT_TRUE(root);
        EXPECT_EQ(root.value_or(std::vector<std::string>{}), (std::vector<std::string>{"a"}));
        const auto absent = co_await disk.list("x");
        expect_failure(absent, ErrorCode::not_found);
        const Result<void> in_the_way = co_await disk.make_directory("a/b/z/d");
        expect_failure(in_the_way, ErrorCode::already_exists);
        const Result<void> synced = co_await disk.sync_directory("a/b");
        EXPECT_TRUE(synced);
        const Result<void> no_sync = co_await disk.sync_directory("x");
        expect_failure(no_sync, ErrorCode::not_found);
    });
}

TEST_P(DiskContract, ADirectoryIsLockedOnceUntilTheLockIsGone) {
    run([](Host& host) -> Task<> {
        Disk& disk = host.disk();
        const auto absent = disk.lock_directory("data");
        expect_failure(absent, ErrorCode::not_found);
        const Result<void> made = co_await disk.make_directory("data");
        EXPECT_TRUE(made);
        auto lock = disk.lock_directory("data");
        EXPECT_TRUE(lock);
        const auto second = disk.lock_directory("data");
        expect_failure(second, ErrorCode::already_exists);
        lock->reset();
        const auto third = disk.lock_directory("data");
        EXPECT_TRUE(third);
    });
}

Task<> write_in_turn(File& file, std::string text, std::vector<std::string>& done) {
    const auto written = co_await file.write_at(0, bytes_of(text));
    EXPECT_TRUE(written);
    done.push_back(text);
}

TEST_P(DiskContract, OperationsOfOneFileKeepTheirOrder) {
    run([](Host& host) -> Task<> {
        const auto file = co_await host.disk().open("a", OpenMode::create_exclusive);
        EXPECT_TRUE(file);
        std::vector<std::string> done;
        host::TaskGroup tasks(host);
        for (char c = 'a'; c <= 'z'; ++c)
            tasks.spawn(write_in_turn(**file, std::string(64, c), done));
        co_await tasks.join();
        EXPECT_EQ(done.size(), 26u);
        const std::string text = co_await read_file(**file);
        // The order in which the tasks began is the world's; the file holds the last one's bytes.
        EXPECT_EQ(text, done.back());
    });
}

TEST_P(DiskContract, ACancelledTaskLeavesItsFileUsable) {
    run([](Host& host) -> Task<> {
        const auto file = co_await host.disk().open("a", OpenMode::create_exclusive);
        EXPECT_TRUE(file);
        std::vector<std::string> done;
        host::TaskGroup tasks(host);
        for (int i = 0; i < 10; ++i)
            tasks.spawn(write_in_turn(**file, "x", done));
        co_await host::sleep_for(host, std::chrono::microseconds(1));
        co_await tasks.stop();
        const auto written = co_await (*file)->write_at(0, bytes_of("after"));
        EXPECT_TRUE(written);
        const std::string text = co_await read_file(**file);
        EXPECT_EQ(text, "after");
    });
}

ATLAS_IN_BOTH_WORLDS(DiskContract);

}  // namespace
}  // namespace atlas::properties
