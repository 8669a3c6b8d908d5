// Which processes may end themselves, and why.

#include "sim/atlas_sim/judgement.hpp"

#include <gtest/gtest.h>

namespace atlas::sim::atlas_sim {
namespace {

using faults::FaultKind;

bool is_expected_of(std::string process, std::string reason,
                    std::vector<FaultKind> befell = {FaultKind::disk_sync_failure}) {
    faults::Ledger ledger;
    for (const FaultKind kind : befell) {
        ledger.arm(kind);
        ledger.fire(kind);
        ledger.effect(kind);
    }
    return is_expected({{}, std::move(process), std::move(reason)}, ledger);
}

const std::string postgres = "postgres-0/postgres#2";
const std::string failed_sync = "PANIC: could not fsync file \"pgdata/wal/0\": io_error";

TEST(Deaths, OfPostgresAreExpectedAfterAFailedSync) {
    for (const std::string& reason :
         {failed_sync, std::string("PANIC: could not fsync the checkpoint: io_error"),
          std::string("PANIC: could not create file \"pgdata/wal/8\": io_error"),
          std::string("PANIC: could not write a history: io_error: pg_wal/00000002.history.tmp"),
          std::string("PANIC: could not remove a signal file: io_error: pgdata"),
          std::string("PostgreSQL cannot start: io_error: the sync failed")}) {
        EXPECT_TRUE(is_expected_of(postgres, reason)) << reason;
        EXPECT_FALSE(is_expected_of(postgres, reason, {})) << reason;
        EXPECT_FALSE(is_expected_of("api-1/atlas-server#1", reason)) << reason;
    }
}

TEST(Deaths, OfPostgresAreNotExpectedForOtherReasons) {
    for (const char* reason : {"a task ended by an exception: bad_optional_access",
                               "PostgreSQL cannot start: protocol_error: the log is damaged",
                               "PANIC: could not write to file \"pgdata/wal/0\": no_space"}) {
        EXPECT_FALSE(is_expected_of(postgres, reason)) << reason;
    }
}

TEST(Deaths, OfPostgresFollowFromTheErrorThatItsDiskGave) {
    const std::string start = "PostgreSQL cannot start: io_error: pgdata/checkpoint";
    EXPECT_TRUE(is_expected_of(postgres, start, {FaultKind::disk_read_error}));
    EXPECT_FALSE(is_expected_of(postgres, failed_sync, {FaultKind::disk_read_error}));
    const std::string write = "PANIC: could not write to file \"pgdata/wal/0\": io_error";
    EXPECT_TRUE(is_expected_of(postgres, write, {FaultKind::disk_write_error}));
    EXPECT_FALSE(is_expected_of(postgres, write, {FaultKind::disk_read_error}));
    const std::string full = "PANIC: could not write to file \"pgdata/wal/0\": no_space";
    EXPECT_TRUE(is_expected_of(postgres, full, {FaultKind::disk_no_space}));
    EXPECT_FALSE(is_expected_of(postgres, full, {FaultKind::disk_write_error}));
}

TEST(Deaths, OfAgentsAndOfTheLeaseStoreFollowFromTheirDisksToo) {
    const std::string agent = "postgres-1/agent#3";
    const std::string store = "lease-store/lease-store#1";
    EXPECT_TRUE(is_expected_of(agent, failed_sync)) << "it writes the files of a copy";
    EXPECT_FALSE(is_expected_of(agent, failed_sync, {}));
    EXPECT_FALSE(is_expected_of(agent, "the agent cannot run: invalid_argument: a/b"));
    const std::string write = "the lease store cannot write: io_error: lease_store/entries.next";
    EXPECT_TRUE(is_expected_of(store, write));
    EXPECT_TRUE(is_expected_of(store, write, {FaultKind::disk_write_error}));
    EXPECT_FALSE(is_expected_of(store, write, {FaultKind::disk_read_error}));
    const std::string full = "the lease store cannot write: no_space: lease_store/entries.next";
    EXPECT_TRUE(is_expected_of(store, full, {FaultKind::disk_no_space}));
    const std::string start = "the lease store cannot serve: io_error: lease_store/entries";
    EXPECT_TRUE(is_expected_of(store, start, {FaultKind::disk_read_error}));
    EXPECT_FALSE(is_expected_of(store, start, {FaultKind::disk_no_space}));
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
