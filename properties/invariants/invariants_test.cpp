// Every property holds of a good run, and is seen to fail on a bad one, for its own reason: those
// that have no file of their own here, and the registry.

#include <set>

#include "properties/invariants/registry.hpp"
#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {
namespace {

using ::testing::HasSubstr;

TEST(Invariants, HoldOfAGoodRun) {
    const RunVerdict verdict = judge_run(good_story().run);
    EXPECT_EQ(verdict.verdict, Verdict::valid);
    EXPECT_EQ(verdict.findings.size(), all_properties().size());
    for (const Finding& finding : verdict.findings) {
        EXPECT_EQ(finding.judgement.verdict, Verdict::valid)
            << finding.property << ": " << finding.judgement.prose;
    }
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

TEST(NoInternalError, IsFoundViolated) {
    Story story = good_story();
    UserOperation& operation = story.gets(ann, "Anna", 2);
    operation.outcome = EntryType::fail;
    operation.response = {.status = 500, .failure = "contract_violated"};
    expect_invalid(check_no_internal_error(story.run), "was answered with 500");
    // One fault, one finding.
    EXPECT_EQ(check_api_contract(story.run).verdict, Verdict::valid);
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
