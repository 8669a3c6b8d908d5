#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {

using namespace std::chrono_literals;

std::vector<ListedUser> everybody() {
    return {{ann, "Ann@example.com", "Anna", 2},
            {bob, "bob@example.com", "Bobby", 2},
            {"0193f5a0-0000-7000-8000-000000000003", "late@example.com", "Late", 1}};
}

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
    EXPECT_THAT(judgement.prose, ::testing::HasSubstr(std::string(why)));
}

}  // namespace atlas::properties
