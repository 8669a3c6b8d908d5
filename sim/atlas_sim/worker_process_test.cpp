// Workers end as their own result, whatever ends them. A worker is this very program, told to run
// one of the disabled tests below.

#include "sim/atlas_sim/worker_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "sim/atlas_sim/last_words.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::atlas_sim {
namespace {

using testing::HasSubstr;

bool under_address_sanitizer() {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;  // Its own report takes the place of ours.
#endif
#endif
    return false;
}

TEST(WorkerBehaviour, DISABLED_SaysSomethingAndExitsWithSeven) {
    std::puts("said");
    std::fputs("warned", stderr);
    std::fflush(nullptr);
    ::_exit(7);
}

TEST(WorkerBehaviour, DISABLED_NeverEnds) {
    while (true)
        ::pause();
}

TEST(WorkerBehaviour, DISABLED_IsKilled) {
    ::kill(::getpid(), SIGKILL);
}

TEST(WorkerBehaviour, DISABLED_FailsACheck) {
    prepare_last_words("the replay line");
    const AtFailedCheck rescue([] { std::fputs("saved\n", stderr); });
    ATLAS_CHECK(1 + 1 == 3, "sums are right");
}

// The parameter keeps the compiler from turning it into a loop; it never is what ends it.
unsigned overflow(volatile char* above) {
    volatile char frame[4096];
    frame[0] = above == nullptr ? '1' : above[0];
    if (frame[0] == 'x') return 0;
    return overflow(frame) + static_cast<unsigned>(frame[0]);
}

TEST(WorkerBehaviour, DISABLED_OverflowsItsStack) {
    prepare_last_words("the replay line");
    std::printf("%u\n", overflow(nullptr));
}

WorkerResult run(const std::string& behaviour, WorkerLimits limits = {}) {
    WorkerResult only;
    const WorkerJobs jobs{1, [&](std::size_t) {
                              return std::vector<std::string>{
                                  "--gtest_also_run_disabled_tests",
                                  "--gtest_filter=WorkerBehaviour.DISABLED_" + behaviour};
                          }};
    run_workers(jobs, 1, limits, [&](WorkerResult result) {
        only = std::move(result);
        return true;
    });
    return only;
}

TEST(WorkerProcess, GivesItsOutputErrorsAndExitCode) {
    const WorkerResult result = run("SaysSomethingAndExitsWithSeven");
    EXPECT_EQ(result.exit_code, 7);
    EXPECT_EQ(result.signal, 0);
    EXPECT_FALSE(result.timed_out);
    EXPECT_THAT(result.output, HasSubstr("said\n"));
    EXPECT_THAT(result.errors, HasSubstr("warned"));
    EXPECT_GT(result.peak_memory_bytes, 0U);
}

TEST(WorkerProcess, IsStoppedWhenItsTimeIsUp) {
    const WorkerResult result = run("NeverEnds", {.wall_time = std::chrono::seconds{1}});
    EXPECT_TRUE(result.timed_out);
    EXPECT_EQ(result.signal, SIGKILL);
}

TEST(WorkerProcess, GivesTheSignalThatEndedIt) {
    const WorkerResult result = run("IsKilled");
    EXPECT_EQ(result.signal, SIGKILL);
    EXPECT_EQ(result.exit_code, -1);
    EXPECT_FALSE(result.timed_out);
}

TEST(WorkerProcess, StartsNoMoreOnceToldToStop) {
    std::size_t asked = 0;
    const WorkerJobs jobs{100, [&](std::size_t) {
                              ++asked;
                              return std::vector<std::string>{"--gtest_filter=NoSuchTest"};
                          }};
    std::size_t ended = 0;
    run_workers(jobs, 2, {}, [&](const WorkerResult&) {
        ++ended;
        return false;
    });
    EXPECT_LE(asked, 2U);
    EXPECT_EQ(ended, asked);
}

TEST(LastWords, AFailedCheckRescuesAndEndsWithTheReplayLine) {
    const WorkerResult result = run("FailsACheck");
    EXPECT_EQ(result.exit_code, 5);
    EXPECT_THAT(result.errors, HasSubstr("check failed: 1 + 1 == 3: sums are right\nsaved\n"
                                         "replay: the replay line\n"));
}

TEST(LastWords, AStackOverflowIsToldToo) {
    if (under_address_sanitizer()) GTEST_SKIP() << "the sanitizer tells it";
    const WorkerResult result = run("OverflowsItsStack");
    EXPECT_EQ(result.exit_code, 5);
    EXPECT_THAT(result.errors, HasSubstr("SIGSEGV\nreplay: the replay line\n"));
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
