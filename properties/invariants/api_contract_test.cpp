// Each answer is one that the API allows.

#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {
namespace {

TEST(ApiContract, IsFoundViolated) {
    const auto spoilt = [](auto spoil) {
        Story story = good_story();
        spoil(story.run.operations);
        return check_api_contract(story.run);
    };
    expect_invalid(spoilt([](auto& all) {
                       all[2].outcome = EntryType::info;
                       all[2].response = {.status = 418, .failure = "contract_violated"};
                   }),
                   "outside the contract (status 418)");
    expect_invalid(spoilt([](auto& all) {
                       all[2].outcome = EntryType::fail;
                       all[2].response = {.status = 400, .failure = "rejected"};
                   }),
                   "rejected with 400");
    expect_invalid(spoilt([](auto& all) { all[0].response.id = "42"; }), "no UUIDv7");
    expect_invalid(spoilt([](auto& all) { all[0].response.version = 2; }), "version 2 of a new");
    expect_invalid(spoilt([](auto& all) { all[0].response.email = "z@example.com"; }),
                   "was told \"z@example.com\"");
    expect_invalid(spoilt([](auto& all) { all[0].response.display_name = "Z"; }), "set the name");
    expect_invalid(spoilt([](auto& all) { all[3].response.id = bob; }), "about another user");
    expect_invalid(spoilt([](auto& all) { all[3].response.email = "z@example.com"; }),
                   "was set without one");
    expect_invalid(spoilt([](auto& all) { all[3].response.version = 0; }), "version 0");
    expect_invalid(spoilt([](auto& all) { all[2].response.display_name = "Z"; }), "set the name");
}

TEST(ApiContract, AnEmailIsTakenOnlyByARegistrationThatMayHaveHappened) {
    const auto refused = [](Story& story, std::string email) {
        UserOperation& operation = story.registers("x", std::move(email), "X");
        operation.outcome = EntryType::fail;
        operation.response = {.status = 409, .failure = "email_taken"};
    };
    Story story = good_story();
    refused(story, "BOBBY@example.com");
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
    refused(story, "free@example.com");
    expect_invalid(check_api_contract(story.run), "\"free@example.com\" is taken, but");
    // One that begins later cannot be the reason, nor one that definitely failed.
    UserOperation& attempt = story.registers("y", "Free@example.com", "Y");
    Story::loses_answer(attempt);
    expect_invalid(check_api_contract(story.run), "is taken, but");
    attempt.invoke_line = 1;
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
    attempt.outcome = EntryType::fail;
    expect_invalid(check_api_contract(story.run), "is taken, but");
}

TEST(ApiContract, AnEmailIsFreeOnceItsUserIsDeletedOrHasAnother) {
    const auto when_refused = [](std::string email, auto adjust) {
        Story story = good_story();
        adjust(story.run.operations);
        UserOperation& operation = story.registers("x", std::move(email), "X");
        operation.outcome = EntryType::fail;
        operation.response = {.status = 409, .failure = "email_taken"};
        return check_api_contract(story.run);
    };
    const auto as_told = [](std::vector<UserOperation>&) {};
    const auto unsure = [](std::vector<UserOperation>& all) { Story::loses_answer(all.back()); };
    const auto late = [](std::vector<UserOperation>& all) { all.back().end_line = 1000; };
    expect_invalid(when_refused("EVE@example.com", as_told), "nobody can have had it then");
    EXPECT_EQ(when_refused("eve@example.com", unsure).verdict, Verdict::valid);
    EXPECT_EQ(when_refused("eve@example.com", late).verdict, Verdict::valid);
    expect_invalid(when_refused("bob@example.com", as_told), "nobody can have had it then");
    EXPECT_EQ(when_refused("bobby@example.com", as_told).verdict, Verdict::valid);
}

TEST(ApiContract, WhoMayHaveRegisteredWithoutAnAnswerKeepsTheEmail) {
    Story story = good_story();
    UserOperation& attempt = story.registers("y", "free@example.com", "Y");
    Story::loses_answer(attempt);
    story.deletes("y", 1);
    UserOperation& refused = story.registers("x", "free@example.com", "X");
    refused.outcome = EntryType::fail;
    refused.response = {.status = 409, .failure = "email_taken"};
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
}

TEST(ApiContract, ARepeatedAnswerIsOfTheTimeWhenItWasFirstGiven) {
    Story story = good_story();
    UserOperation& repeat = story.repeats(story.run.operations[10]);
    repeat.outcome = EntryType::fail;
    repeat.response = {.status = 409, .failure = "email_taken"};
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
}

TEST(ApiContract, AChangeOfTheNameKeepsTheEmail) {
    Story story = good_story();
    story.gets(bob, "Bobby B", 3).response.email = "bobby@example.com";
    story.patches(bob, "Rob", 3).response.email = "bobby@example.com";
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
    story.run.operations.back().response.email = "bob@example.com";
    expect_invalid(check_api_contract(story.run), "was set without one");
    story = good_story();
    story.gets(bob, "Bobby B", 3).response.email = "bob@example.com";
    expect_invalid(check_api_contract(story.run), "to whom \"bobby@example.com\" was given");
}

TEST(ApiContract, AnEventualReadMayShowAnEmailThatAFailoverUndoes) {
    Story story = good_story();
    UserOperation& undone = story.gets(bob, "Undone", 4);
    undone.response.email = "undone@example.com";
    undone.request.consistency = "eventual";
    story.patches(bob, "Rob", 4).response.email = "bobby@example.com";
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
    story.run.operations[story.run.operations.size() - 2].request.consistency = "session";
    expect_invalid(check_api_contract(story.run), "was set without one");
}

TEST(ApiContract, APageShowsWhatWasAskedFor) {
    Story story = good_story();
    UserOperation& page = story.lists({}, everybody(), "next");
    expect_invalid(check_api_contract(story.run), "told that there are more");
    page.request.limit = 2;
    expect_invalid(check_api_contract(story.run), "asked for 2 users and was shown 3");
    page.request.limit = 3;
    page.response.users->at(1).email = "z@example.com";
    page.response.users->at(0).version = 0;
    expect_invalid(check_api_contract(story.run), "version 0 of user");
}

}  // namespace
}  // namespace atlas::properties
