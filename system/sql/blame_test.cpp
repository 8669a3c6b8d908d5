#include "system/sql/blame.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace atlas::sql {
namespace {

using namespace std::chrono_literals;

Blame for_state(std::string sqlstate, host::Duration took = 0s) {
    return blame_for({.kind = ErrorKind::server, .sqlstate = std::move(sqlstate)}, took, 2s);
}

TEST(Blame, AnAnswerIsAnAnswer) {
    for (const char* sqlstate :
         {"23505", "40001", "40P01", "55P03", "22021", "42P01", "26000", "25P03"})
        EXPECT_EQ(for_state(sqlstate), Blame::nobody) << sqlstate;
}

TEST(Blame, AServerInTroubleSaysSo) {
    for (const char* sqlstate : {"57P01", "57P03", "53300", "53100", "58030", "XX000", "08006"})
        EXPECT_EQ(for_state(sqlstate), Blame::server) << sqlstate;
}

RC_GTEST_PROP(Blame, TimeThatRanOutSpeaksAgainstWhoHadIt, ()) {
    const host::Duration patience = std::chrono::milliseconds(*rc::gen::inRange(1, 5000));
    const host::Duration took = std::chrono::milliseconds(*rc::gen::inRange(0, 10'000));
    const Blame expected = took >= patience ? Blame::server : Blame::caller;
    RC_ASSERT(blame_for({.kind = ErrorKind::deadline_exceeded}, took, patience) == expected);
    const Error timeout{.kind = ErrorKind::server, .sqlstate = "57014"};
    RC_ASSERT(blame_for(timeout, took, patience) == expected);
}

RC_GTEST_PROP(Blame, ADeadConnectionSpeaksAgainstTheServer, ()) {
    const ErrorKind kind = *rc::gen::element(ErrorKind::cannot_connect, ErrorKind::connection_lost,
                                             ErrorKind::protocol);
    const host::Duration took = std::chrono::milliseconds(*rc::gen::inRange(0, 10'000));
    RC_ASSERT(blame_for({.kind = kind}, took, 2s) == Blame::server);
}

}  // namespace
}  // namespace atlas::sql
