// What the POSIX disk promises beyond the contract of all disks: it stays below its root.

#include "adapters/posix_disk.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <rapidcheck.h>
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "adapters/asio_host.hpp"
#include "properties/contracts/both_worlds.hpp"

namespace atlas::adapters {
namespace {

using host::ErrorCode;
using host::OpenMode;
using host::Task;

TEST(DiskPath, IsRelativeAndPlain) {
    for (const char* path : {"", "a", "a/b", "a.b/..c", "...", " "})
        EXPECT_TRUE(is_valid_disk_path(path)) << path;
    for (const char* path : {"/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b"})
        EXPECT_FALSE(is_valid_disk_path(path)) << path;
    EXPECT_FALSE(is_valid_disk_path(std::string_view("a\0b", 3)));
}

TEST(DiskPath, IsValidWhenEveryPartIsAName) {
    EXPECT_TRUE(rc::check([] {
        const auto parts = *rc::gen::container<std::vector<std::string>>(
            rc::gen::element<std::string>("a", "..", ".", "", "b"));
        std::string path;
        for (std::size_t i = 0; i < parts.size(); ++i)
            path += (i == 0 ? "" : "/") + parts[i];
        const bool plain = std::ranges::all_of(
            parts, [](const std::string& part) { return part == "a" || part == "b"; });
        RC_ASSERT(is_valid_disk_path(path) == (plain || path.empty()));
    }));
}

TEST(PosixDisk, RefusesPathsAndLinksThatLeadOut) {
    properties::ScratchDirectory directory;
    std::filesystem::create_symlink("/etc/passwd", directory.path() / "link");
    AsioHost host({.disk_root = directory.path()});
    const auto body = [](AsioHost& on) -> Task<> {
        for (const char* path : {"../x", "/etc/passwd", "a/../../x", ""}) {
            const auto opened = co_await on.disk().open(path, OpenMode::create_or_open);
            EXPECT_FALSE(opened);
            if (!opened) {
                EXPECT_EQ(opened.error().code, ErrorCode::invalid_argument);
            }
        }
        const auto link = co_await on.disk().open("link", OpenMode::read_only);
        EXPECT_FALSE(link);
    };
    host.run(body(host));
}

TEST(PosixDisk, WithoutARootThereIsNothing) {
    AsioHost host({});
    const auto body = [](AsioHost& on) -> Task<> {
        const auto opened = co_await on.disk().open("a", OpenMode::create_or_open);
        EXPECT_FALSE(opened);
        const auto listed = co_await on.disk().list("");
        EXPECT_FALSE(listed);
    };
    host.run(body(host));
}

TEST(PosixDisk, ARootThatIsNotThereIsSaidAtOnce) {
    EXPECT_THROW(AsioHost({.disk_root = "/nowhere/at/all"}), std::system_error);
}

}  // namespace
}  // namespace atlas::adapters
