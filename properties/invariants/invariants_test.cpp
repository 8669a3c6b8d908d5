// Every property holds of a good run, and is seen to fail on a bad one, for its own reason.

#include "properties/invariants/invariants.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "properties/invariants/registry.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string ann = "0193f5a0-0000-7000-8000-000000000001";
const std::string bob = "0193f5a0-0000-7000-8000-000000000002";
const std::string eve = "0193f5a0-0000-7000-8000-000000000004";

/// Makes operations one after another, two lines and one second each.
class Story {
  public:
    UserOperation& add(UserFunction function, EntryType outcome, UserFields request,
                       UserFields response) {
        const std::size_t line = 2 * run.operations.size() + 1;
        const auto at = host::Duration{1s} * static_cast<std::int64_t>(line);
        run.operations.push_back({.function = function,
                                  .process = run.operations.size(),
                                  .outcome = outcome,
                                  .invoke_line = line,
                                  .end_line = line + 1,
                                  .invoked_at = at,
                                  .ended_at = at + 1s,
                                  .request = std::move(request),
                                  .response = std::move(response)});
        return run.operations.back();
    }
    UserOperation& registers(const std::string& id, std::string email, std::string name) {
        return add(UserFunction::register_user, EntryType::ok,
                   {.email = email, .display_name = name},
                   {.id = id, .email = email, .display_name = name, .version = 1, .status = 201});
    }
    UserOperation& gets(const std::string& id, std::string name, std::uint64_t version) {
        return add(UserFunction::get_user, EntryType::ok, {.id = id},
                   {.id = id, .display_name = name, .version = version, .status = 200});
    }
    UserOperation& patches(const std::string& id, std::string name, std::uint64_t if_match) {
        return add(UserFunction::patch_user, EntryType::ok,
                   {.id = id, .display_name = name, .if_match = if_match},
                   {.id = id, .display_name = name, .version = if_match + 1, .status = 200});
    }
    UserOperation& deletes(const std::string& id, std::uint64_t if_match) {
        return add(UserFunction::delete_user, EntryType::ok, {.id = id, .if_match = if_match},
                   {.status = 204});
    }
    UserOperation& moves(const std::string& id, std::string email, std::string name,
                         std::uint64_t if_match) {
        return add(UserFunction::change_email, EntryType::ok,
                   {.id = id, .email = email, .display_name = name, .if_match = if_match},
                   {.id = id,
                    .email = email,
                    .display_name = name,
                    .version = if_match + 1,
                    .status = 200});
    }
    /// The key of that registration once more, told the same.
    UserOperation& repeats(const UserOperation& first) {
        const UserOperation copy = first;
        return add(UserFunction::repeat_registration, copy.outcome, copy.request, copy.response);
    }
    /// A page of client 99's walk.
    UserOperation& lists(std::optional<std::string> cursor, std::vector<ListedUser> users,
                         std::optional<std::string> next) {
        UserOperation& page =
            add(UserFunction::list_users, EntryType::ok, {.cursor = std::move(cursor), .limit = 10},
                {.status = 200, .next_cursor = std::move(next)});
        page.response.users = std::move(users);
        page.process = 99;
        return page;
    }
    /// The outcome of a patch, deletion or registration becomes unknown.
    static void loses_answer(UserOperation& operation) {
        operation.outcome = EntryType::info;
        operation.response = {.failure = "connection_lost"};
    }

    RunRecord run;
};

/// Before Bob's e-mail changes.
std::vector<ListedUser> everybody() {
    return {{ann, "Ann@example.com", "Anna", 2},
            {bob, "bob@example.com", "Bobby", 2},
            {"0193f5a0-0000-7000-8000-000000000003", "late@example.com", "Late", 1}};
}

/// Users, of whom some are renamed and one is deleted; faults end, and then each kind succeeds once
/// more.
Story good_story() {
    Story story;
    story.registers(ann, "Ann@example.com", "Ann");
    story.registers(bob, "bob@example.com", "Bob");
    story.patches(ann, "Anna", 1);
    story.gets(ann, "Anna", 2);
    story.registers("0193f5a0-0000-7000-8000-000000000003", "late@example.com", "Late");
    story.gets(bob, "Bob", 1);
    story.patches(bob, "Bobby", 1);
    story.run.operations[0].request.key = "k-1";
    story.repeats(story.run.operations[0]);
    story.lists({}, everybody(), {});
    story.moves(bob, "bobby@example.com", "Bobby B", 2);
    story.registers(eve, "eve@example.com", "Eve");
    story.deletes(eve, 1);
    story.run.users = {{ann, "Ann@example.com", "ann@example.com", "Anna", 2, true},
                       {bob, "bobby@example.com", "bobby@example.com", "Bobby B", 3, true},
                       {"0193f5a0-0000-7000-8000-000000000003", "late@example.com",
                        "late@example.com", "Late", 1, true},
                       {eve, "", "", "", 2, false}};
    story.run.facts.weights = {1, 1, 1, 1, 1, 1, 1};
    story.run.facts.faults_ended_at = 9s;
    story.run.facts.final_phase_completed = true;
    story.run.facts.ended_at = 30s;
    story.run.facts.leftovers.emplace();
    story.run.facts.abandoned_transactions.emplace();
    story.run.facts.old_primaries.emplace();
    story.run.facts.unowned_pairs.emplace();
    story.run.facts.job_faults.emplace();
    story.run.facts.owners_committed = 7;
    story.run.facts.jobs_done = 5;
    story.run.facts.follower_reads = {.session = 3, .eventual = 1};
    return story;
}

void expect_invalid(const Judgement& judgement, std::string_view why) {
    EXPECT_EQ(judgement.verdict, Verdict::invalid);
    EXPECT_THAT(judgement.prose, HasSubstr(std::string(why)));
}

TEST(Invariants, HoldOfAGoodRun) {
    const RunVerdict verdict = judge_run(good_story().run);
    EXPECT_EQ(verdict.verdict, Verdict::valid);
    EXPECT_EQ(verdict.findings.size(), all_properties().size());
    for (const Finding& finding : verdict.findings) {
        EXPECT_EQ(finding.judgement.verdict, Verdict::valid)
            << finding.property << ": " << finding.judgement.prose;
    }
}

TEST(UniqueEmails, AreFoundViolatedInTheTable) {
    Story story = good_story();
    story.run.users->push_back({"x", "ANN@example.com", "ann@example.com", "X", 1, true});
    expect_invalid(check_unique_emails(story.run), "have one e-mail in the table");
    story.run.users->back().is_live = false;
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
}

TEST(UniqueEmails, AreFreeAgainAfterADeletion) {
    Story story = good_story();
    const std::size_t after_all = story.run.operations.back().end_line + 3;
    story.registers("x", "EVE@example.com", "Next");
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    story.run.operations[story.run.operations.size() - 2].invoke_line = after_all;
    expect_invalid(check_unique_emails(story.run), "two users were given it");
}

TEST(AcknowledgedWrites, ADeletionIsOne) {
    Story story = good_story();
    story.run.users->back().is_live = true;
    expect_invalid(check_acknowledged_writes(story.run), "is there again");
    expect_invalid(check_user_records(story.run), "deleted");
    story.run.users->back().is_live = false;
    story.run.users->back().version = 3;
    expect_invalid(check_acknowledged_writes(story.run), "holds what nobody wrote");
}

TEST(AcknowledgedWrites, OfADeletedUserNoPersonalDataAreLeft) {
    for (std::string UserRow::* const left :
         {&UserRow::email, &UserRow::email_folded, &UserRow::display_name}) {
        Story story = good_story();
        story.run.users->back().*left = "Eve";
        expect_invalid(check_acknowledged_writes(story.run), "is still in the table");
    }
}

TEST(AcknowledgedWrites, ADeletionWithoutAnAnswerMayHaveHappened) {
    Story story = good_story();
    Story::loses_answer(story.run.operations.back());
    EXPECT_EQ(check_acknowledged_writes(story.run).verdict, Verdict::valid);
    EXPECT_EQ(check_user_records(story.run).verdict, Verdict::valid);
    story.run.users->back() = {eve, "eve@example.com", "eve@example.com", "Eve", 1, true};
    EXPECT_EQ(check_acknowledged_writes(story.run).verdict, Verdict::valid);
    story.run.users->front().is_live = false;
    expect_invalid(check_acknowledged_writes(story.run), "holds what nobody wrote");
}

TEST(UniqueEmails, AreFoundWronglyFolded) {
    Story story = good_story();
    story.run.users->front().email_folded = "Ann@example.com";
    expect_invalid(check_unique_emails(story.run), "but the table folds it to");
}

TEST(UniqueEmails, AreFoundViolatedByWhatClientsWereTold) {
    Story story = good_story();
    story.registers("x", "aNN@example.com", "X");
    expect_invalid(check_unique_emails(story.run), "are one e-mail, and two users");
}

TEST(UniqueEmails, AreNotFoldedBeyondAscii) {
    Story story = good_story();
    story.registers("x", "\u00e4@example.com", "X");
    story.registers("y", "\u00c4@example.com", "Y");
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
}

TEST(AcknowledgedWrites, AreMissedWhenAUserIsLost) {
    Story story = good_story();
    story.run.users->erase(story.run.users->begin());
    expect_invalid(check_acknowledged_writes(story.run), "is lost");
}

TEST(AcknowledgedWrites, AreMissedWhenAChangeIsLost) {
    Story story = good_story();
    (*story.run.users)[0].version = 1;
    (*story.run.users)[0].display_name = "Ann";
    expect_invalid(check_acknowledged_writes(story.run), "has lost an acknowledged write");
}

TEST(AcknowledgedWrites, AreMissedWhenTheNameIsAnother) {
    Story story = good_story();
    (*story.run.users)[0].display_name = "Zoe";
    expect_invalid(check_acknowledged_writes(story.run), "holds what nobody wrote");
}

TEST(AcknowledgedWrites, MayBeFollowedByThoseWithoutAnAnswer) {
    Story story = good_story();
    Story::loses_answer(story.patches(ann, "Third", 2));
    Story::loses_answer(story.patches(ann, "Fourth", 3));
    UserRow& row = story.run.users->front();
    const auto ends_as = [&](std::uint64_t version, std::string name) {
        row.version = version;
        row.display_name = std::move(name);
        return check_acknowledged_writes(story.run).verdict;
    };
    EXPECT_EQ(ends_as(2, "Anna"), Verdict::valid);
    EXPECT_EQ(ends_as(3, "Third"), Verdict::valid);
    EXPECT_EQ(ends_as(4, "Fourth"), Verdict::valid);
    EXPECT_EQ(ends_as(3, "Fourth"), Verdict::invalid);
    EXPECT_EQ(ends_as(5, "Fourth"), Verdict::invalid);
}

TEST(AcknowledgedWrites, LookIntoTheOriginOfUsers) {
    Story story = good_story();
    story.run.users->push_back({"x", "New@example.com", "new@example.com", "New", 1, true});
    expect_invalid(check_acknowledged_writes(story.run), "no registration");
    UserOperation& attempt = story.registers("x", "new@EXAMPLE.com", "New");
    Story::loses_answer(attempt);
    EXPECT_EQ(check_acknowledged_writes(story.run).verdict, Verdict::valid);
    attempt.outcome = EntryType::fail;
    expect_invalid(check_acknowledged_writes(story.run), "no registration");
}

TEST(AcknowledgedWrites, AreUnknownWithoutATable) {
    Story story = good_story();
    story.run.users.reset();
    EXPECT_EQ(check_acknowledged_writes(story.run).verdict, Verdict::unknown);
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::unknown);
}

TEST(UserRecords, AreFoundStale) {
    Story story = good_story();
    story.gets(ann, "Ann", 1);
    expect_invalid(check_user_records(story.run), "that answer is impossible here");
}

TEST(UserRecords, IncludeTheTableAtTheEnd) {
    Story story = good_story();
    (*story.run.users)[0].version = 1;
    (*story.run.users)[0].display_name = "Ann";
    expect_invalid(check_user_records(story.run), "table of users at the end");
}

TEST(UserRecords, AreUnknownWithoutABudget) {
    Story story = good_story();
    for (std::uint64_t version = 2; version < 5000; ++version)
        story.patches(ann, "N", version);
    story.run.users.reset();
    story.run.budget.steps_per_partition = 10;
    EXPECT_EQ(check_user_records(story.run).verdict, Verdict::unknown);
}

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

TEST(UniqueEmails, AreHeldFromOneChangeToTheNext) {
    Story story = good_story();
    story.registers("x", "BOB@example.com", "X");
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    story.moves(ann, "BOBBY@example.com", "Anna B", 2);
    expect_invalid(check_unique_emails(story.run), "two users were given it");
    // The one before may have lost it first, by a request that was made for the version it had.
    UserOperation& away = story.moves(bob, "robert@example.com", "Robert", 3);
    Story::loses_answer(away);
    away.invoke_line = 1;
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    away.request.if_match = 2;
    expect_invalid(check_unique_emails(story.run), "two users were given it");
}

TEST(UniqueEmails, AreNotHeldByAnAcknowledgementThatComesAfterTheirEnd) {
    Story story = good_story();
    const std::size_t late = story.run.operations.size();
    story.moves(ann, "shared@example.com", "Anna B", 2);
    story.moves(ann, "ann@example.org", "Anna B", 3);
    story.registers("x", "SHARED@example.com", "X");
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    story.run.operations[late].end_line = 1000;
    EXPECT_EQ(check_unique_emails(story.run).verdict, Verdict::valid);
    // Nobody had asked for its end by then.
    story.run.operations[late + 1].invoke_line = 1001;
    expect_invalid(check_unique_emails(story.run), "two users were given it");
}

TEST(Described, IsFoundViolated) {
    Story story = good_story();
    story.run.facts.undescribed_responses = {"The answer 418 to GET /v1/users is odd."};
    expect_invalid(check_described(story.run), "The answer 418");
}

TEST(AbandonedTransactions, AreFound) {
    Story story = good_story();
    EXPECT_EQ(check_abandoned_transactions(story.run).verdict, Verdict::valid);
    story.run.facts.abandoned_transactions->push_back("Session 101 idled for 60 s.");
    expect_invalid(check_abandoned_transactions(story.run), "Session 101");
}

TEST(SmallTransactions, AreJudgedByWhatTheirClientsFound) {
    Story story = good_story();
    EXPECT_EQ(check_ownership(story.run).verdict, Verdict::valid);
    EXPECT_EQ(check_job_queue(story.run).verdict, Verdict::valid);
    story.run.facts.unowned_pairs->push_back("A transaction saw neither on.");
    expect_invalid(check_ownership(story.run), "neither on");
    story.run.facts.job_faults->push_back("Worker 1 had done job 7.");
    expect_invalid(check_job_queue(story.run), "job 7");
}

TEST(OnePrimary, IsMissedWhenAnOldOneGoesOn) {
    Story story = good_story();
    const auto is_judged = [&] {
        return std::ranges::any_of(judge_run(story.run).findings, [](const Finding& finding) {
            return finding.property == "one-primary";
        });
    };
    EXPECT_TRUE(is_judged());
    EXPECT_EQ(check_one_primary(story.run).verdict, Verdict::valid);
    story.run.facts.old_primaries->push_back("postgres-0 had taken writes for 6 s.");
    expect_invalid(check_one_primary(story.run), "postgres-0");
    story.run.facts.old_primaries.reset();
    EXPECT_FALSE(is_judged()) << "there is one server";
}

TEST(EqualReplays, AreFoundViolated) {
    const auto repeated = [](auto spoil) {
        Story story = good_story();
        spoil(story.repeats(story.run.operations[0]));
        return check_equal_replays(story.run);
    };
    EXPECT_EQ(repeated([](UserOperation&) {}).verdict, Verdict::valid);
    EXPECT_EQ(repeated([](UserOperation& repeat) { Story::loses_answer(repeat); }).verdict,
              Verdict::valid);
    expect_invalid(repeated([](UserOperation& repeat) { repeat.response.id = bob; }),
                   "with the same key user " + bob);
    expect_invalid(repeated([](UserOperation& repeat) { repeat.response.version = 2; }),
                   "version 2");
    expect_invalid(repeated([](UserOperation& repeat) {
                       repeat.outcome = EntryType::fail;
                       repeat.response = {.status = 409, .failure = "email_taken"};
                   }),
                   "that the e-mail is taken");
    expect_invalid(repeated([](UserOperation& repeat) {
                       repeat.outcome = EntryType::fail;
                       repeat.response = {.status = 422, .failure = "rejected"};
                   }),
                   "that it is refused with 422");
}

TEST(EqualReplays, AnotherBodyIsRefused) {
    Story story = good_story();
    UserOperation& repeat = story.repeats(story.run.operations[0]);
    repeat.request.display_name = "Other";
    expect_invalid(check_equal_replays(story.run), "was not refused with 422");
    repeat.outcome = EntryType::fail;
    repeat.response = {.status = 422,
                       .problem = "urn:atlas:problem:idempotency-key-reused",
                       .failure = "rejected"};
    EXPECT_EQ(check_equal_replays(story.run).verdict, Verdict::valid);
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
    repeat.response = {.status = 409, .failure = "email_taken"};
    expect_invalid(check_equal_replays(story.run), "was not refused with 422");
}

TEST(EqualReplays, OneRegistrationMakesOneUser) {
    Story story = good_story();
    story.run.users->push_back({"x", "x@example.com", "x@example.com", "Late", 1, true});
    expect_invalid(check_equal_replays(story.run), "The registration of \"Late\" made two users");
    story.run.users->back().version = 2;
    EXPECT_EQ(check_equal_replays(story.run).verdict, Verdict::valid);
    story.gets("x", "Late", 1);
    expect_invalid(check_equal_replays(story.run), "The registration of \"Late\" made two users");
}

TEST(Listings, SkipNobodyWhoWasThereThroughout) {
    std::vector<ListedUser> some = everybody();
    some.erase(some.begin() + 1);
    Story story = good_story();
    UserOperation& page = story.lists({}, some, {});
    expect_invalid(check_listings(story.run), "skipped user " + bob);
    // Whoever is yet to come is not skipped.
    page.response.next_cursor = "next";
    page.response.users->pop_back();
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
    page.response.users->clear();
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
    // Whoever may have been deleted meanwhile may be missing; eve was, before.
    page.response.next_cursor.reset();
    page.response.users = some;
    UserOperation& deletion = story.deletes(bob, 3);
    expect_invalid(check_listings(story.run), "skipped user " + bob);
    Story::loses_answer(deletion);
    deletion.invoke_line = 1;
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
}

TEST(Listings, ShowNobodyTwiceInAWalk) {
    Story story = good_story();
    story.lists({}, {everybody()[0], everybody()[1]}, "after bob");
    story.lists("after bob", {everybody()[2]}, {});
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
    story.run.operations.back().response.users = {{everybody()[1], everybody()[2]}};
    expect_invalid(check_listings(story.run), "a second time");
    // In another walk everybody is shown again.
    story.run.operations.back().request.cursor.reset();
    story.run.operations.back().response.users = everybody();
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
}

TEST(Listings, ShowNobodyWhoWasNeverRegistered) {
    Story story = good_story();
    std::vector<ListedUser> users = everybody();
    users.push_back({"x", "x@example.com", "X", 1});
    story.lists({}, users, {});
    expect_invalid(check_listings(story.run), "shows user x, who was never registered");
    UserOperation& attempt = story.registers("x", "x@example.com", "X");
    expect_invalid(check_listings(story.run), "never registered");
    Story::loses_answer(attempt);
    EXPECT_EQ(check_listings(story.run).verdict, Verdict::valid);
}

TEST(NoInternalError, IsFoundViolated) {
    Story story = good_story();
    UserOperation& operation = story.gets(ann, "Anna", 2);
    operation.outcome = EntryType::fail;
    operation.response = {.status = 500, .failure = "contract_violated"};
    expect_invalid(check_no_internal_error(story.run), "was answered with 500");
    // One fault, one finding.
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
}

TEST(OperationsEnd, IsFoundViolated) {
    Story story = good_story();
    story.run.facts.ended_at = 200s;
    story.run.operations[0].ended_at = 9s + 60s;
    EXPECT_EQ(check_operations_end(story.run).verdict, Verdict::valid);
    story.run.operations[0].ended_at = 9s + 61s;
    expect_invalid(check_operations_end(story.run), "had not ended 60.000000 s after");
    story = good_story();
    UserOperation& open = story.gets(ann, "Anna", 2);
    open.end_line = 0;
    expect_invalid(check_operations_end(story.run), "had not ended when the run did");
    story.run.facts.faults_ended_at.reset();
    EXPECT_EQ(check_operations_end(story.run).verdict, Verdict::valid);
}

TEST(OperationsEnd, IsFoundViolatedByACallThatItsClientGaveUp) {
    Story story = good_story();
    UserOperation& hanging = story.gets(ann, "Anna", 2);
    hanging.outcome = EntryType::fail;
    hanging.response = {.failure = "deadline_exceeded"};
    story.run.facts.ended_at = 69s;
    hanging.invoked_at = 9s + 29s;
    hanging.ended_at = 9s + 34s;
    EXPECT_EQ(check_operations_end(story.run).verdict, Verdict::valid);
    hanging.invoked_at = 9s + 30s;
    expect_invalid(check_operations_end(story.run),
                   "began 30.000000 s after faults had stopped, and its client gave up");
    hanging.response = {.failure = "not_started"};
    const Judgement ended = check_operations_end(story.run);
    EXPECT_EQ(ended.verdict, Verdict::valid);
    EXPECT_THAT(ended.prose, HasSubstr("within 60.000000 s"));
}

TEST(ServiceRecovers, IsFoundViolated) {
    Story story = good_story();
    story.run.facts.faults_ended_at = 22s;
    expect_invalid(check_service_recovers(story.run),
                   "No register_user that began after faults had stopped");
    story = good_story();
    story.run.facts.final_phase_completed = false;
    expect_invalid(check_service_recovers(story.run), "final phase");
}

TEST(NothingLeftBehind, IsFoundViolated) {
    Story story = good_story();
    story.run.facts.leftovers = {"api-1: 1 connection"};
    expect_invalid(check_nothing_left_behind(story.run), "api-1: 1 connection");
}

TEST(NothingLeftBehind, IsLeftOutWhereNobodyCounted) {
    Story story = good_story();
    story.run.facts.leftovers.reset();
    EXPECT_EQ(check_nothing_left_behind(story.run).verdict, Verdict::unknown);
    const RunVerdict verdict = judge_run(story.run);
    EXPECT_EQ(verdict.verdict, Verdict::valid);
    for (const Finding& finding : verdict.findings)
        EXPECT_NE(finding.property, "nothing-left-behind");
}

TEST(NotVacuous, IsUnknownWhenAKindNeverSucceeded) {
    Story story = good_story();
    std::erase_if(story.run.operations,
                  [](const auto& each) { return each.function == UserFunction::patch_user; });
    const Judgement judgement = check_not_vacuous(story.run);
    EXPECT_EQ(judgement.verdict, Verdict::unknown);
    EXPECT_THAT(judgement.prose, HasSubstr("No patch_user ever succeeded"));
    story.run.facts.weights = {1, 1, 0};
    EXPECT_EQ(check_not_vacuous(story.run).verdict, Verdict::valid);
}

void expect_vacuous(const Story& story, std::string_view why) {
    const Judgement judgement = check_not_vacuous(story.run);
    EXPECT_EQ(judgement.verdict, Verdict::unknown);
    EXPECT_THAT(judgement.prose, HasSubstr(std::string(why)));
}

TEST(NotVacuous, IsUnknownWhenAWorkloadCameToNothing) {
    Story story = good_story();
    story.run.facts.owners_committed = 0;
    expect_vacuous(story, "No transaction of owners committed");
    story.run.facts.owners_committed.reset();
    story.run.facts.jobs_done = 0;
    expect_vacuous(story, "No job was ever done");
    story.run.facts.jobs_done.reset();
    EXPECT_EQ(check_not_vacuous(story.run).verdict, Verdict::valid) << "neither was run";
}

TEST(NotVacuous, IsUnknownWhenNoFollowerAnsweredAtALevel) {
    Story story = good_story();
    story.run.facts.follower_reads = {.session = 0, .eventual = 1};
    expect_vacuous(story, "No session read was answered by a follower");
    story.run.facts.follower_reads = {.session = 3, .eventual = 0};
    expect_vacuous(story, "No eventual read was answered by a follower");
    story.run.facts.weights[static_cast<std::size_t>(UserFunction::get_user)] = 0;
    EXPECT_EQ(check_not_vacuous(story.run).verdict, Verdict::valid) << "nobody is read";
}

TEST(Verdicts, InvalidBeatsUnknownBeatsValid) {
    EXPECT_EQ(merge(Verdict::unknown, Verdict::valid), Verdict::unknown);
    EXPECT_EQ(merge(Verdict::unknown, Verdict::invalid), Verdict::invalid);
    EXPECT_EQ(merge(Verdict::valid, Verdict::valid), Verdict::valid);
    Story story = good_story();
    story.run.users.reset();
    EXPECT_EQ(judge_run(story.run).verdict, Verdict::unknown);
    story.gets(ann, "Ann", 1);
    const RunVerdict verdict = judge_run(story.run);
    EXPECT_EQ(verdict.verdict, Verdict::invalid);
    EXPECT_TRUE(verdict.violates("user-records"));
    EXPECT_FALSE(verdict.violates("unique-emails"));
}

TEST(Registry, NamesEachPropertyOnceWithASentence) {
    std::set<std::string_view> names;
    for (const Property& property : all_properties()) {
        EXPECT_TRUE(names.insert(property.name).second) << property.name;
        EXPECT_TRUE(property.sentence.ends_with('.')) << property.name;
        EXPECT_EQ(find_property(property.name), &property);
    }
    EXPECT_EQ(find_property("none"), nullptr);
}

}  // namespace
}  // namespace atlas::properties
