// What TCP of the real world adds to the contract of all networks: descriptors that run out, names,
// and no descriptor left behind.

#include "adapters/tcp_network.hpp"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "adapters/asio_host.hpp"
#include "adapters/socket_address.hpp"
#include "system/host/task_group.hpp"

namespace atlas::adapters {
namespace {

using host::Deadline;
using host::ErrorCode;
using host::Task;
using host::Transport;
using namespace std::chrono_literals;

int open_descriptors() {
    int count = 0;
    DIR* directory = ::opendir("/proc/self/fd");
    while (::readdir(directory) != nullptr)
        ++count;
    ::closedir(directory);
    return count;
}

/// Lowers the limit on descriptors to what is open now and a few more.
class FewDescriptors {
  public:
    explicit FewDescriptors(int more) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit few = before_;
        few.rlim_cur = static_cast<rlim_t>(open_descriptors() + more);
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewDescriptors(const FewDescriptors&) = delete;
    FewDescriptors& operator=(const FewDescriptors&) = delete;

  private:
    rlimit before_{};
};

TEST(TcpNetwork, RunningOutOfDescriptorsIsAnErrorThatPasses) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        auto listener = on.network().listen({"127.0.0.1", 0}, Transport::plain());
        EXPECT_TRUE(listener);
        std::vector<std::unique_ptr<host::ByteStream>> streams;
        ErrorCode connect_error{};
        ErrorCode accept_error{};
        {
            const FewDescriptors few(10);
            for (int i = 0; i < 100 && connect_error == ErrorCode{}; ++i) {
                auto stream = co_await on.network().connect(
                    (*listener)->local_endpoint(), Transport::plain(), deadline_after(on, 10s));
                if (stream) {
                    streams.push_back(std::move(*stream));
                } else {
                    connect_error = stream.error().code;
                }
            }
            const auto accepted = co_await (*listener)->accept(deadline_after(on, 10s));
            EXPECT_FALSE(accepted);
            if (!accepted) accept_error = accepted.error().code;
        }
        EXPECT_EQ(connect_error, ErrorCode::resource_exhausted);
        EXPECT_EQ(accept_error, ErrorCode::resource_exhausted);
        const auto accepted = co_await (*listener)->accept(deadline_after(on, 10s));
        EXPECT_TRUE(accepted) << "the listener still works once descriptors are free";
    };
    host.run(body(host));
}

TEST(TcpNetwork, NoDescriptorIsLeftBehindWhateverEndsAConnection) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        const int before = open_descriptors();
        for (int i = 0; i < 50; ++i) {
            auto listener = on.network().listen({"127.0.0.1", 0}, Transport::plain());
            EXPECT_TRUE(listener);
            auto client = co_await on.network().connect((*listener)->local_endpoint(),
                                                        Transport::plain(), Deadline::never());
            if (i % 3 == 0) (*client)->close();
            auto server = co_await (*listener)->accept(Deadline::never());
            EXPECT_TRUE(server);
            std::byte byte{};
            if (i % 3 == 1) {
                const auto late =
                    co_await (*client)->read_some(std::span(&byte, 1), deadline_after(on, 10us));
                EXPECT_FALSE(late);
            }
            (*listener)->close();
            const auto refused = co_await on.network().connect(
                (*listener)->local_endpoint(), Transport::plain(), deadline_after(on, 1s));
            EXPECT_FALSE(refused);
        }
        EXPECT_EQ(open_descriptors(), before);
    };
    host.run(body(host));
}

using Listening = host::Result<std::unique_ptr<host::Listener>>;

// Takes each of so many connections from whichever of the two gets it.
Task<> accept_all(AsioHost& host, host::Listener& listener, int& accepted) {
    while (co_await listener.accept(deadline_after(host, 300ms)))
        ++accepted;
}

TEST(TcpNetwork, ListenersThatAllShareGetAllConnectionsBetweenThem) {
    AsioHost host({.listen_sharing = ListenSharing::shared});
    const auto body = [](AsioHost& on) -> Task<> {
        const Listening first = on.network().listen({"127.0.0.1", 0}, Transport::plain());
        EXPECT_TRUE(first);
        const host::Endpoint endpoint = (*first)->local_endpoint();
        const Listening second = on.network().listen(endpoint, Transport::plain());
        EXPECT_TRUE(second) << describe(second.error());
        if (!second) co_return;
        int by_first = 0;
        int by_second = 0;
        host::TaskGroup tasks(on);
        tasks.spawn(accept_all(on, **first, by_first));
        tasks.spawn(accept_all(on, **second, by_second));
        constexpr int connections = 64;
        for (int i = 0; i < connections; ++i) {
            const auto client = co_await on.network().connect(endpoint, Transport::plain(),
                                                              deadline_after(on, 10s));
            EXPECT_TRUE(client);
        }
        co_await tasks.join();
        EXPECT_EQ(by_first + by_second, connections);
        // The kernel deals them out by a hash; that one gets none of 64 is not to be seen.
        EXPECT_GT(by_first, 0);
        EXPECT_GT(by_second, 0);
    };
    host.run(body(host));
}

// One that shares does not get in beside one that does not, nor the other way round: a port that is
// taken by mistake is still told of.
TEST(TcpNetwork, APortIsSharedOnlyAmongThoseWhoAllAskedForIt) {
    using enum ListenSharing;
    for (const auto& [one, other] :
         {std::pair{alone, alone}, std::pair{alone, shared}, std::pair{shared, alone}}) {
        AsioHost first_host({.listen_sharing = one});
        AsioHost second_host({.listen_sharing = other});
        const Listening first = first_host.network().listen({"127.0.0.1", 0}, Transport::plain());
        ASSERT_TRUE(first);
        const host::Endpoint endpoint = (*first)->local_endpoint();
        const Listening second = second_host.network().listen(endpoint, Transport::plain());
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
        EXPECT_EQ(second.error().detail, host::to_string(endpoint) + ": Address already in use");
    }
}

TEST(TcpNetwork, LocalhostResolvesToLoopback) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        const auto addresses = co_await on.network().resolve("localhost", deadline_after(on, 20s));
        EXPECT_TRUE(addresses);
        if (!addresses) co_return;
        EXPECT_TRUE(std::ranges::all_of(*addresses, [](const std::string& address) {
            return address == "127.0.0.1" || address == "::1";
        }));
    };
    host.run(body(host));
}

TEST(TcpNetwork, WhatIsNoAddressIsSaid) {
    AsioHost host;
    const auto body = [](AsioHost& on) -> Task<> {
        const auto connected = co_await on.network().connect({"localhost", 1}, Transport::plain(),
                                                             deadline_after(on, 1s));
        EXPECT_FALSE(connected);
        if (!connected) {
            EXPECT_EQ(connected.error().code, ErrorCode::invalid_argument);
        }
        const auto listener = on.network().listen({"", 0}, Transport::plain());
        EXPECT_FALSE(listener);
    };
    host.run(body(host));
}

TEST(SocketAddress, ComesBackAsItWasGiven) {
    for (const host::Endpoint& endpoint :
         {host::Endpoint{"127.0.0.1", 80}, host::Endpoint{"::1", 65535},
          host::Endpoint{"2001:db8::7", 0}}) {
        const auto address = to_socket_address(endpoint);
        ASSERT_TRUE(address);
        EXPECT_EQ(to_endpoint(*address), endpoint);
    }
}

}  // namespace
}  // namespace atlas::adapters
