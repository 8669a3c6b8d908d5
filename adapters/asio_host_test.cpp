// What the real world adds to the contract of all hosts: signals, death, exceptions, descriptors of
// others.

#include "adapters/asio_host.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <csignal>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>

#include "adapters/descriptor.hpp"
#include "adapters/failed_checks.hpp"
#include "system/host/check.hpp"
#include "system/host/task_group.hpp"

namespace atlas::adapters {
namespace {

using host::Deadline;
using host::ErrorCode;
using host::Task;
using host::TaskGroup;
using Readiness = Descriptor::Readiness;
using namespace std::chrono_literals;

Task<> note_shutdown(AsioHost& host, int& notified) {
    co_await host.wait_for_shutdown();
    ++notified;
}

TEST(AsioHost, ASignalToStopIsARequestAndReachesAllWhoWait) {
    AsioHost host({.stop_on_signals = true});
    const auto body = [](AsioHost& on) -> Task<> {
        int notified = 0;
        TaskGroup tasks(on);
        tasks.spawn(note_shutdown(on, notified));
        tasks.spawn(note_shutdown(on, notified));
        co_await sleep_for(on, 1ms);
        EXPECT_FALSE(on.shutdown_requested());
        ::kill(::getpid(), SIGTERM);
        co_await tasks.join();
        EXPECT_TRUE(on.shutdown_requested());
        EXPECT_EQ(notified, 2);
        co_await on.wait_for_shutdown();
    };
    host.run(body(host));
}

TEST(AsioHost, AnExceptionOfTheMainTaskLeavesRun) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        co_await sleep_for(on, 1us);
        throw std::runtime_error("out");
    };
    EXPECT_THROW(host.run(body(host)), std::runtime_error);
    // The host can be run again.
    bool ran = false;
    const auto again = [](bool& flag) -> Task<> {
        flag = true;
        co_return;
    };
    host.run(again(ran));
    EXPECT_TRUE(ran);
}

TEST(AsioHostDeath, FatalSaysWhyAndDies) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(AsioHost({.log_format = LogFormat::json}).fatal("the disk is gone"),
                 "\"reason\":\"the disk is gone\"");
}

TEST(AsioHostDeath, WhatWasLoggedBeforeIsNotLost) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto die = [] {
        AsioHost host({.log_format = LogFormat::json});
        for (int i = 0; i < 100; ++i)
            host.log({host::LogLevel::warning, "line " + std::to_string(i)});
        host.fatal("the end");
    };
    EXPECT_DEATH(die(), "line 99\"[^\n]*\n[^\n]*\"reason\":\"the end\"");
}

TEST(AsioHostDeath, AFailedCheckIsOneLineOfTheLog) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto die = [] {
        AsioHost host({.log_format = LogFormat::json});
        const FailedChecks reported(host);
        host.log({host::LogLevel::warning, "the line before"});
        ATLAS_CHECK(1 + 1 == 3, "sums \"hold\"");
    };
    EXPECT_DEATH(die(),
                 "the line before\"[^\n]*\n[^\n]*\"reason\":\"check failed: 1 \\+ 1 == 3: sums "
                 ".*hold.*asio_host_test.cpp:[0-9]+\\)\"\\}\n");
}

TEST(AsioHostDeath, AnExceptionThatLeavesATaskIsFatal) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto die = [] {
        AsioHost host({.log_format = LogFormat::json});
        const auto thrower = []() -> Task<> {
            throw std::logic_error("an invariant broke");
            co_return;
        };
        const auto body = [&](AsioHost& on) -> Task<> {
            TaskGroup tasks(on);
            tasks.spawn(thrower());
            co_await tasks.join();
        };
        host.run(body(host));
    };
    EXPECT_DEATH(die(), "an invariant broke");
}

TEST(AsioHost, LongWorkOnAThreadDoesNotHoldUpTheLoop) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        // The work ends only after the loop has run: were it run on the loop, neither would end.
        std::array<int, 2> pipe{};
        EXPECT_EQ(::pipe(pipe.data()), 0);
        TaskGroup tasks(on);
        const auto unblock = [](AsioHost& host_of, int end) -> Task<> {
            co_await sleep_for(host_of, 1ms);
            const ssize_t written = ::write(end, "x", 1);
            EXPECT_EQ(written, 1);
        };
        tasks.spawn(unblock(on, pipe[1]));
        char byte = 0;
        const auto done = co_await on.blocking().run([&] {
            const ssize_t count = ::read(pipe[0], &byte, 1);
            if (count != 1) byte = '?';
        });
        EXPECT_TRUE(done);
        EXPECT_EQ(byte, 'x');
        co_await tasks.join();
        ::close(pipe[0]);
        ::close(pipe[1]);
    };
    host.run(body(host));
}

struct SocketPair {
    SocketPair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0); }
    ~SocketPair() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    std::array<int, 2> ends{};
};

TEST(DescriptorTest, IsReadyInTimeOrTheDeadlineSaysSo) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        const SocketPair sockets;
        Descriptor descriptor(on.loop(), ::dup(sockets.ends[0]));
        const auto writable =
            co_await descriptor.wait_until(Readiness::writable, deadline_after(on, 10s));
        EXPECT_TRUE(writable);
        const auto late =
            co_await descriptor.wait_until(Readiness::readable, deadline_after(on, 1ms));
        EXPECT_FALSE(late);
        if (!late) {
            EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);
        }
        EXPECT_EQ(::write(sockets.ends[1], "x", 1), 1);
        const auto readable =
            co_await descriptor.wait_until(Readiness::readable, deadline_after(on, 10s));
        EXPECT_TRUE(readable);
    };
    host.run(body(host));
}

// The alarm of a wait that ended in time stays set.
TEST(DescriptorTest, AnEarlierWaitsAlarmNeitherEndsALaterWaitNorDelaysIt) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        const SocketPair sockets;
        Descriptor descriptor(on.loop(), ::dup(sockets.ends[0]));
        EXPECT_EQ(::write(sockets.ends[1], "x", 1), 1);
        EXPECT_TRUE(co_await descriptor.wait_until(Readiness::readable, deadline_after(on, 20ms)));
        char byte = 0;
        EXPECT_EQ(::read(sockets.ends[0], &byte, 1), 1);
        for (const auto patience : {60ms, 20ms, 80ms}) {
            const host::TimePoint began = on.clock().now();
            const auto late =
                co_await descriptor.wait_until(Readiness::readable, deadline_after(on, patience));
            const host::Duration waited = on.clock().now() - began;
            EXPECT_FALSE(late);
            EXPECT_GE(waited, patience);
            EXPECT_LT(waited, patience + 5s) << "not for ever";
        }
        EXPECT_EQ(::write(sockets.ends[1], "x", 1), 1);
        EXPECT_TRUE(co_await descriptor.wait_until(Readiness::readable, deadline_after(on, 10s)));
        EXPECT_EQ(::read(sockets.ends[0], &byte, 1), 1);
        // Earlier than the alarm that is set.
        EXPECT_FALSE(co_await descriptor.wait_until(Readiness::readable, deadline_after(on, 5ms)));
    };
    host.run(body(host));
}

TEST(DescriptorTest, CloseEndsTheWait) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        const SocketPair sockets;
        Descriptor descriptor(on.loop(), ::dup(sockets.ends[0]));
        TaskGroup tasks(on);
        ErrorCode code{};
        const auto wait = [](Descriptor& on_it, ErrorCode& seen) -> Task<> {
            const auto ready = co_await on_it.wait_until(Readiness::readable, Deadline::never());
            EXPECT_FALSE(ready);
            if (!ready) seen = ready.error().code;
        };
        tasks.spawn(wait(descriptor, code));
        co_await sleep_for(on, 1ms);
        descriptor.close();
        co_await tasks.join();
        EXPECT_EQ(code, ErrorCode::closed);
        EXPECT_FALSE(descriptor.is_open());
    };
    host.run(body(host));
}

TEST(WorkerPoolTest, ItsEndDropsWhatHasNotBegun) {
    boost::asio::io_context loop;
    std::atomic<int> ran = 0;
    std::binary_semaphore begun{0};
    {
        WorkerPool pool(loop, 1, 10);
        const auto slow = [&] {
            begun.release();
            std::this_thread::sleep_for(50ms);
            ++ran;
        };
        EXPECT_TRUE(pool.start(slow, [] {}));
        for (int i = 0; i < 5; ++i)
            EXPECT_TRUE(pool.start([&] { ++ran; }, [] {}));
        begun.acquire();
    }
    EXPECT_EQ(ran, 1) << "what was begun was waited for, the rest dropped";
}

TEST(WorkerPoolTest, WorkBeyondTheLimitIsRefused) {
    AsioHost host({.blocking_threads = 1, .blocking_calls_waiting = 1});
    const auto body = [](AsioHost& on) -> Task<> {
        std::array<int, 2> pipe{};
        EXPECT_EQ(::pipe(pipe.data()), 0);
        const auto block = [](AsioHost& host_of, int end, int& refused) -> Task<> {
            const auto done = co_await host_of.blocking().run([end] {
                char byte = 0;
                if (::read(end, &byte, 1) != 1) std::abort();
            });
            if (!done) {
                EXPECT_EQ(done.error().code, ErrorCode::resource_exhausted);
                ++refused;
            }
        };
        int refused = 0;
        TaskGroup tasks(on);
        for (int i = 0; i < 5; ++i)
            tasks.spawn(block(on, pipe[0], refused));
        co_await sleep_for(on, 1ms);
        EXPECT_EQ(refused, 3);
        EXPECT_EQ(::write(pipe[1], "xx", 2), 2);
        co_await tasks.join();
        ::close(pipe[0]);
        ::close(pipe[1]);
    };
    host.run(body(host));
}

}  // namespace
}  // namespace atlas::adapters
