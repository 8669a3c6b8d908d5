// One effect for each idempotency key, and equal answers.

#include "properties/invariants/story_fixture.hpp"

namespace atlas::properties {
namespace {

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

}  // namespace
}  // namespace atlas::properties
