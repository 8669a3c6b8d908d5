#include "system/failover/own_server.hpp"

#include <gtest/gtest.h>

#include "system/failover/conninfo.hpp"

namespace atlas::failover {
namespace {

using namespace std::chrono_literals;

const host::Endpoint place_of_a{"10.0.0.1", 5432};
const host::Endpoint place_of_b{"10.0.0.2", 5432};

/// One look after the other, of the agent of "a".
class FailoverOwnServer : public testing::Test {
  protected:
    FailoverOwnServer() {
        looked.state = {.exists = true, .running = true};
        looked.status = ServerStatus{.role = Role::primary, .position = 100};
        view.leadership = Leadership{.holder = "a", .revision = 1};
        view.members = {{.name = "a", .endpoint = place_of_a, .role = Role::primary},
                        {.name = "b", .endpoint = place_of_b},
                        {.name = "c", .endpoint = {"10.0.0.3", 5432}}};
    }

    const OwnServer& look_after(host::Duration time) {
        now = now + time;
        looked.began = now;
        seen = Observation{.self = "a", .looked_at = now, .now = now, .store = view};
        watch.see(looked, seen);
        return seen.server;
    }

    void become_follower_of(const host::Endpoint& upstream) {
        looked.state.follows = upstream;
        looked.status = ServerStatus{.role = Role::follower,
                                     .position = 100,
                                     .conninfo = conninfo(upstream, "postgres", "a")};
        view.leadership->holder = "b";
        view.members[0].role = Role::follower;
        view.members[1].role = Role::primary;
    }

    AgentOptions options;
    OwnServerWatch watch{"a", options};
    OwnServerWatch::Looked looked{};
    StoreView view;
    Observation seen;
    host::TimePoint now{100s};
};

TEST_F(FailoverOwnServer, AStandbyIsInStepWhenItHasWhatThereWasOnceItAloneConfirmed) {
    looked.confirming = std::vector<std::string>{"b"};
    looked.confirming_since = now;
    looked.status->standbys = {{"b", 90}};
    look_after(1s);
    looked.status->position = 200;
    looked.status->standbys = {{"b", 150}};
    const OwnServer& early = look_after(500ms);
    EXPECT_GT(*early.confirming_since + options.settling_time, now) << "not settled yet";
    looked.status->position = 300;
    looked.status->standbys = {{"b", 250}};
    const OwnServer& settled = look_after(1s);
    EXPECT_EQ(settled.confirming_since, looked.confirming_since);
    EXPECT_FALSE(settled.standbys.at(0).in_step);
    looked.status->position = 400;
    looked.status->standbys = {{"b", 299}};
    EXPECT_FALSE(look_after(1s).standbys.at(0).in_step);
    looked.status->standbys = {{"b", 300}};
    EXPECT_TRUE(look_after(1s).standbys.at(0).in_step) << "although there is more by now";
    looked.confirming_since = now;
    EXPECT_GT(*look_after(500ms).confirming_since + options.settling_time, now)
        << "it was set again";
}

TEST_F(FailoverOwnServer, OneThatStartsUpDoesNotFollowInVainUnlessForTooLong) {
    become_follower_of(place_of_b);
    looked.status.reset();
    looked.is_starting = true;
    const OwnServer& starting = look_after(1s);
    EXPECT_TRUE(starting.is_starting);
    EXPECT_FALSE(look_after(options.patience + 1s).diverged);
    EXPECT_FALSE(look_after(options.patience + 1s).diverged) << "it replays what it has";
    const OwnServer& for_too_long = look_after(options.starting_time);
    EXPECT_FALSE(for_too_long.is_starting);
    EXPECT_TRUE(look_after(options.patience + 1s).diverged);
}

TEST_F(FailoverOwnServer, WhichDatabaseItIsTheFilesSayBeforeItAnswers) {
    looked.state = {.exists = true, .running = false, .database = "1", .is_unpublished = true};
    looked.status.reset();
    EXPECT_EQ(look_after(1s).database, "1");
    EXPECT_TRUE(look_after(1s).is_unpublished);
    looked.state.exists = false;
    EXPECT_EQ(look_after(1s).database, "");
    EXPECT_FALSE(look_after(1s).is_unpublished);
}

TEST_F(FailoverOwnServer, OnlyMembersAreStandbys) {
    looked.status->standbys = {{"a", 100}, {"a copy", 100}, {"b", 100}, {"z", 100}};
    const OwnServer& server = look_after(1s);
    ASSERT_EQ(server.standbys.size(), 1U);
    EXPECT_EQ(server.standbys[0].name, "b");
}

TEST_F(FailoverOwnServer, OfTwoConnectionsOfOneNameBothCount) {
    looked.status->standbys = {{"b", 100}, {"b", 20}, {"c", 100}};
    look_after(1s);
    const OwnServer& server = look_after(1s);
    ASSERT_EQ(server.standbys.size(), 2U);
    EXPECT_FALSE(server.standbys[0].in_step);
    EXPECT_TRUE(server.standbys[1].in_step);
}

TEST_F(FailoverOwnServer, WhatTheAgentHasNotSetItIsNotSureOf) {
    looked.status->synchronous_names = "\"b\"";
    EXPECT_EQ(look_after(1s).confirming, std::vector<std::string>{"?"});
    become_follower_of(place_of_b);
    EXPECT_TRUE(look_after(1s).confirming.empty());
    looked.confirming = std::vector<std::string>{"*"};
    EXPECT_EQ(look_after(1s).confirming, std::vector<std::string>{"*"});
}

TEST_F(FailoverOwnServer, AFollowerGoesByWhatItHasReadAndNotByTheFile) {
    become_follower_of(place_of_b);
    looked.state.follows = host::Endpoint{"10.0.0.3", 5432};
    EXPECT_EQ(look_after(1s).follows, "b");
    looked.status.reset();
    EXPECT_EQ(look_after(1s).follows, "c");
    view.members.pop_back();
    EXPECT_EQ(look_after(1s).follows, "10.0.0.3:5432");
}

TEST_F(FailoverOwnServer, OneThatFollowsInVainHasDiverged) {
    become_follower_of(place_of_b);
    look_after(1s);
    EXPECT_FALSE(look_after(options.patience).diverged);
    EXPECT_TRUE(look_after(1s).diverged);
    looked.state.running = false;
    looked.status.reset();
    EXPECT_TRUE(look_after(1s).diverged) << "it is remembered when it is stopped";
    watch.has_changed();
    EXPECT_FALSE(look_after(1s).diverged);
}

TEST_F(FailoverOwnServer, OneThatReceivesOrHasNobodyToReceiveFromDoesNotFollowInVain) {
    become_follower_of(place_of_b);
    look_after(1s);
    looked.status->receiver = "7";
    look_after(options.patience + 1s);
    look_after(1s);
    looked.status->receiver = "";
    look_after(1s);
    view.members[1].role = Role::follower;
    look_after(options.patience + 1s);
    view.members[1].role = Role::primary;
    look_after(1s);
    EXPECT_FALSE(look_after(options.patience).diverged);
}

TEST_F(FailoverOwnServer, OneThatIsRefusedAgainAndAgainFollowsInVain) {
    become_follower_of(place_of_b);
    look_after(1s);
    for (const char* receiver : {"7", "8", "", "9", "10"}) {
        looked.status->receiver = receiver;
        look_after(3s);
    }
    EXPECT_TRUE(seen.server.diverged) << "each time it was connected for a moment";
}

TEST_F(FailoverOwnServer, IsSilentFromWhenItShouldAnswer) {
    looked.status.reset();
    look_after(1s);
    const host::TimePoint since = now;
    look_after(3s);
    EXPECT_EQ(seen.silent_since, since);
    looked.state.running = false;
    look_after(1s);
    EXPECT_EQ(seen.silent_since, since) << "it leads, so it should";
    view.leadership->holder = "b";
    look_after(1s);
    EXPECT_EQ(seen.silent_since, since) << "it was stopped for its silence";
    view.leadership->holder = "a";
    look_after(1s);
    EXPECT_EQ(seen.silent_since, now) << "it leads anew";
}

}  // namespace
}  // namespace atlas::failover
