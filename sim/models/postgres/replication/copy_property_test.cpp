// A copy or a rewind that is killed, or loses its power, at any moment and is then repeated ends as
// a follower that is equal to its source; and before that nothing opens that is not one or the
// other.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/disk/rough_disk_fixture.hpp"
#include "sim/models/postgres/testing/replicated_servers_fixture.hpp"

namespace atlas::sim::models::postgres {
namespace {

using namespace std::chrono_literals;

class Copies {
  public:
    explicit Copies(std::uint64_t seed)
        : random_(seed),
          kernel_(kernel::Seed{seed}),
          disk_(seed + 1, 500us),
          servers_(kernel_, network_, disk_) {
        ServerSettings settings;
        settings.max_wal_size = 4096;
        settings.wal_retrieve_retry_interval = 200ms;
        servers_.add(settings);
        servers_.add(settings);
        servers_.start(0);
        servers_.let_pass(200ms);
        RC_ASSERT(servers_.run(0, "CREATE TABLE t (id int PRIMARY KEY)") == "CREATE TABLE");
        write(0, 1);
    }

    void write(int node, int id) {
        RC_ASSERT(servers_.run(node, fmt::format("INSERT INTO t VALUES ({})", id)) == "INSERT 0 1");
    }

    void crash(int node) {
        if (random_.chance(1, 2)) {
            servers_.kill(node);
            return;
        }
        servers_.power_off(node);
        servers_.let_pass(1ms);
        servers_.power_on(node);
        servers_.kill(node);
    }

    // From its start on; some come after it has opened.
    void crash_some_times(int node) {
        const int crashes = static_cast<int>(random_.between(1, 6));
        for (int i = 0; i < crashes; ++i) {
            servers_.start(node);
            servers_.let_pass(random_.between(host::Duration(0), host::Duration(30ms)));
            crash(node);
        }
        servers_.start(node);
    }

    bool shows(int node, const std::string& rows) {
        const std::string shown = servers_.run_until(node, "SELECT id FROM t ORDER BY id", rows);
        if (shown != rows) RC_LOG() << "shown: " << shown << "; " << servers_.copy_error(node);
        return shown == rows;
    }

    host::RandomSource random_;
    kernel::Kernel kernel_;
    cluster::CalmNetwork network_;
    disk::RoughDisk disk_;
    testing::ReplicatedServers servers_;
};

RC_GTEST_PROP(CopyProperty, a_copy_that_is_cut_short_can_be_made_again, ()) {
    Copies copies(*rc::gen::arbitrary<std::uint32_t>());
    copies.servers_.copy_before_start(1, 0);
    copies.crash_some_times(1);
    RC_ASSERT(copies.shows(1, "(1) SELECT 1"));
    copies.write(0, 2);
    RC_ASSERT(copies.shows(1, "(1)(2) SELECT 2"));
    RC_ASSERT(copies.servers_.run(1, "SELECT pg_is_in_recovery()") == "(t) SELECT 1");
}

RC_GTEST_PROP(CopyProperty, a_rewind_that_is_cut_short_can_be_made_again, ()) {
    Copies copies(*rc::gen::arbitrary<std::uint32_t>());
    testing::ReplicatedServers& servers = copies.servers_;
    servers.copy_before_start(1, 0);
    servers.start(1);
    RC_ASSERT(copies.shows(1, "(1) SELECT 1"));
    const bool parts = copies.random_.chance(2, 3);
    if (parts) {
        servers.kill(1);
        copies.write(0, 66);
        servers.kill(0);
        servers.start(1);
        servers.let_pass(200ms);
    } else {
        copies.write(0, 2);
        RC_ASSERT(copies.shows(1, "(1)(2) SELECT 2"));
        servers.kill(0);
    }
    RC_ASSERT(servers.run(1, "SELECT pg_promote()") == "(t) SELECT 1");
    copies.write(1, 3);
    servers.rewind_before_start(0, 1);
    copies.crash_some_times(0);
    const std::string rows = parts ? "(1)(3) SELECT 2" : "(1)(2)(3) SELECT 3";
    RC_ASSERT(copies.shows(0, rows));
    RC_ASSERT(servers.run(0, "SELECT pg_is_in_recovery()") == "(t) SELECT 1");
    copies.write(1, 4);
    RC_ASSERT(copies.shows(0, parts ? "(1)(3)(4) SELECT 3" : "(1)(2)(3)(4) SELECT 4"));
}

}  // namespace
}  // namespace atlas::sim::models::postgres
