// The contract of the SQL port on a primary and a server that follows it: what a follower refuses,
// what it shows, what a commit waits for, and what a promotion does. With libpq and the small
// client, against PostgreSQL 15 and against the model.

#include <fmt/format.h>

#include <cstdio>

#include "properties/contracts/sql_replicated_pair_fixture.hpp"
#include "sim/models/postgres/protocol/raw_client_fixture.hpp"
#include "system/sql/cancel_request.hpp"
#include "system/sql/topology.hpp"
#include "system/sql/transaction.hpp"

namespace atlas::properties {
namespace {

using host::Task;
using sql::Value;
using testing::ElementsAre;
namespace wire = sql::protocol;

class SqlPortReplication : public SqlReplicatedPair {};

struct Refused {
    std::string_view statement;
    std::string_view sqlstate;
    std::string_view message;
};

constexpr Refused refused_by_followers[] = {
    {"INSERT INTO t VALUES (9)", "25006", "cannot execute INSERT in a read-only transaction"},
    {"UPDATE t SET id = 9", "25006", "cannot execute UPDATE in a read-only transaction"},
    {"DELETE FROM t", "25006", "cannot execute DELETE in a read-only transaction"},
    {"SELECT id FROM t FOR UPDATE", "25006",
     "cannot execute SELECT FOR UPDATE in a read-only transaction"},
    {"SELECT id FROM t FOR KEY SHARE", "25006",
     "cannot execute SELECT FOR KEY SHARE in a read-only transaction"},
    {"CREATE TABLE u (a int)", "25006", "cannot execute CREATE TABLE in a read-only transaction"},
    {"DROP TABLE t", "25006", "cannot execute DROP TABLE in a read-only transaction"},
    {"ALTER TABLE t ADD x int", "25006", "cannot execute ALTER TABLE in a read-only transaction"},
    {"ALTER TABLE t RENAME TO u", "25006", "cannot execute ALTER TABLE in a read-only transaction"},
    {"ALTER INDEX t_pkey RENAME TO u", "25006",
     "cannot execute ALTER INDEX in a read-only transaction"},
    {"CREATE SEQUENCE q", "25006", "cannot execute CREATE SEQUENCE in a read-only transaction"},
    {"ALTER SEQUENCE s RESTART", "25006",
     "cannot execute ALTER SEQUENCE in a read-only transaction"},
    {"DROP SEQUENCE s", "25006", "cannot execute DROP SEQUENCE in a read-only transaction"},
    {"SELECT nextval('s')", "25006", "cannot execute nextval() in a read-only transaction"},
    {"SELECT setval('s', 3)", "25006", "cannot execute setval() in a read-only transaction"},
    {"VACUUM", "25006", "cannot execute VACUUM during recovery"},
    {"ANALYZE t", "25006", "cannot execute ANALYZE during recovery"},
    {"LISTEN a", "25006", "cannot execute LISTEN during recovery"},
    {"NOTIFY a", "25006", "cannot execute NOTIFY during recovery"},
    {"SELECT pg_notify('a', 'b')", "25006", "cannot execute NOTIFY during recovery"},
    {"TRUNCATE t", "25006", "cannot execute TRUNCATE TABLE in a read-only transaction"},
    {"BEGIN READ WRITE", "0A000", "cannot set transaction read-write mode during recovery"},
    {"BEGIN ISOLATION LEVEL SERIALIZABLE", "0A000",
     "cannot use serializable mode in a hot standby"},
    {"SELECT txid_current()", "25006", "cannot execute pg_current_xact_id() during recovery"},
    {"COMMIT PREPARED 'x'", "25006", "cannot execute COMMIT PREPARED during recovery"},
    {"ROLLBACK PREPARED 'x'", "25006", "cannot execute ROLLBACK PREPARED during recovery"},
    {"SELECT pg_current_wal_lsn()", "55000", "recovery is in progress"},
    {"SELECT pg_current_wal_insert_lsn()", "55000", "recovery is in progress"},
    {"SELECT pg_walfile_name('0/3000000')", "55000", "recovery is in progress"},
    {"LISTEN c", "25006", "cannot execute LISTEN during recovery"},
    {"NOTIFY c", "25006", "cannot execute NOTIFY during recovery"},
    {"SELECT pg_notify('c', '')", "25006", "cannot execute NOTIFY during recovery"},
    {"SELECT pg_promote(true, 0)", "22003", "\"wait_seconds\" must not be negative or zero"},
};

TEST_P(SqlPortReplication, AFollowerShowsAndRefuses) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await follower.connect();
        co_await primary.run(one, "CREATE SEQUENCE s");
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await primary.run(one, "INSERT INTO t VALUES (1), (2)");
        co_await wait_until(follower, two, "SELECT count(*) FROM t", "2");
        for (const auto& [statement, sqlstate, message] : refused_by_followers) {
            const auto error = co_await follower.refuse(two, std::string(statement));
            EXPECT_EQ(error.sqlstate, sqlstate) << statement;
            EXPECT_EQ(error.message, message) << statement;
        }
        auto rows =
            co_await follower.run(two,
                                  "SELECT pg_is_in_recovery(), current_setting('in_hot_standby'), "
                                  "current_setting('transaction_read_only')");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("t"), Value("on"), Value("on"))));
        co_await follower.run(two, "BEGIN");
        co_await follower.run(two, "LOCK TABLE t IN ROW EXCLUSIVE MODE");
        auto error = co_await follower.refuse(two, "LOCK TABLE t IN SHARE MODE");
        EXPECT_EQ(error.message, "cannot execute LOCK TABLE during recovery");
        co_await follower.run(two, "ROLLBACK");
        co_await follower.run(two, "BEGIN");
        error = co_await follower.refuse(two, "PREPARE TRANSACTION 'x'");
        EXPECT_EQ(error.message, "cannot execute PREPARE TRANSACTION during recovery");
        co_await follower.run(two, "ROLLBACK");

        rows = co_await primary.run(one, "SELECT pg_current_wal_lsn()");
        const std::string position = *rows.rows[0][0];
        co_await wait_until(follower, two,
                            "SELECT pg_last_wal_replay_lsn() >= '" + position + "'::pg_lsn", "t");
        rows =
            co_await follower.run(two,
                                  "SELECT pg_last_wal_receive_lsn() >= pg_last_wal_replay_lsn(), "
                                  "pg_last_xact_replay_timestamp() <= clock_timestamp()");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("t"), Value("t"))));
        rows =
            co_await primary.run(one,
                                 "SELECT application_name, state, sync_state, sync_priority FROM "
                                 "pg_stat_replication");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("walreceiver"), Value("streaming"),
                                                       Value("async"), Value("0"))));
        rows = co_await follower.run(two, "SELECT status, received_tli FROM pg_stat_wal_receiver");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("streaming"), Value("1"))));
        rows = co_await primary.run(one,
                                    "SELECT pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), "
                                    "pg_last_xact_replay_timestamp()");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(std::nullopt, std::nullopt, std::nullopt)));
        for (const char* statement : {"SELECT pg_promote()", "SELECT pg_is_wal_replay_paused()"}) {
            error = co_await primary.refuse(one, statement);
            EXPECT_EQ(error.sqlstate, "55000");
            EXPECT_EQ(error.message, "recovery is not in progress");
        }
        co_await follower.run(two, "UNLISTEN *");
        co_await follower.run(two, "SET default_transaction_isolation = 'serializable'");
        error = co_await follower.refuse(two, "SELECT 1");
        EXPECT_EQ(error.sqlstate, "0A000");
        EXPECT_EQ(error.message, "cannot use serializable mode in a hot standby");
        EXPECT_EQ(error.detail, "\"default_transaction_isolation\" is set to \"serializable\".");
    });
}

TEST_P(SqlPortReplication, ACommitThatWaitsForAStandbyStandsWhenItIsCancelled) {
    run([](SqlCase& primary, SqlCase&) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await primary.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await let_commits_wait_for_nobody(primary);
        Started waiting = primary.start(one, "INSERT INTO t VALUES (1)");
        co_await primary.let_others_run();
        EXPECT_FALSE(waiting.has_ended());
        auto rows = co_await primary.run(two, "SELECT count(*) FROM t");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("0"))));
        co_await primary.run(two, "SET synchronous_commit = local");
        co_await primary.run(two, "INSERT INTO t VALUES (2)");
        co_await one->request_cancel(primary.patient());
        // The server says "INSERT 0 1", and that nobody else may know of it: to the port that is
        // not a success.
        const auto outcome = co_await waiting.outcome();
        EXPECT_TRUE(is_unreplicated(outcome));
        EXPECT_FALSE(one->is_usable());
        rows = co_await primary.run(two, "SELECT count(*) FROM t");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("2"))));
        one = co_await primary.connect();

        // Without names nobody waits any longer.
        waiting = primary.start(one, "INSERT INTO t VALUES (3)");
        co_await primary.let_others_run();
        EXPECT_FALSE(waiting.has_ended());
        co_await primary.run(two, "ALTER SYSTEM RESET synchronous_standby_names");
        co_await primary.run(two, "SELECT pg_reload_conf()");
        const auto released = co_await waiting.outcome();
        EXPECT_TRUE(released.has_value());
    });
}

// A batch by hand: its messages go one by one, and a cancel between two of them.
class MessageByMessage {
  public:
    static Task<MessageByMessage> connect(SqlCase& sql) {
        auto stream = co_await sql.host().network().connect(
            sql.target().endpoint, host::Transport::plain(), sql.patient().deadline);
        if (!stream) throw std::runtime_error(host::describe(stream.error()));
        MessageByMessage batch(sql, std::move(*stream));
        wire::StartupMessage startup;
        startup.parameters = {{"user", "postgres"}, {"database", "postgres"}};
        co_await batch.client_.send(startup);
        for (const std::string& message : co_await batch.client_.read())
            std::sscanf(message.c_str(), "key %u %u", &batch.key_.process_id, &batch.key_.secret);
        batch.client_.set_patience(std::chrono::milliseconds(300));
        co_return batch;
    }

    Task<std::vector<std::string>> run(std::string_view text) {
        wire::Bind bind;
        co_await client_.send(wire::Parse{"", text}, bind, wire::Execute{"", 0}, wire::Flush{});
        co_return co_await client_.read();
    }
    Task<std::vector<std::string>> sync() {
        co_await client_.send(wire::Sync{});
        co_return co_await client_.read();
    }
    Task<std::vector<std::string>> read() { co_return co_await client_.read(); }
    Task<> cancel() {
        const auto sent = co_await sql::send_cancel_request(sql_.host(), sql_.patient(),
                                                            sql_.target().endpoint, key_);
        EXPECT_TRUE(sent.has_value());
        co_await sql_.let_others_run();
    }

  private:
    MessageByMessage(SqlCase& sql, std::unique_ptr<host::ByteStream> stream)
        : sql_(sql), client_(sql.host(), std::move(stream), describe) {}

    static std::string describe(const wire::BackendMessage& message) {
        if (const auto* key = std::get_if<wire::BackendKeyData>(&message))
            return fmt::format("key {} {}", key->process_id, key->secret);
        return sim::models::postgres::protocol::name_of(message);
    }

    SqlCase& sql_;
    sim::models::postgres::protocol::RawClient client_;
    wire::CancelRequest key_;
};

TEST_P(SqlPortReplication, ACancelBetweenTheMessagesOfABatchIsForNoneOfThem) {
    run([](SqlCase& primary, SqlCase&) -> Task<> {
        auto one = co_await primary.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await let_commits_wait_for_nobody(primary);
        MessageByMessage batch = co_await MessageByMessage::connect(primary);
        auto answer = co_await batch.run("INSERT INTO t VALUES (1)");
        EXPECT_THAT(answer, ElementsAre("parsed", "bound", "INSERT 0 1", "silent"));
        co_await batch.cancel();
        answer = co_await batch.run("SELECT pg_sleep(0.1)");
        EXPECT_THAT(answer, ElementsAre("parsed", "bound", "row ", "SELECT 1", "silent"));
        co_await batch.cancel();
        // The commit waits for a standby. Only what comes now is for it.
        answer = co_await batch.sync();
        EXPECT_THAT(answer, ElementsAre("silent"));
        co_await batch.cancel();
        answer = co_await batch.read();
        EXPECT_THAT(answer, ElementsAre("notice", "ready I"));
    });
}

TEST_P(SqlPortReplication, APreparedTransactionThatWaitsForAStandbyIsThereAndBusy) {
    run([](SqlCase& primary, SqlCase&) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await primary.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await let_commits_wait_for_nobody(primary);
        co_await primary.run(one, "BEGIN");
        co_await primary.run(one, "INSERT INTO t VALUES (1)");
        Started waiting = primary.start(one, "PREPARE TRANSACTION 'g'");
        co_await primary.let_others_run();
        EXPECT_FALSE(waiting.has_ended());
        const auto rows = co_await primary.run(two, "SELECT gid FROM pg_prepared_xacts");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("g"))));
        for (const char* statement : {"COMMIT PREPARED 'g'", "ROLLBACK PREPARED 'g'"}) {
            const auto error = co_await primary.refuse(two, statement);
            EXPECT_EQ(error.sqlstate, "55000");
            EXPECT_EQ(error.message, "prepared transaction with identifier \"g\" is busy");
        }
        co_await one->request_cancel(primary.patient());
        const auto cut_short = co_await waiting.outcome();
        EXPECT_TRUE(is_unreplicated(cut_short));
        // Unlike COMMIT, what finishes it is a statement like others to statement_timeout.
        co_await primary.run(two, "SET statement_timeout = 200");
        const auto late = co_await two->query(primary.patient(), "COMMIT PREPARED 'g'");
        EXPECT_TRUE(is_unreplicated(late));
        auto three = co_await primary.connect();
        const auto committed = co_await primary.run(three, "SELECT count(*) FROM t");
        EXPECT_THAT(committed.rows, ElementsAre(ElementsAre(Value("1"))));
    });
}

TEST_P(SqlPortReplication, APreparedChangeOfATableKeepsTheFollowersReadersOut) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await follower.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await primary.run(one, "CREATE TABLE u (id int)");
        co_await primary.run(one, "BEGIN");
        co_await primary.run(one, "ALTER TABLE t ADD COLUMN v int");
        co_await primary.run(one, "PREPARE TRANSACTION 'd'");
        co_await primary.run(one, "INSERT INTO u VALUES (1)");
        co_await wait_until(follower, two, "SELECT count(*) FROM u", "1");
        co_await follower.run(two, "SET statement_timeout = 200");
        const auto error = co_await follower.refuse(two, "SELECT * FROM t");
        EXPECT_EQ(error.sqlstate, "57014");
        co_await primary.run(one, "ROLLBACK PREPARED 'd'");
        co_await wait_until(follower, two, "SELECT count(*) FROM t", "0");
    });
}

/// The pair as an API node has it.
struct ReplicatedDatabase {
    ReplicatedDatabase(SqlCase& primary, SqlCase& follower)
        : pool(primary.host(), primary.driver(), {.target = primary.target()}),
          topology(primary.host(), pool, primary.driver(),
                   {primary.target().endpoint, follower.target().endpoint},
                   {.patience = std::chrono::seconds(10)}),
          database{primary.host(), pool, {}, primary.host().random("retry")} {
        database.topology = &topology;
    }

    bool knows_both() const {
        const auto view = topology.followers.view();
        return view[0].role == sql::ServerRole::primary &&
               view[1].role == sql::ServerRole::follower && view[1].position && view[1].as_of;
    }

    sql::Pool pool;
    sql::Topology topology;
    sql::Database database;
};

constexpr sql::Statement count_rows{"count_rows", "SELECT count(*) FROM t"};
constexpr sql::Statement insert_row{"insert_row", "INSERT INTO t VALUES ($1)"};

Task<sql::TransactionResult<int>> insert(ReplicatedDatabase& node, host::Context context,
                                         sql::Session& session, std::string id) {
    co_return co_await sql::run_transaction<int>(
        {node.database, &session}, context,
        [&id](sql::Transaction& transaction) -> Task<sql::Result<int>> {
            const auto done = co_await transaction.execute(insert_row, {id});
            if (!done) co_return std::unexpected(done.error());
            co_return 1;
        });
}

Task<> read_at_each_level(SqlCase& primary, ReplicatedDatabase& node) {
    const auto read = [&](sql::Session& session, host::Duration time) {
        return sql::run_read({node.database, &session}, primary.within(time), count_rows, {});
    };
    sql::Session session{.consistency = sql::Consistency::session};
    const auto inserted = co_await insert(node, primary.patient(), session, "1");
    EXPECT_TRUE(inserted.has_value());
    EXPECT_EQ(session.seen.timeline, 1U);
    const sql::LogPosition written = session.seen;
    auto rows = co_await read(session, std::chrono::seconds(30));
    EXPECT_THAT(rows->rows, ElementsAre(ElementsAre(Value("1"))));
    EXPECT_EQ(node.topology.followers.reads(), 1U) << "the follower had it soon enough";
    EXPECT_TRUE(sql::covers(session.seen, written));

    sql::Session eventual{.consistency = sql::Consistency::eventual};
    rows = co_await read(eventual, std::chrono::seconds(30));
    EXPECT_TRUE(rows.has_value());
    EXPECT_EQ(node.topology.followers.reads(), 2U);
    EXPECT_EQ(eventual.seen, sql::LogPosition{});

    sql::Session strong;
    const std::uint64_t raised = node.topology.fence.raised();
    rows = co_await read(strong, std::chrono::seconds(30));
    EXPECT_THAT(rows->rows, ElementsAre(ElementsAre(Value("1"))));
    EXPECT_EQ(node.topology.fence.raised(), raised + 1);
    EXPECT_TRUE(sql::covers(strong.seen, written));
}

TEST_P(SqlPortReplication, AReadIsAsNewAsItsLevelSays) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await primary.run(one, "CREATE SEQUENCE read_fence");
        ReplicatedDatabase node(primary, follower);
        const auto body = [&](host::TaskGroup& tasks) -> Task<> {
            tasks.spawn(node.topology.followers.look_for_ever());
            for (int i = 0; i < 500 && !node.knows_both(); ++i)
                co_await host::sleep_for(primary.host(), std::chrono::milliseconds(20));
            EXPECT_TRUE(node.knows_both());
            co_await read_at_each_level(primary, node);

            // Where nobody confirms commits, nobody is told what is there; but that is not for want
            // of reading it.
            co_await let_commits_wait_for_nobody(primary);
            sql::Session strong;
            const auto unconfirmed = co_await sql::run_read(
                {node.database, &strong}, primary.within(std::chrono::milliseconds(500)),
                count_rows, {});
            EXPECT_FALSE(unconfirmed.has_value());
            const auto unfenced =
                co_await sql::run_read(node.database, primary.patient(), count_rows, {});
            EXPECT_TRUE(unfenced.has_value());
            co_await primary.run(one, "ALTER SYSTEM RESET synchronous_standby_names");
            co_await primary.run(one, "SELECT pg_reload_conf()");
            tasks.cancel();
        };
        co_await host::with_task_group(primary.host(), body);
    });
}

// It would stand then, and be seen, and nobody else would have it.
TEST_P(SqlPortReplication, ACommitThatIsGivenUpIsNotCancelled) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await primary.run(one, "CREATE SEQUENCE read_fence");
        ReplicatedDatabase node(primary, follower);
        const auto body = [&](host::TaskGroup& tasks) -> Task<> {
            tasks.spawn(node.pool.cancels().send_until_closed());
            co_await let_commits_wait_for_nobody(primary);
            const host::Duration time = std::chrono::milliseconds(500);
            sql::Session session;
            const auto inserted = co_await insert(node, primary.within(time), session, "1");
            EXPECT_FALSE(inserted.has_value());
            if (!inserted) EXPECT_EQ(inserted.error().certainty, host::Certainty::indefinite);
            // A fence commits itself.
            const auto read = co_await sql::run_read({node.database, &session},
                                                     primary.within(time), count_rows, {});
            EXPECT_FALSE(read.has_value());
            co_await primary.let_others_run();
            const auto rows = co_await primary.run(one, "SELECT count(*) FROM t");
            EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("0"))));
            EXPECT_EQ(node.pool.cancels().counters().sent, 0U);
            node.pool.close();
        };
        co_await host::with_task_group(primary.host(), body);
    });
}

// What those that look after servers ask of them, in the same words whichever it is.
TEST_P(SqlPortReplication, OneTextTellsOfBothSides) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await follower.connect();
        const std::string system =
            "SELECT pg_is_in_recovery(), timeline_id, system_identifier FROM "
            "pg_control_checkpoint(), pg_control_system()";
        const auto at_primary = co_await primary.run(one, system);
        const auto at_follower = co_await follower.run(two, system);
        EXPECT_EQ(at_primary.rows[0][0], Value("f"));
        EXPECT_EQ(at_follower.rows[0][0], Value("t"));
        EXPECT_EQ(at_primary.rows[0][1], Value("1"));
        EXPECT_EQ(at_follower.rows[0][1], Value("1"));
        EXPECT_EQ(at_primary.rows[0][2], at_follower.rows[0][2]);
        const std::string names =
            "SELECT pg_walfile_name('0/3000000'), pg_walfile_name('0/3000001'), "
            "pg_walfile_name('2/FF000001')";
        auto rows = co_await primary.run(one, names);
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("000000010000000000000002"),
                                                       Value("000000010000000000000003"),
                                                       Value("0000000100000002000000FF"))));
        rows = co_await primary.run(one,
                                    "SELECT pg_wal_lsn_diff('1/10', '0/1'), "
                                    "pg_wal_lsn_diff('0/1', '0/3')");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("4294967311"), Value("-2"))));

        // What a follower has received it shows also when it receives nothing more.
        co_await primary.run(one, "CREATE TABLE t (id int)");
        co_await wait_until(follower, two, "SELECT count(*) FROM pg_stat_wal_receiver", "1");
        rows = co_await primary.run(one, "SELECT pg_current_wal_lsn()");
        const std::string position = *rows.rows[0][0];
        const std::string has_it = fmt::format(
            "SELECT pg_last_wal_receive_lsn() >= '{0}'::pg_lsn AND pg_last_wal_replay_lsn() >= "
            "'{0}'::pg_lsn",
            position);
        co_await wait_until(follower, two, has_it, "t");
        rows = co_await follower.run(two, "SELECT pg_is_wal_replay_paused()");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("f"))));
        co_await follower.run(two, "ALTER SYSTEM SET primary_conninfo = ''");
        co_await follower.run(two, "SELECT pg_reload_conf()");
        co_await wait_until(follower, two, "SELECT count(*) FROM pg_stat_wal_receiver", "0");
        co_await wait_until(follower, two, has_it, "t");
        co_await follower.run(two, "SELECT pg_promote()");
        co_await wait_until(follower, two, has_it, "t");
        rows = co_await follower.run(two, "SELECT pg_last_xact_replay_timestamp() IS NOT NULL");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("t"))));
        rows = co_await follower.run(two, "SELECT count(*) FROM pg_stat_wal_receiver");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("0"))));
        co_await wait_until(follower, two, "SELECT timeline_id FROM pg_control_checkpoint() AS c",
                            "2");
        rows = co_await follower.run(two, "SELECT pg_walfile_name(pg_current_wal_lsn())");
        EXPECT_TRUE(rows.rows[0][0]->starts_with("00000002"));
    });
}

TEST_P(SqlPortReplication, RemoteApplyWaitsUntilTheFollowerShowsIt) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await follower.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await primary.run(one, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'");
        co_await primary.run(one, "SELECT pg_reload_conf()");
        co_await wait_until(primary, one, "SELECT sync_state FROM pg_stat_replication", "quorum");
        co_await primary.run(one, "SET synchronous_commit = remote_apply");
        for (int i = 1; i <= 20; ++i) {
            co_await primary.run(one, fmt::format("INSERT INTO t VALUES ({})", i));
            const auto rows = co_await follower.run(two, "SELECT count(*) FROM t");
            EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value(std::to_string(i)))));
        }
    });
}

// How long they are is another thing with each server: that they are there, and which is longer.
TEST_P(SqlPortReplication, LagsAreShownWhileThereIsSomethingNew) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await follower.connect();
        co_await primary.run(one, "CREATE TABLE t (id int)");
        co_await follower.run(two, "ALTER SYSTEM SET wal_receiver_status_interval = '1s'");
        co_await follower.run(two, "SELECT pg_reload_conf()");
        const std::string quiet =
            "SELECT count(*) FROM pg_stat_replication WHERE write_lag IS NULL AND flush_lag IS "
            "NULL AND replay_lag IS NULL";
        // What it says next goes by the new interval.
        co_await primary.run(one, "INSERT INTO t VALUES (0)");
        co_await wait_until(primary, one, quiet, "1");
        bool shown = false;
        for (int i = 1; i <= 100 && !shown; ++i) {
            co_await primary.run(one, "INSERT INTO t VALUES (1)");
            co_await host::sleep_for(primary.host(), std::chrono::milliseconds(50));
            const auto rows =
                co_await primary.run(one,
                                     "SELECT write_lag >= '0' AND write_lag <= flush_lag AND "
                                     "flush_lag <= replay_lag FROM pg_stat_replication");
            shown = rows.rows.at(0).at(0) == Value("t");
        }
        EXPECT_TRUE(shown);
        co_await wait_until(primary, one, quiet, "1");
    });
}

TEST_P(SqlPortReplication, APromotedFollowerTakesWritesAndKeepsItsSessions) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await follower.connect();
        auto three = co_await follower.connect();
        co_await primary.run(one, "CREATE TABLE t (id int PRIMARY KEY)");
        co_await primary.run(one, "CREATE TABLE before (id int, v int)");
        co_await primary.run(one, "INSERT INTO before VALUES (1, 1), (2, 2)");
        co_await primary.run(one, "UPDATE before SET v = 7 WHERE id = 1");
        co_await primary.run(one, "BEGIN");
        co_await primary.run(one, "SELECT pg_advisory_xact_lock(4)");
        co_await primary.run(one, "INSERT INTO t VALUES (1)");
        co_await primary.run(one, "PREPARE TRANSACTION 'kept'");
        auto rows = co_await primary.run(one, "SELECT pg_current_wal_lsn()");
        const std::string position = *rows.rows[0][0];
        co_await wait_until(follower, two,
                            "SELECT pg_last_wal_replay_lsn() >= '" + position + "'::pg_lsn", "t");
        // Until then nobody can decide of it, and nobody sees it.
        rows = co_await follower.run(two, "SELECT gid FROM pg_prepared_xacts");
        EXPECT_TRUE(rows.rows.empty());
        co_await follower.run(three, "BEGIN");
        rows = co_await follower.run(three, "SELECT count(*) FROM t");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("0"))));
        auto four = co_await follower.connect();
        co_await follower.run(four, "SELECT pg_advisory_lock(4)");
        co_await follower.run(four, "BEGIN ISOLATION LEVEL REPEATABLE READ");
        rows = co_await follower.run(four, "SELECT count(*) FROM t");
        rows = co_await follower.run(two, "SELECT pg_promote()");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("t"))));
        // Neither seen before it is decided nor in the way of what was committed before.
        rows = co_await follower.run(four, "SELECT count(*) FROM t");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("0"))));
        rows = co_await follower.run(two, "SELECT id, v FROM before ORDER BY id");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("1"), Value("7")),
                                           ElementsAre(Value("2"), Value("2"))));
        rows = co_await follower.run(two, "SELECT pg_is_in_recovery()");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("f"))));
        co_await follower.run(two, "COMMIT PREPARED 'kept'");
        co_await follower.run(two, "INSERT INTO t VALUES (2)");
        // What began on a follower stays read-only.
        const auto error = co_await follower.refuse(three, "INSERT INTO t VALUES (3)");
        EXPECT_EQ(error.sqlstate, "25006");
        co_await follower.run(three, "ROLLBACK");
        co_await follower.run(three, "INSERT INTO t VALUES (3)");
        rows = co_await follower.run(three, "SELECT count(*) FROM t");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("3"))));
        // The old primary knows nothing of it.
        rows = co_await primary.run(one, "SELECT count(*) FROM t");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("0"))));
    });
}

// What refers to what, and where the sequences are, is known to a server that takes over.
TEST_P(SqlPortReplication, APromotedFollowerKeepsForeignKeysAndSequences) {
    run([](SqlCase& primary, SqlCase& follower) -> Task<> {
        auto one = co_await primary.connect();
        auto two = co_await follower.connect();
        for (const std::string_view statement :
             {"CREATE TABLE users (id serial PRIMARY KEY, spare int, name text)",
              "CREATE TABLE posts (id int GENERATED ALWAYS AS IDENTITY, writer int REFERENCES "
              "users ON DELETE CASCADE)",
              "INSERT INTO users (name) VALUES ('Ada'), ('Grace'), ('Edsger')",
              "INSERT INTO posts (writer) VALUES (1), (2)", "ALTER TABLE users DROP COLUMN spare",
              "ALTER TABLE users RENAME name TO called", "ALTER TABLE posts RENAME TO letters",
              "BEGIN", "INSERT INTO letters (writer) VALUES (3)", "PREPARE TRANSACTION 'letter'"})
            co_await primary.run(one, std::string(statement));
        auto rows = co_await primary.run(one, "SELECT nextval('users_id_seq')");
        const std::int64_t shown = std::stoll(*rows.rows[0][0]);
        rows = co_await primary.run(one, "SELECT pg_current_wal_lsn()");
        const std::string position = *rows.rows[0][0];
        co_await wait_until(follower, two,
                            "SELECT pg_last_wal_replay_lsn() >= '" + position + "'::pg_lsn", "t");
        rows = co_await follower.run(two, "SELECT * FROM users ORDER BY id");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("1"), Value("Ada")),
                                           ElementsAre(Value("2"), Value("Grace")),
                                           ElementsAre(Value("3"), Value("Edsger"))));
        co_await follower.run(two, "SELECT pg_promote()");
        auto error = co_await follower.refuse(two, "INSERT INTO letters (writer) VALUES (9)");
        EXPECT_EQ(error.sqlstate, "23503");
        // The prepared transaction keeps the row that it refers to.
        co_await follower.run(two, "SET lock_timeout = '50ms'");
        error = co_await follower.refuse(two, "DELETE FROM users WHERE id = 3");
        EXPECT_EQ(error.sqlstate, "55P03");
        co_await follower.run(two, "COMMIT PREPARED 'letter'");
        co_await follower.run(two, "DELETE FROM users WHERE id IN (1, 3)");
        rows = co_await follower.run(two, "SELECT id, writer FROM letters");
        EXPECT_THAT(rows.rows, ElementsAre(ElementsAre(Value("2"), Value("2"))));
        rows = co_await follower.run(two,
                                     "INSERT INTO users (called) VALUES ('Barbara') RETURNING id");
        EXPECT_GT(std::stoll(*rows.rows[0][0]), shown);
        rows = co_await follower.run(two, "INSERT INTO letters (writer) VALUES (2) RETURNING id");
        EXPECT_GT(std::stoll(*rows.rows[0][0]), 3);
    });
}

ATLAS_ON_EACH_SQL_PAIR(SqlPortReplication);

}  // namespace
}  // namespace atlas::properties
