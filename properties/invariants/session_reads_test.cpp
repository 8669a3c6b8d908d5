// Read your writes and monotonic reads, of one client at a time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/invariants/invariants.hpp"

namespace atlas::properties {
namespace {

using ::testing::HasSubstr;

const std::string ann = "0193f5a0-0000-7000-8000-000000000001";

class SessionReads : public testing::Test {
  protected:
    UserOperation& add(std::uint64_t client, UserFunction function, UserFields request,
                       UserFields response) {
        const std::size_t line = 2 * run.operations.size() + 1;
        run.operations.push_back({.function = function,
                                  .process = client,
                                  .outcome = EntryType::ok,
                                  .invoke_line = line,
                                  .end_line = line + 1,
                                  .request = std::move(request),
                                  .response = std::move(response)});
        return run.operations.back();
    }
    void patches(std::uint64_t client, std::uint64_t version) {
        add(client, UserFunction::patch_user,
            {.id = ann, .display_name = "Ann", .if_match = version - 1},
            {.display_name = "Ann", .version = version});
    }
    void reads(std::uint64_t client, std::uint64_t version, std::string level = "session") {
        add(client, UserFunction::get_user, {.id = ann, .consistency = std::move(level)},
            {.display_name = "Ann", .version = version});
    }
    void reads_nobody(std::uint64_t client) {
        add(client, UserFunction::get_user, {.id = ann, .consistency = "session"},
            {.absent = true});
    }
    UserOperation& deletes(std::uint64_t client, std::uint64_t version) {
        return add(client, UserFunction::delete_user, {.id = ann, .if_match = version}, {});
    }
    void expect_valid() { EXPECT_EQ(check_session_reads(run).verdict, Verdict::valid); }
    void expect_invalid(std::string_view why) {
        const Judgement judgement = check_session_reads(run);
        EXPECT_EQ(judgement.verdict, Verdict::invalid);
        EXPECT_THAT(judgement.prose, HasSubstr(std::string(why)));
    }

    RunRecord run;
};

TEST_F(SessionReads, OfAnotherClientMayBeOlder) {
    patches(1, 5);
    reads(2, 3);
    reads(2, 4);
    reads(1, 5);
    expect_valid();
}

TEST_F(SessionReads, SeeWhatTheClientWrote) {
    patches(1, 5);
    reads(1, 4);
    expect_invalid("client 1's get_user on lines 3 to 4 was told version 4");
}

TEST_F(SessionReads, NeverGoBack) {
    reads(2, 4);
    reads(2, 3);
    expect_invalid("had been told version 4");
}

TEST_F(SessionReads, NeverLoseAUserThatNobodyDeletes) {
    reads_nobody(2);
    reads(2, 1);
    reads_nobody(2);
    expect_invalid("nobody deletes that user");
}

TEST_F(SessionReads, MayLoseOneWhoseDeletionIsUnderWay) {
    reads(2, 1);
    deletes(1, 1).outcome = EntryType::info;
    reads_nobody(2);
    reads_nobody(2);
    expect_valid();
}

TEST_F(SessionReads, DoNotBringBackTheDeleted) {
    deletes(1, 1);
    reads(2, 1);
    expect_valid();
    reads(1, 1);
    expect_invalid("to be deleted");
}

TEST_F(SessionReads, EventualOnesBindNobody) {
    patches(1, 5);
    reads(1, 4, "eventual");
    reads(2, 9, "eventual");
    reads(2, 8);
    expect_valid();
}

}  // namespace
}  // namespace atlas::properties
