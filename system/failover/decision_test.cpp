// What an agent decides: rule by rule for what went wrong once, and by stories drawn at random in a
// small world. Whatever happens there, a commit that was confirmed is never missing where the next
// one is confirmed; and when all is well again, there is a primary, and the others follow it.

#include "system/failover/decision.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "system/failover/small_world_fixture.hpp"

namespace atlas::failover {
namespace {

using namespace std::chrono_literals;
using small_world::Agent;
using small_world::World;

constexpr host::TimePoint noon{1h};

/// What "a" sees as a primary that has the lease; all is well, and nobody else is there.
Observation of_primary() {
    Observation seen{.self = "a", .looked_at = noon, .now = noon};
    seen.server = {.exists = true,
                   .database = "1",
                   .running = true,
                   .answers = true,
                   .role = Role::primary,
                   .place = {1, 10},
                   .confirming = {"*"}};
    seen.store = StoreView{.leadership = Leadership{"a", 5},
                           .synchronous = Synchronous{
                               .primary = "a", .created = true, .database = "1", .revision = 7}};
    seen.lease_until = noon + 5s;
    return seen;
}

/// The same, with b confirming for long.
Observation of_primary_with_b() {
    Observation seen = of_primary();
    seen.server.confirming = {"b"};
    seen.server.confirming_since = noon - 1min;
    seen.server.standbys = {{"b", true}};
    seen.store->synchronous->followers = {"b"};
    seen.published = 7;
    return seen;
}

/// What "b" sees as a follower of a, which has lost the lease.
Observation of_follower() {
    Observation seen = of_primary();
    seen.self = "b";
    seen.server.role = Role::follower;
    seen.server.follows = "a";
    seen.store->leadership.reset();
    seen.store->synchronous->followers = {"b"};
    seen.lease_until.reset();
    return seen;
}

Observation with_lease(Observation seen) {
    seen.store->leadership = Leadership{seen.self, 5};
    seen.lease_until = seen.now + 5s;
    return seen;
}

Decision decided(const Observation& seen) {
    return decide(seen, {});
}

PublishSynchronous publish(const Observation& seen, std::string primary,
                           std::vector<std::string> followers = {}) {
    Synchronous key = *seen.store->synchronous;
    key.primary = std::move(primary);
    key.followers = std::move(followers);
    return {key};
}

// The three mistakes that decision 0012 names; the small world takes some thousand stories to find
// them.

TEST(FailoverRules, TheKeyShrinksBeforeTheSettingChanges) {
    Observation seen = of_primary_with_b();
    seen.server.standbys = {{"c", true}};
    EXPECT_EQ(decided(seen), Decision(publish(seen, "a")));
    seen.store->synchronous->followers.clear();
    EXPECT_EQ(decided(seen), Decision(SetConfirming{{"c"}}));
    seen.published.reset();
    EXPECT_EQ(decided(seen), Decision(publish(seen, "a"))) << "a change may be on its way";
}

TEST(FailoverRules, WhoIsPromotedIsAloneInTheKeyBefore) {
    Observation seen = with_lease(of_follower());
    EXPECT_EQ(decided(seen), Decision(publish(seen, "b")));
    seen.store->synchronous->primary = "b";
    EXPECT_EQ(decided(seen), Decision(Promote{}));
    seen.server.running = seen.server.answers = false;
    seen.server.follows.clear();
    seen.store->synchronous = Synchronous{"a", {"b"}, true, "1", 7};
    EXPECT_EQ(decided(seen), Decision(publish(seen, "b"))) << "nor does it start as a primary";
}

TEST(FailoverRules, AFollowerIsNamedWhenItHasAllThatWasConfirmedWithoutIt) {
    Observation seen = of_primary_with_b();
    seen.store->synchronous->followers.clear();
    EXPECT_EQ(decided(seen), Decision(publish(seen, "a", {"b"})));
    Observation behind = seen;
    behind.server.standbys = {{"b", false}};
    EXPECT_EQ(decided(behind), Decision(Wait{}));
    Observation unsettled = seen;
    unsettled.server.confirming_since = noon - 1s;
    EXPECT_EQ(decided(unsettled), Decision(Wait{}));
}

// What a look saw is as old as its beginning; a lease is as short as at its end.
TEST(FailoverRules, ALookThatTookLongCountsFromItsBeginningAndFromItsEnd) {
    Observation seen = of_primary_with_b();
    seen.store->synchronous->followers.clear();
    seen.server.confirming_since = noon - 3s;
    seen.looked_at = noon - 2s;
    EXPECT_EQ(decided(seen), Decision(Wait{})) << "b was in step before the others had settled";
    seen.now = noon + 4s;
    EXPECT_EQ(decided(seen), Decision(StopNow{})) << "the lease is about to end";
}

TEST(FailoverRules, ASettingThatMayBeHalfDoneIsMadeAgain) {
    Observation seen = of_primary_with_b();
    EXPECT_EQ(decided(seen), Decision(Wait{}));
    // An agent that has just started: who is in the key was put there by one that was sure.
    seen.published.reset();
    seen.server.confirming_since.reset();
    EXPECT_EQ(decided(seen), Decision(Wait{}));
    seen.server.confirming = {unknown};
    EXPECT_EQ(decided(seen), Decision(publish(seen, "a")));
    seen.store->synchronous->followers.clear();
    seen.published = 7;
    EXPECT_EQ(decided(seen), Decision(SetConfirming{{"b"}}));
    // The file and the server agree, but an earlier life may have something else under way.
    seen.server.confirming = {"b"};
    EXPECT_EQ(decided(seen), Decision(SetConfirming{{"b"}}));
    seen.server.confirming_since = noon - 1min;
    EXPECT_EQ(decided(seen), Decision(publish(seen, "a", {"b"})));
}

TEST(FailoverRules, WhoIsPromotedKnowsWhoConfirms) {
    Observation seen = with_lease(of_follower());
    seen.store->synchronous->primary = "b";
    for (const std::vector<std::string>& names :
         {std::vector<std::string>{}, std::vector<std::string>{unknown}}) {
        seen.server.confirming = names;
        EXPECT_EQ(decided(seen), Decision(SetConfirming{{"*"}}));
        EXPECT_EQ(decide(seen, {.strict = false}), Decision(Promote{}));
    }
}

TEST(FailoverRules, APrimaryThatDidNotComeUpLetsOthersTry) {
    Observation seen = of_primary_with_b();
    seen.server.running = seen.server.answers = false;
    EXPECT_EQ(decided(seen), Decision(Start{}));
    seen.silent_since = noon - 11s;
    EXPECT_EQ(decided(seen), Decision(GiveUpLease{}));
    seen.store->leadership.reset();
    EXPECT_EQ(decided(seen), Decision(TakeLease{})) << "nobody else is there";
    seen.store->members = {{.name = "c", .received = {1, 10}}};
    EXPECT_EQ(decided(seen), Decision(TakeLease{})) << "nobody else who may";
    seen.store->members = {{.name = "b", .received = {1, 10}}};
    EXPECT_EQ(decided(seen), Decision(Wait{}));
    seen.silent_since = noon - 1s;
    EXPECT_EQ(decided(seen), Decision(TakeLease{}));
}

TEST(FailoverRules, APrimaryThatRecoversHasItsTimeIfNobodyElseCouldLead) {
    Observation seen = of_primary_with_b();
    seen.server.answers = false;
    seen.server.is_starting = true;
    seen.silent_since = noon - 11s;
    EXPECT_EQ(decided(seen), Decision(Wait{})) << "stopped, it would begin anew";
    seen.store->members = {{.name = "b", .received = {1, 10}}};
    EXPECT_EQ(decided(seen), Decision(StopNow{}));
    seen.store->members.clear();
    seen.server.is_starting = false;
    EXPECT_EQ(decided(seen), Decision(StopNow{}));
}

TEST(FailoverRules, WhoTakesTheLeaseLeavesTheKeyAloneUntilItsServerIsUp) {
    Observation seen = with_lease(of_follower());
    seen.server.running = seen.server.answers = false;
    EXPECT_EQ(decided(seen), Decision(Start{}));
    seen.silent_since = noon - 11s;
    EXPECT_EQ(decided(seen), Decision(GiveUpLease{}));
}

TEST(FailoverRules, DataBesideAnEmptyStoreIsLeftToPeople) {
    Observation seen = of_follower();
    seen.store->synchronous.reset();
    EXPECT_EQ(decided(seen), Decision(Wait{})) << "a follower may be stale";
    EXPECT_EQ(decided(with_lease(seen)), Decision(GiveUpLease{}));
    Observation primary = of_primary();
    primary.store = StoreView{};
    EXPECT_EQ(decided(primary), Decision(StopNow{})) << "so may a primary that was replaced";
    Observation empty{.self = "d", .looked_at = noon, .now = noon, .store = StoreView{}};
    EXPECT_EQ(decided(empty), Decision(TakeLease{}));
    empty.store->members = {{.name = "a", .received = {1, 10}}};
    EXPECT_EQ(decided(empty), Decision(Wait{})) << "there is data elsewhere";
    EXPECT_EQ(decided(with_lease(empty)), Decision(GiveUpLease{}));
}

TEST(FailoverRules, DataOfAnotherDatabaseIsNotOverwritten) {
    Observation seen = of_follower();
    seen.server.database = "2";
    EXPECT_EQ(decided(seen), Decision(Wait{}));
    seen.store->leadership = Leadership{"a", 5};
    seen.store->members = {{.name = "a", .role = Role::primary, .received = {1, 10}}};
    EXPECT_EQ(decided(seen), Decision(StopNow{}));
    seen.server.running = seen.server.answers = false;
    seen.server.follows.clear();
    EXPECT_EQ(decided(seen), Decision(Wait{}));
    seen.server.is_unpublished = true;
    EXPECT_EQ(decided(seen), Decision(Copy{"a"})) << "unless there never was anything in it";
}

TEST(FailoverRules, AnybodyWithoutDataMayBeginAsLongAsNobodyHas) {
    Observation seen{.self = "b", .looked_at = noon, .now = noon};
    seen.store = StoreView{.synchronous = Synchronous{.primary = "a", .revision = 7}};
    EXPECT_EQ(decided(seen), Decision(TakeLease{}));
    seen = with_lease(seen);
    EXPECT_EQ(decided(seen), Decision(publish(seen, "b")));
    seen.store->synchronous->primary = "b";
    EXPECT_EQ(decided(seen), Decision(Create{}));
    seen.server = {.exists = true, .database = "3", .is_unpublished = true};
    PublishSynchronous created = publish(seen, "b");
    created.synchronous.created = true;
    created.synchronous.database = "3";
    EXPECT_EQ(decided(seen), Decision(created));
}

TEST(FailoverRules, APrimaryThatTheKeyDoesNotNameStops) {
    Observation seen = of_primary();
    seen.store->synchronous->primary = "b";
    seen.store->synchronous->followers = {"a"};
    EXPECT_EQ(decided(seen), Decision(StopNow{}));
}

// A primary_conninfo stays behind when a server is promoted: it follows nobody.
TEST(FailoverRules, APromotedServerThatDoesNotAnswerIsStoppedAtTheEndOfItsLease) {
    Observation seen = of_primary();
    seen.server.answers = false;
    seen.store.reset();
    seen.lease_until = noon + 500ms;
    EXPECT_EQ(decided(seen), Decision(StopNow{}));
}

TEST(FailoverStories, AFollowerLeadsWhenThePrimaryCannotStart) {
    World world({}, host::TimePoint{1s});
    world.calm_down();
    ASSERT_TRUE(world.has_settled()) << world.describe_state();
    ASSERT_EQ(world.leader(), "a");
    world.agent(0).cannot_start = true;
    world.stop_server(world.agent(0));
    world.calm_down();
    EXPECT_NE(world.leader(), "a") << world.describe_state();
    EXPECT_NE(world.leader(), "") << world.describe_state();
    EXPECT_TRUE(world.has_all());
}

TEST(FailoverStories, ThePrimaryComesBackWhenNobodyElseCanLead) {
    World world({}, host::TimePoint{1s});
    world.calm_down();
    world.power_off(world.agent(1));
    world.power_off(world.agent(2));
    world.agent(0).cannot_start = true;
    world.stop_server(world.agent(0));
    world.calm_down();
    world.agent(0).cannot_start = false;
    world.calm_down();
    EXPECT_EQ(world.leader(), "a") << world.describe_state();
    EXPECT_TRUE(world.agent(0).server.running);
}

TEST(FailoverStories, AStoreThatLostAllIsToldByPeopleWhoLeads) {
    World world({}, host::TimePoint{1s});
    world.calm_down();
    world.lose_store();
    for (std::size_t i = 0; i < 3; ++i)
        world.kill_agent(world.agent(i));
    world.calm_down();
    EXPECT_EQ(world.leader(), "") << world.describe_state();
    world.name_primary_by_hand();
    world.calm_down();
    EXPECT_TRUE(world.has_settled()) << world.describe_state();
    EXPECT_TRUE(world.has_all());
}

TEST(FailoverStories, AnotherMakesTheDatabaseWhenWhoWasToIsLost) {
    World world({}, host::TimePoint{1s});
    for (int i = 0; i < 2; ++i)
        world.look_and_act(world.agent(0));
    ASSERT_TRUE(world.synchronous());
    world.lose_disk(world.agent(0));
    world.calm_down();
    EXPECT_NE(world.leader(), "") << world.describe_state();
    world.heal(world.agent(0));
    world.calm_down();
    EXPECT_TRUE(world.has_settled()) << world.describe_state();
}

enum class Event : std::uint8_t {
    look,
    decide,
    act,
    look_and_act,
    write,
    replicate,
    time,
    server_dies,
    server_hangs,
    server_breaks,
    server_heals,
    reload,
    agent_dies,
    agent_dies_half_way,
    store_cut_off,
    store_back,
    store_lost,
    straggler,
    power_off,
    disk_lost,
    power_on,
};

rc::Gen<Event> any_event(bool with_losses) {
    const std::size_t loss = with_losses ? 1 : 0;
    return rc::gen::weightedElement<Event>(
        {{8, Event::look},          {8, Event::decide},
         {8, Event::act},           {48, Event::look_and_act},
         {12, Event::write},        {24, Event::replicate},
         {12, Event::time},         {3, Event::server_dies},
         {1, Event::server_hangs},  {1, Event::server_breaks},
         {3, Event::server_heals},  {1, Event::reload},
         {2, Event::agent_dies},    {2, Event::agent_dies_half_way},
         {2, Event::store_cut_off}, {4, Event::store_back},
         {loss, Event::store_lost}, {3, Event::straggler},
         {4, Event::power_off},     {loss, Event::disk_lost},
         {6, Event::power_on}});
}

void happen(World& world, Event event, Agent& agent) {
    switch (event) {
        case Event::look:
            return world.look(agent);
        case Event::decide:
            return world.decide(agent);
        case Event::act:
            return world.act(agent);
        case Event::look_and_act:
            return world.look_and_act(agent);
        case Event::write:
            return world.write(agent);
        case Event::replicate:
            return world.replicate(agent, *rc::gen::element<std::size_t>(1, 1000));
        case Event::time:
            return world.pass(*rc::gen::element<host::Duration>(300ms, 1s, 3s));
        case Event::server_dies:
            return world.stop_server(agent);
        case Event::server_hangs:
            agent.server.hangs = agent.server.running;
            return;
        case Event::server_breaks:
            agent.cannot_start = true;
            return;
        case Event::server_heals:
            agent.cannot_start = false;
            return;
        case Event::reload:
            return world.reload(agent);
        case Event::agent_dies:
            return world.kill_agent(agent);
        case Event::agent_dies_half_way:
            return world.kill_agent_half_way(agent);
        case Event::store_cut_off:
            agent.sees_store = false;
            return;
        case Event::store_back:
            agent.sees_store = true;
            return;
        case Event::store_lost:
            return world.lose_store();
        case Event::straggler:
            return world.let_straggler_arrive();
        case Event::power_off:
            return world.power_off(agent);
        case Event::disk_lost:
            return world.lose_disk(agent);
        case Event::power_on:
            agent.powered = true;
            return;
    }
}

void check(const World& world) {
    if (world.has_all() && world.was_led_by_lease() && world.has_kept_foreign_data()) return;
    RC_LOG(world.describe_state());
    if (!world.has_all()) RC_FAIL("a confirmed commit is missing where it must be");
    if (!world.was_led_by_lease()) RC_FAIL("a primary without a lease");
    RC_FAIL("data of another database was overwritten");
}

void live_through(World& world, bool with_losses) {
    for (std::size_t i = 0; i < 3; ++i)
        world.agent(i).pace = *rc::gen::element(970, 1000, 1030);
    if (*rc::gen::inRange(0, 4) > 0) world.calm_down();
    check(world);
    for (int i = *rc::gen::inRange(0, 1000); i > 0; --i) {
        const auto event = *any_event(with_losses);
        const auto number = *rc::gen::inRange<std::size_t>(0, 3);
        happen(world, event, world.agent(number));
        world.confirm_all();
        check(world);
    }
    for (std::size_t i = 0; i < 3; ++i)
        world.heal(world.agent(i));
    if (!world.synchronous()) world.name_primary_by_hand();
    const bool can_settle = world.can_settle();
    world.calm_down();
    check(world);
    if (!can_settle) return;
    RC_LOG(world.describe_state());
    RC_ASSERT(world.has_settled());
}

RC_GTEST_PROP(FailoverDecision, NeverLosesAConfirmedCommit, ()) {
    World world({.strict = *rc::gen::arbitrary<bool>()}, host::TimePoint{1s});
    live_through(world, false);
}

RC_GTEST_PROP(FailoverDecision, NeverLosesOneWithoutAWordWhenDisksAreLost, ()) {
    World world({}, host::TimePoint{1s});
    live_through(world, true);
}

}  // namespace
}  // namespace atlas::failover
