// What system/store says to PostgreSQL, and what it makes of the answers, on all four pairs of
// client and server: the migrations, and the table of users.

#include <stdexcept>
#include <string>

#include "properties/contracts/sql_port_fixture.hpp"
#include "system/host/task_group.hpp"
#include "system/store/errors.hpp"
#include "system/store/migrations.hpp"
#include "system/store/users.hpp"

namespace atlas::properties {
namespace {

using host::ErrorCode;
using host::Task;
using store::NewUser;

class UsersStore : public SqlPort {};

/// A pool and what goes with it, as an API node has.
struct Node {
    explicit Node(SqlCase& c)
        : pool(c.host(), c.driver(), {.target = c.target()}),
          database{c.host(), pool, {}, c.host().random("retry")} {}

    sql::Pool pool;
    sql::Database database;
};

constexpr domain::Timestamp long_ago{std::chrono::microseconds{1795345185000120}};
constexpr domain::Timestamp later{std::chrono::microseconds{1795345186000000}};

domain::Uuid id_of(std::uint8_t number) {
    domain::Uuid id;
    id.bytes[15] = number;
    return id;
}

NewUser new_user(std::uint8_t number, std::string email) {
    return {{id_of(number), std::move(email), "N\xc3\xa4me \"quoted\"", 1, long_ago, long_ago},
            "$argon2id$"};
}

store::UserChange rename(std::uint8_t number, std::string name, store::Versions versions) {
    return {id_of(number), {}, std::move(name), later, std::move(versions)};
}

store::UserChange change_email(std::uint8_t number, std::string email) {
    return {id_of(number), std::move(email), {}, later, {}};
}

Task<> bring_up_to_date(SqlCase& c, Node& node) {
    const sql::Result<void> done =
        co_await store::migrate(node.database, c.patient(), store::built_in_migrations());
    if (!done) throw std::runtime_error("migrate: " + describe(done.error()));
}

template <typename T>
std::string outcome_of(const host::Result<T>& result) {
    return result ? "ok" : host::describe(result.error());
}

/// By itself in a transaction; already_exists when the address is taken.
Task<host::Result<void>> insert_user(sql::Database& database, host::Context context, NewUser user) {
    auto inserted = co_await sql::run_transaction<bool>(
        database, context,
        [&](sql::Transaction& transaction) { return store::insert_user(transaction, user); });
    if (!inserted) co_return std::unexpected(store::to_host_error(inserted.error()));
    if (!*inserted) co_return host::failure(ErrorCode::already_exists);
    co_return host::Result<void>{};
}

TEST_P(UsersStore, MigrationsAreAppliedOnce) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        co_await bring_up_to_date(c, node);
        SqlCase::Connection connection = co_await c.connect();
        const sql::QueryResult applied =
            co_await c.run(connection, "SELECT version, name FROM schema_migrations");
        EXPECT_EQ(applied.rows.size(), store::built_in_migrations().size());
    });
}

Task<> migrate_and_count(SqlCase& c, int& done) {
    Node node(c);
    // A node that comes too late for the table, or waits too long for another's, tries again.
    for (int attempt = 0; attempt < 20; ++attempt) {
        const sql::Result<void> migrated =
            co_await store::migrate(node.database, c.patient(), store::built_in_migrations());
        if (!migrated) continue;
        ++done;
        co_return;
    }
}

TEST_P(UsersStore, NodesThatStartTogetherMigrateOnce) {
    run([](SqlCase& c) -> Task<> {
        int done = 0;
        co_await host::with_task_group(c.host(), [&](host::TaskGroup& group) -> Task<> {
            for (int i = 0; i < 4; ++i)
                group.spawn(migrate_and_count(c, done));
            return group.join();
        });
        EXPECT_EQ(done, 4);
    });
}

TEST_P(UsersStore, AUserComesBackAsItWasStored) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        const NewUser stored = new_user(1, "Ada@Example.com");
        const auto inserted = co_await insert_user(node.database, c.patient(), stored);
        EXPECT_EQ(outcome_of(inserted), "ok");
        const auto found = co_await store::find_user(node.database, c.patient(), stored.user.id);
        EXPECT_EQ(outcome_of(found), "ok");
        if (found) EXPECT_EQ(*found, stored.user);
        const auto absent = co_await store::find_user(node.database, c.patient(), id_of(2));
        EXPECT_FALSE(absent);
        if (!absent) EXPECT_EQ(absent.error().code, ErrorCode::not_found);
    });
}

TEST_P(UsersStore, AnAddressIsTakenInAnyCaseOfItsLetters) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        const auto first = co_await insert_user(node.database, c.patient(), new_user(1, "a@b.c"));
        EXPECT_EQ(outcome_of(first), "ok");
        const auto second = co_await insert_user(node.database, c.patient(), new_user(2, "A@B.C"));
        EXPECT_FALSE(second);
        if (!second) EXPECT_EQ(second.error().code, ErrorCode::already_exists);
        const auto other =
            co_await insert_user(node.database, c.patient(), new_user(3, "\xc3\x84@b.c"));
        EXPECT_EQ(outcome_of(other), "ok");
    });
}

Task<> insert_and_count(SqlCase& c, Node& node, std::uint8_t number, int& inserted, int& taken) {
    const auto result =
        co_await insert_user(node.database, c.patient(), new_user(number, "same@b.c"));
    if (result) ++inserted;
    if (!result && result.error().code == ErrorCode::already_exists) ++taken;
}

TEST_P(UsersStore, OfManyWhoRegisterAnAddressOneSucceeds) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        int inserted = 0;
        int taken = 0;
        co_await host::with_task_group(c.host(), [&](host::TaskGroup& group) -> Task<> {
            for (std::uint8_t i = 1; i <= 6; ++i)
                group.spawn(insert_and_count(c, node, i, inserted, taken));
            return group.join();
        });
        EXPECT_EQ(inserted, 1);
        EXPECT_EQ(taken, 5);
    });
}

TEST_P(UsersStore, ARenameNamesItsVersion) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        (void)co_await insert_user(node.database, c.patient(), new_user(1, "a@b.c"));
        const auto stale =
            co_await store::change_user(node.database, c.patient(), rename(1, "X", {{2, 7}}));
        EXPECT_FALSE(stale);
        if (!stale) EXPECT_EQ(stale.error().code, ErrorCode::conflict);
        const auto none = co_await store::change_user(node.database, c.patient(),
                                                      rename(1, "X", std::vector<std::int64_t>{}));
        EXPECT_FALSE(none);
        if (!none) EXPECT_EQ(none.error().code, ErrorCode::conflict);
        const auto absent =
            co_await store::change_user(node.database, c.patient(), rename(2, "X", {{1}}));
        EXPECT_FALSE(absent);
        if (!absent) EXPECT_EQ(absent.error().code, ErrorCode::not_found);
        const auto one_of =
            co_await store::change_user(node.database, c.patient(), rename(1, "B", {{7, 1}}));
        EXPECT_EQ(outcome_of(one_of), "ok");
        if (one_of) EXPECT_EQ(one_of->version, 2);
        if (one_of) EXPECT_EQ(one_of->updated_at, later);
        const auto any =
            co_await store::change_user(node.database, c.patient(), rename(1, "C", {}));
        EXPECT_EQ(outcome_of(any), "ok");
        const auto found = co_await store::find_user(node.database, c.patient(), id_of(1));
        EXPECT_TRUE(found && found->display_name == "C" && found->version == 3);
    });
}

TEST_P(UsersStore, AnAddressIsChangedUnlessAnotherHasIt) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        (void)co_await insert_user(node.database, c.patient(), new_user(1, "a@b.c"));
        (void)co_await insert_user(node.database, c.patient(), new_user(2, "d@e.f"));
        const auto taken =
            co_await store::change_user(node.database, c.patient(), change_email(1, "D@e.f"));
        EXPECT_FALSE(taken);
        if (!taken) EXPECT_EQ(taken.error().code, ErrorCode::already_exists);
        const auto own =
            co_await store::change_user(node.database, c.patient(), change_email(1, "A@B.c"));
        EXPECT_EQ(outcome_of(own), "ok");
        if (own) EXPECT_EQ(own->email, "A@B.c");
        if (own) EXPECT_EQ(own->display_name, new_user(1, "").user.display_name);
        const auto other =
            co_await store::change_user(node.database, c.patient(), change_email(1, "g@h.i"));
        EXPECT_EQ(outcome_of(other), "ok");
        const auto left = co_await insert_user(node.database, c.patient(), new_user(3, "a@b.c"));
        EXPECT_EQ(outcome_of(left), "ok");
    });
}

TEST_P(UsersStore, AListingGoesOnAfterAnIdAndLeavesOutTheDeleted) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        // Not in the order of their ids, and one that is above all signed bytes.
        for (const std::uint8_t number : {3, 1, 200, 2, 4}) {
            (void)co_await insert_user(node.database, c.patient(),
                                       new_user(number, std::to_string(number) + "@b.c"));
        }
        (void)co_await store::delete_user(node.database, c.patient(), {id_of(3), later, {}});
        const auto first = co_await store::list_users(node.database, c.patient(), {}, 2);
        EXPECT_EQ(outcome_of(first), "ok");
        if (first && first->size() == 2) EXPECT_EQ((*first)[1].id, id_of(2));
        const auto second = co_await store::list_users(node.database, c.patient(), id_of(2), 3);
        EXPECT_EQ(outcome_of(second), "ok");
        if (!second) co_return;
        EXPECT_EQ(second->size(), 2u);
        if (second->size() == 2) EXPECT_EQ((*second)[1].id, id_of(200));
    });
}

TEST_P(UsersStore, ADeletedUserIsGoneAndItsAddressFree) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        (void)co_await insert_user(node.database, c.patient(), new_user(1, "a@b.c"));
        const auto stale =
            co_await store::delete_user(node.database, c.patient(), {id_of(1), later, {{2}}});
        EXPECT_FALSE(stale);
        if (!stale) EXPECT_EQ(stale.error().code, ErrorCode::conflict);
        const auto deleted =
            co_await store::delete_user(node.database, c.patient(), {id_of(1), later, {{1}}});
        EXPECT_EQ(outcome_of(deleted), "ok");
        SqlCase::Connection connection = co_await c.connect();
        const sql::QueryResult left = co_await c.run(
            connection, "SELECT email, email_folded, display_name, password_hash FROM users");
        EXPECT_EQ(left.rows, (std::vector<std::vector<sql::Value>>{{"", "", "", ""}}));
        const auto found = co_await store::find_user(node.database, c.patient(), id_of(1));
        EXPECT_FALSE(found);
        if (!found) EXPECT_EQ(found.error().code, ErrorCode::not_found);
        const auto changed =
            co_await store::change_user(node.database, c.patient(), rename(1, "X", {}));
        EXPECT_FALSE(changed);
        if (!changed) EXPECT_EQ(changed.error().code, ErrorCode::not_found);
        const auto again =
            co_await store::delete_user(node.database, c.patient(), {id_of(1), later, {}});
        EXPECT_FALSE(again);
        if (!again) EXPECT_EQ(again.error().code, ErrorCode::not_found);
        // Twice, so that the address has two deleted users and a live one.
        for (std::uint8_t number = 2; number <= 3; ++number) {
            const auto next =
                co_await insert_user(node.database, c.patient(), new_user(number, "A@b.c"));
            EXPECT_EQ(outcome_of(next), "ok");
            if (number == 3) break;
            const auto next_deleted =
                co_await store::delete_user(node.database, c.patient(), {id_of(number), later, {}});
            EXPECT_EQ(outcome_of(next_deleted), "ok");
        }
        const auto taken = co_await insert_user(node.database, c.patient(), new_user(4, "a@B.c"));
        EXPECT_FALSE(taken);
        if (!taken) EXPECT_EQ(taken.error().code, ErrorCode::already_exists);
    });
}

Task<> rename_and_count(SqlCase& c, Node& node, int& renamed, int& conflicts) {
    const auto result =
        co_await store::change_user(node.database, c.patient(), rename(1, "Z", {{1}}));
    if (result) ++renamed;
    if (!result && result.error().code == ErrorCode::conflict) ++conflicts;
}

TEST_P(UsersStore, OfManyWhoRenameOneVersionOneSucceeds) {
    run([](SqlCase& c) -> Task<> {
        Node node(c);
        co_await bring_up_to_date(c, node);
        (void)co_await insert_user(node.database, c.patient(), new_user(1, "a@b.c"));
        int renamed = 0;
        int conflicts = 0;
        co_await host::with_task_group(c.host(), [&](host::TaskGroup& group) -> Task<> {
            for (int i = 0; i < 6; ++i)
                group.spawn(rename_and_count(c, node, renamed, conflicts));
            return group.join();
        });
        EXPECT_EQ(renamed, 1);
        EXPECT_EQ(conflicts, 5);
    });
}

ATLAS_ON_EACH_SQL_PAIR(UsersStore);

}  // namespace
}  // namespace atlas::properties
