// A file that is replaced whole, by a program that is killed and loses power at any moment: who
// reads it finds one of the versions, and none older than the last one that was told durable.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/disk/rough_disk_fixture.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::sim::disk {
namespace {

using namespace std::chrono_literals;

struct Written {
    int begun = 0;
    int durable = 0;
    int read = 0;
    std::string problem = {};
};

/// Longer than a page, so that a part of it could be there without the rest.
std::string version(int number) {
    return std::string(5000, static_cast<char>('a' + number % 26)) + std::to_string(number);
}

int number_of(const std::string& bytes) {
    return bytes.size() > 5000 ? std::stoi(bytes.substr(5000)) : -1;
}

/// Empty if it is as promised.
std::string judge(const host::Result<std::optional<std::string>>& bytes, const Written& written) {
    if (!bytes) return host::describe(bytes.error());
    if (!*bytes) return written.durable == 0 ? "" : "the file is gone";
    const int found = number_of(**bytes);
    if (**bytes != version(found)) return "a part of the file is there";
    if (found < written.durable) return "an older version is there";
    return found <= written.begun ? "" : "a version that nobody wrote is there";
}

host::Task<> replace_again_and_again(host::Host& host, Written& written) {
    (void)co_await host.disk().make_directory("data");
    const auto bytes = co_await host::read_whole_file(host, "data/file");
    if (written.problem.empty()) written.problem = judge(bytes, written);
    if (bytes && *bytes) ++written.read;
    while (true) {
        const int next = ++written.begun;
        const auto replaced = co_await host::replace_file(host, "data", "file", version(next));
        if (!replaced) host.fatal(host::describe(replaced.error()));
        written.durable = next;
    }
}

RC_GTEST_PROP(WholeFile, is_the_old_or_the_new_one_through_any_crash, ()) {
    host::RandomSource random(*rc::gen::arbitrary<std::uint32_t>());
    kernel::Kernel kernel{kernel::Seed{random.next()}};
    cluster::CalmNetwork network;
    RoughDisk disk(random.next());
    cluster::Cluster cluster(kernel, network, disk);
    Written written;
    const auto machine = cluster.add_machine("machine");
    const auto process = cluster.add_process(machine, "writer", [&](host::Host& host) {
        return replace_again_and_again(host, written);
    });
    host::Duration now{};
    for (int life = 0; life < 20; ++life) {
        cluster.start_all();
        now += random.between(host::Duration(1ms), host::Duration(20ms));
        kernel.run_until(host::TimePoint{now});
        if (random.chance(1, 2)) {
            cluster.kill(process);
        } else {
            cluster.power_off(machine);
            cluster.power_on(machine);
            cluster.kill(process);
        }
    }
    RC_ASSERT(written.problem == "");
    RC_ASSERT(written.read > 5);
    RC_ASSERT(written.durable > 5);
}

TEST(WholeFile, RefusesAFileThatIsTooLong) {
    const cluster::CalmRun run = cluster::run_calmly([](host::Host& host) -> host::Task<> {
        const auto made = co_await host.disk().make_directory("data");
        EXPECT_TRUE(made);
        const auto replaced = co_await host::replace_file(host, "data", "file", "12345");
        EXPECT_TRUE(replaced);
        const auto whole = co_await host::read_whole_file(host, "data/file", 5);
        EXPECT_EQ(whole.value_or(std::nullopt), "12345");
        const auto refused = co_await host::read_whole_file(host, "data/file", 4);
        EXPECT_EQ(refused.error().code, host::ErrorCode::data_corrupted);
        EXPECT_EQ(refused.error().detail,
                  "the file \"data/file\" has 5 bytes, and can have no more than 4");
    });
    EXPECT_TRUE(run.finished);
}

TEST(WholeFile, ToRemoveOneThatIsNotThereIsNoError) {
    const cluster::CalmRun run = cluster::run_calmly([](host::Host& host) -> host::Task<> {
        const auto made = co_await host.disk().make_directory("data");
        EXPECT_TRUE(made);
        const auto none = co_await host::remove_file(host, "data", "file");
        EXPECT_TRUE(none);
        const auto replaced = co_await host::replace_file(host, "data", "file", "1");
        EXPECT_TRUE(replaced);
        const auto removed = co_await host::remove_file(host, "data", "file");
        EXPECT_TRUE(removed);
        const auto left = co_await host::read_whole_file(host, "data/file");
        EXPECT_TRUE(left && !*left);
    });
    EXPECT_TRUE(run.finished);
}

}  // namespace
}  // namespace atlas::sim::disk
