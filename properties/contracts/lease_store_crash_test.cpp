// A lease store that is killed and loses power at any moment, with syncs that fail: what its
// clients see is one register that is compared and set, and a lease has one holder at a time.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "properties/checkers/linearizability.hpp"
#include "properties/checkers/register_model.hpp"
#include "sim/cluster/calm.hpp"
#include "system/host/task_group.hpp"
#include "system/lease_store/client.hpp"
#include "system/lease_store/server.hpp"

namespace atlas::properties {
namespace {

using host::ErrorCode;
using host::Host;
using host::Task;
using lease_store::Client;
using lease_store::Entry;
using namespace std::chrono_literals;

constexpr int client_count = 3;
constexpr std::uint16_t port = 7379;
constexpr auto lease_time = 300ms;

/// Syncs take a while, so that crashes fall into them, and may fail; of what no sync has covered
/// each part survives or not.
class RoughDisk final : public sim::disk::DiskPolicy {
  public:
    explicit RoughDisk(std::uint64_t seed) : random_(seed) {}

    sim::disk::Decision decide(const sim::disk::Operation& operation) override {
        sim::disk::Decision decision{.latency = 10us};
        if (operation.kind == sim::disk::OperationKind::sync ||
            operation.kind == sim::disk::OperationKind::sync_directory ||
            operation.kind == sim::disk::OperationKind::make_directory) {
            decision.latency = random_.between(host::Duration(50us), host::Duration(2ms));
            if (random_.chance(1, 60)) decision.error = ErrorCode::io_error;
        }
        return decision;
    }
    bool survives(const sim::disk::Loss&, const sim::disk::UnsyncedPart&) override {
        return random_.chance(1, 2);
    }
    void completed(const sim::disk::Operation&, const sim::disk::Outcome&) override {}

  private:
    host::RandomSource random_;
};

/// When a client could be sure, by the clock, to hold the lease: from the answer on, and for the
/// lease's time from the call on.
struct Holding {
    int client;
    host::TimePoint from;
    host::TimePoint until;
    std::uint64_t token;
};

struct Seen {
    Partition<RegisterModel> partition{.name = "the register", .model = {}, .operations = {}};
    std::vector<Holding> holdings;
    std::uint64_t line = 0;
    int succeeded = 0;
    int unknown = 0;
};

Task<> run_store(Host& host) {
    const host::Result<void> served =
        co_await lease_store::run_lease_store(host, {.listen = {"0.0.0.0", port}});
    if (!served) host.fatal("the lease store cannot start: " + describe(served.error()));
}

class RegisterUser {
  public:
    RegisterUser(Host& host, host::Endpoint endpoint, int number, Seen& seen)
        : host_(host),
          client_(host, std::move(endpoint)),
          number_(number),
          random_(host.random("register", static_cast<std::uint64_t>(number))),
          seen_(seen) {}

    Task<> run() {
        while (true) {
            const auto pause = random_.between(host::Duration(100us), host::Duration(20ms));
            co_await host::sleep_for(host_, pause);
            if (random_.chance(1, 3)) {
                co_await read();
            } else {
                co_await compare_and_set();
            }
        }
    }

  private:
    using Action = RegisterOperation::Action;

    host::Context context() { return {.deadline = host::deadline_after(host_, 200ms)}; }

    State value_of(const Entry* entry) {
        return seen_.partition.model.holding(entry == nullptr ? "nil" : entry->value);
    }

    /// Until it has ended, its outcome is unknown; the world may end before.
    std::size_t begin(RegisterOperation operation) {
        TimedOperation<RegisterOperation> timed{operation, static_cast<std::uint64_t>(number_)};
        timed.interval.call = ++seen_.line;
        seen_.partition.operations.push_back(timed);
        return seen_.partition.operations.size() - 1;
    }
    void end(std::size_t place, RegisterOperation operation) {
        seen_.partition.operations[place].operation = operation;
        seen_.partition.operations[place].interval.end = ++seen_.line;
    }

    Task<> read() {
        // A read that comes to nothing is one that changes nothing: as a refusal that is not known.
        const std::size_t place = begin({Action::attempt_set, value_of(nullptr), never_there_});
        const auto entries = co_await client_.list(context(), "register");
        if (!entries) co_return;
        const Entry* entry = entries->find("register");
        known_ = entry == nullptr ? Entry{} : *entry;
        end(place, {Action::read, value_of(entry), 0});
    }

    Task<> compare_and_set() {
        const std::string value = fmt::format("{}.{}", number_, ++written_);
        const State after = seen_.partition.model.holding(value);
        const State expected = known_.revision == 0 ? value_of(nullptr) : value_of(&known_);
        const std::size_t place = begin({Action::attempt_set, after, expected});
        const auto set = co_await client_.put(
            context(), {.key = "register", .value = value, .if_revision = known_.revision});
        if (set) {
            known_ = *set;
            ++seen_.succeeded;
            end(place, {Action::set, after, expected});
        } else if (set.error().code == ErrorCode::conflict) {
            end(place, {Action::refused_set, after, expected});
        } else if (set.error().certainty == host::Certainty::definite) {
            seen_.partition.operations[place].operation.expected = never_there_;
        } else {
            ++seen_.unknown;
        }
    }

    Host& host_;
    Client client_;
    int number_;
    host::RandomSource random_;
    Seen& seen_;
    Entry known_;
    int written_ = 0;
    /// A value that nobody writes.
    State never_there_ = seen_.partition.model.holding("never there");
};

Task<> hold_lease(Host& host, host::Endpoint endpoint, int number, Seen& seen) {
    Client client(host, std::move(endpoint));
    host::RandomSource random = host.random("lease", static_cast<std::uint64_t>(number));
    std::uint64_t revision = 0;
    while (true) {
        const host::TimePoint asked = host.clock().now();
        const auto held = co_await client.put({.deadline = host::deadline_after(host, 200ms)},
                                              {.key = "lease",
                                               .value = fmt::format("client {}", number),
                                               .if_revision = revision,
                                               .time_to_live = lease_time});
        revision = held ? held->revision : 0;
        if (held) {
            seen.holdings.push_back(
                {number, host.clock().now(), asked + lease_time, held->created});
        }
        // Now and then too late for its own lease.
        const auto pause = random.between(host::Duration(10ms), host::Duration(400ms));
        co_await host::sleep_for(host, pause);
    }
}

Task<> run_clients(Host& host, host::Endpoint endpoint, Seen& seen) {
    host::TaskGroup tasks(host);
    std::vector<std::unique_ptr<RegisterUser>> users;
    for (int i = 0; i < client_count; ++i) {
        users.push_back(std::make_unique<RegisterUser>(host, endpoint, i, seen));
        tasks.spawn(users.back()->run());
        tasks.spawn(hold_lease(host, endpoint, i, seen));
    }
    co_await tasks.join();
}

/// Three virtual seconds with a strike every so often.
void run_world(std::uint64_t seed, Seen& seen) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{seed}};
    sim::cluster::CalmNetwork network;
    RoughDisk disk(seed);
    sim::cluster::Cluster cluster(kernel, network, disk);
    const auto store_machine = cluster.add_machine("store-1");
    const auto client_machine = cluster.add_machine("client-1");
    const auto store =
        cluster.add_process(store_machine, "lease-store", run_store, {.restart_delay = 20ms});
    const host::Endpoint endpoint{cluster.network().address_of(store_machine), port};
    cluster.add_process(client_machine, "clients",
                        [&](Host& host) { return run_clients(host, endpoint, seen); });
    cluster.start_all();
    host::RandomSource strikes(seed + 1);
    host::TimePoint now{};
    while (now < host::TimePoint{3s}) {
        now = now + strikes.between(host::Duration(50ms), host::Duration(700ms));
        kernel.run_until(now);
        const host::Duration down = strikes.between(host::Duration(1ms), host::Duration(100ms));
        const std::uint64_t kind = strikes.below(3);
        if (kind == 0) cluster.kill(store);
        if (kind == 1) cluster.power_off(store_machine);
        if (kind == 2) cluster.pause(store);
        now = now + down;
        kernel.run_until(now);
        if (kind == 1) cluster.power_on(store_machine);
        if (kind == 0) cluster.start(store);
        if (kind == 2) cluster.resume(store);
    }
}

RC_GTEST_PROP(LeaseStoreCrash, IsARegisterThatIsComparedAndSet, ()) {
    Seen seen;
    run_world(*rc::gen::arbitrary<std::uint64_t>(), seen);
    RC_ASSERT(seen.succeeded > 20);
    RC_CLASSIFY(seen.unknown > 0, "some outcomes unknown");
    std::ranges::sort(seen.partition.operations, {},
                      [](const auto& timed) { return timed.interval.call; });
    std::vector<Partition<RegisterModel>> partitions;
    partitions.push_back(std::move(seen.partition));
    const LinearizabilityReport report = check_linearizable(std::move(partitions));
    if (report.judgement.verdict != Verdict::valid) RC_LOG(report.judgement.prose);
    RC_ASSERT(report.judgement.verdict == Verdict::valid);
}

void expect_one_holder_at_a_time(const Seen& seen) {
    for (const Holding& one : seen.holdings) {
        for (const Holding& other : seen.holdings) {
            if (one.client == other.client) continue;
            const bool overlap = one.from < other.until && other.from < one.until;
            RC_ASSERT(!overlap);
            if (one.from < other.from) RC_ASSERT(one.token < other.token);
        }
    }
}

TEST(LeaseStoreCrash, ALeaseHasOneHolderAtATime) {
    int worlds = 0;
    int with_several = 0;
    EXPECT_TRUE(rc::check([&] {
        Seen seen;
        run_world(*rc::gen::arbitrary<std::uint64_t>(), seen);
        expect_one_holder_at_a_time(seen);
        ++worlds;
        with_several += seen.holdings.size() > 1U ? 1 : 0;
    }));
    // In some, three seconds of strikes leave time for one.
    EXPECT_GT(with_several, worlds / 2);
}

class SlowDisk final : public sim::disk::DiskPolicy {
  public:
    sim::disk::Decision decide(const sim::disk::Operation& operation) override {
        const bool is_sync = operation.kind == sim::disk::OperationKind::sync;
        return {.latency = is_sync ? host::Duration(200ms) : host::Duration(10us)};
    }
    bool survives(const sim::disk::Loss&, const sim::disk::UnsyncedPart&) override { return true; }
    void completed(const sim::disk::Operation&, const sim::disk::Outcome&) override {}
};

Task<> put_patiently(Host& host, Client& client) {
    const auto put = co_await client.put({.deadline = host::deadline_after(host, 2s)},
                                         {.key = "first", .value = "v"});
    EXPECT_TRUE(put);
}

Task<> give_up_a_change(Host& host, host::Endpoint endpoint, bool& ended) {
    Client patient(host, endpoint);
    Client hasty(host, endpoint);
    co_await host::sleep_for(host, 2s);
    host::TaskGroup tasks(host);
    tasks.spawn(put_patiently(host, patient));
    co_await host::sleep_for(host, 50ms);
    const auto late = co_await hasty.put({.deadline = host::deadline_after(host, 50ms)},
                                         {.key = "late", .value = "v"});
    EXPECT_EQ(late.error().certainty, host::Certainty::definite) << describe(late.error());
    co_await tasks.join();
    co_await host::sleep_for(host, 1s);
    const auto all = co_await patient.list({.deadline = host::deadline_after(host, 1s)}, "");
    EXPECT_TRUE(all && all->find("first") != nullptr);
    EXPECT_TRUE(all && all->find("late") == nullptr);
    ended = true;
}

// It waited behind a batch that was being written, and its caller went away.
TEST(LeaseStoreDeadline, AChangeThatWasGivenUpBeforeItWasBegunIsNotMade) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::cluster::CalmNetwork network;
    SlowDisk disk;
    sim::cluster::Cluster cluster(kernel, network, disk);
    const auto store_machine = cluster.add_machine("store-1");
    const auto client_machine = cluster.add_machine("client-1");
    cluster.add_process(store_machine, "lease-store", run_store, {.restart_delay = 20ms});
    const host::Endpoint endpoint{cluster.network().address_of(store_machine), port};
    bool ended = false;
    cluster.add_process(client_machine, "clients",
                        [&](Host& host) { return give_up_a_change(host, endpoint, ended); });
    cluster.start_all();
    kernel.run_until(host::TimePoint{10s});
    EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace atlas::properties
