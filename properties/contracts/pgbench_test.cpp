// PostgreSQL's pgbench on the model, served on a real socket, and on PostgreSQL 15: it fills its
// tables, runs its own scripts in each of its modes, and leaves the same rows behind.

#include <gtest/gtest.h>

#include "properties/contracts/model_on_loopback_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Host;
using host::Task;

Task<ProgramOutput> run_at(Host& host, host::Endpoint endpoint, std::string database,
                           std::string program, std::vector<std::string> options) {
    std::vector<std::string> arguments{
        "/usr/lib/postgresql/15/bin/" + program, "-h", endpoint.address, "-p",
        std::to_string(endpoint.port),           "-U", "atlas"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.push_back(database);
    return run_beside(host, std::move(arguments));
}

// Without the lines that tell of time.
std::string counts_of(const std::string& report) {
    std::string kept;
    std::size_t begin = 0;
    while (begin < report.size()) {
        const std::size_t end = std::min(report.find('\n', begin), report.size());
        const std::string line = report.substr(begin, end - begin);
        for (const std::string_view wanted :
             {"transaction type", "query mode", "number of transactions", "error", "FATAL"}) {
            if (line.contains(wanted)) kept += line + "\n";
        }
        begin = end + 1;
    }
    return kept;
}

Task<std::string> rows_left(Host& host, host::Endpoint endpoint, std::string database) {
    const ProgramOutput output = co_await run_at(
        host, endpoint, std::move(database), "psql",
        {"-X", "-c", "SELECT bid, bbalance, filler FROM pgbench_branches ORDER BY bid", "-c",
         "SELECT tid, bid, tbalance, filler FROM pgbench_tellers ORDER BY tid", "-c",
         "SELECT aid, bid, abalance, filler FROM pgbench_accounts WHERE abalance <> 0 ORDER BY aid",
         "-c", "SELECT count(*), max(aid), sum(abalance) FROM pgbench_accounts", "-c",
         "SELECT tid, bid, aid, delta, filler FROM pgbench_history ORDER BY aid, tid, delta", "-c",
         "SELECT count(*) FROM pgbench_history WHERE mtime > now() - interval '1 day'"});
    co_return output.text;
}

// With one client and a seed the same happens in the same order on both.
Task<> expect_same_run(Host& host, host::Endpoint model, host::Endpoint postgres,
                       std::string database, std::vector<std::string> options) {
    const ProgramOutput there = co_await run_at(host, postgres, database, "pgbench", options);
    const ProgramOutput here = co_await run_at(host, model, "atlas", "pgbench", options);
    EXPECT_EQ(there.exit_code, 0) << there.text;
    EXPECT_EQ(here.exit_code, 0) << here.text;
    EXPECT_EQ(counts_of(here.text), counts_of(there.text)) << here.text;
    const std::string expected = co_await rows_left(host, postgres, database);
    const std::string left = co_await rows_left(host, model, "atlas");
    EXPECT_EQ(left, expected);
}

TEST(Pgbench, LeavesTheSameRowsInEveryMode_against_postgres) {
    with_both([](Host& host, host::Endpoint model, host::Endpoint postgres,
                 std::string database) -> Task<> {
        co_await expect_same_run(host, model, postgres, database, {"-i", "-I", "dtGvp", "-q"});
        for (const std::string mode : {"simple", "extended", "prepared"}) {
            for (const std::string script : {"tpcb-like", "simple-update", "select-only"}) {
                co_await expect_same_run(
                    host, model, postgres, database,
                    {"-M", mode, "-b", script, "-t", "20", "-c", "1", "--random-seed=7"});
            }
        }
    });
}

// What every script keeps: all balances come to the sum of the history.
TEST(Pgbench, KeepsItsBalancesWithSeveralClients_against_postgres) {
    with_both([](Host& host, host::Endpoint model, host::Endpoint, std::string) -> Task<> {
        co_await run_at(host, model, "atlas", "pgbench", {"-i", "-I", "dtGvp", "-q"});
        const ProgramOutput run = co_await run_at(
            host, model, "atlas", "pgbench",
            {"-M", "prepared", "-t", "50", "-c", "4", "-j", "1", "--random-seed=7"});
        EXPECT_EQ(run.exit_code, 0) << run.text;
        EXPECT_TRUE(run.text.contains("actually processed: 200/200")) << run.text;
        const ProgramOutput sums = co_await run_at(
            host, model, "atlas", "psql",
            {"-X", "-A", "-t", "-c",
             "SELECT count(*), sum(delta) = (SELECT sum(abalance) FROM pgbench_accounts), "
             "sum(delta) = (SELECT sum(tbalance) FROM pgbench_tellers), sum(delta) = (SELECT "
             "sum(bbalance) FROM pgbench_branches) FROM pgbench_history"});
        EXPECT_EQ(sums.text, "200|t|t|t\n");
    });
}

}  // namespace
}  // namespace atlas::properties
