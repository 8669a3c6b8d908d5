#pragma once
// Runs one body of test code in the real world and in the simulated one: what system/ may rely on
// must hold in both. A test that uses it is parametrised by World and so runs twice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>

#include "adapters/asio_host.hpp"
#include "sim/cluster/calm.hpp"
#include "system/host/host.hpp"

namespace atlas::properties {

enum class World : std::uint8_t { real, simulated };

inline std::string world_name(const testing::TestParamInfo<World>& info) {
    return info.param == World::real ? "real" : "simulated";
}

using Body = std::function<host::Task<>(host::Host&)>;

/// A directory that is removed with all it holds.
class ScratchDirectory {
  public:
    ScratchDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "atlas-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    ~ScratchDirectory() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// Runs the body to its end on a fresh host of that world. `body` is called once and must be alive
/// until then: its captures stay where they are.
inline void run_in(World world, const Body& body) {
    if (world == World::simulated) {
        const sim::cluster::CalmRun run = sim::cluster::run_calmly(body);
        ASSERT_TRUE(run.finished) << "the program did not end within an hour of virtual time";
        EXPECT_THAT(run.leftovers, testing::IsEmpty());
        return;
    }
    ScratchDirectory directory;
    adapters::AsioHost host({.machine_name = "test", .disk_root = directory.path()});
    host.run(body(host));
}

class BothWorlds : public testing::TestWithParam<World> {
  protected:
    void run(const Body& body) { run_in(GetParam(), body); }
};

}  // namespace atlas::properties

#define ATLAS_IN_BOTH_WORLDS(Suite)                                                               \
    INSTANTIATE_TEST_SUITE_P(                                                                     \
        Worlds, Suite,                                                                            \
        testing::Values(::atlas::properties::World::real, ::atlas::properties::World::simulated), \
        ::atlas::properties::world_name)
