#include "properties/workloads/user_workload.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "system/host/check.hpp"
#include "system/host/random_sources.hpp"

namespace atlas::properties {

namespace {

/// Half of the clients know one node alone: what it answers must agree with what the others say.
std::vector<host::Endpoint> choose_nodes(std::vector<host::Endpoint> nodes,
                                         host::RandomSource& random) {
    random.shuffle(nodes);
    if (random.chance(1, 2)) nodes.resize(1);
    return nodes;
}

/// Never the version that is expected.
std::int64_t outdated(std::int64_t version, host::RandomSource& random) {
    const auto back = static_cast<std::int64_t>(1 + random.below(2));
    return version > back ? version - back : version + 1;
}

/// Between two tries of the final phase.
constexpr host::Duration pause_between_tries = std::chrono::milliseconds{200};

}  // namespace

std::array<std::uint32_t, std::size(all_user_functions)> weights_of(
    const UserWorkloadOptions& options) {
    return {options.weight_register, options.weight_get,  options.weight_patch,
            options.weight_delete,   options.weight_list, options.weight_change_email,
            options.weight_repeat};
}

UserWorkload::UserWorkload(UserWorkloadOptions options, HistoryRecorder& recorder)
    : options_(options), recorder_(recorder), directory_(options.directory) {}

client::ClientOptions UserWorkload::client_options(std::vector<host::Endpoint> nodes) const {
    client::ClientOptions options;
    options.endpoints = std::move(nodes);
    options.timeout = options_.operation_timeout;
    return options;
}

host::Task<> UserWorkload::run_clients(host::Host& host, std::vector<host::Endpoint> nodes,
                                       std::uint64_t first, std::uint64_t count,
                                       host::TimePoint until) {
    const auto spawn_all = [&](host::TaskGroup& clients) {
        return spawn_clients(clients, host, nodes, first, count, until);
    };
    co_await host::with_task_group(host, spawn_all);
}

host::Task<> UserWorkload::spawn_clients(host::TaskGroup& clients, host::Host& host,
                                         std::vector<host::Endpoint> nodes, std::uint64_t first,
                                         std::uint64_t count, host::TimePoint until) {
    for (std::uint64_t i = 0; i < count; ++i)
        clients.spawn(run_client(host, nodes, first + i, until));
    co_return;
}

host::Task<> UserWorkload::run_client(host::Host& host, std::vector<host::Endpoint> nodes,
                                      std::uint64_t number, host::TimePoint until) {
    host::RandomSource own = host.random("workload.client", number);
    RecordedClient client(host, recorder_, client_options(choose_nodes(std::move(nodes), own)));
    const host::RandomSources sources(own);
    // In nanoseconds before it is divided: whole seconds would come to none.
    const host::Duration mean =
        host::Duration{std::chrono::seconds{1}} * options_.clients / options_.rate;
    host::TimePoint next = host.clock().now();
    for (sim::scenario::OperationId id{.client = number};; ++id.ordinal) {
        host::RandomSource random = sources.source(id.ordinal);
        // Counted from beginning to beginning, so that quick and slow answers give the same rate.
        next = std::max(next + random.exponential(mean), host.clock().now());
        if (next >= until) co_return;
        co_await host::sleep_until(host, next);
        if (host.shutdown_requested()) co_return;
        if (options_.suppressed.contains(id)) continue;
        const std::uint64_t low = random.next();
        client.begin(id, host::RandomSource{low, random.next()});
        co_await run_operation(client, random);
    }
}

host::Task<> UserWorkload::run_operation(RecordedClient& client, host::RandomSource& random) {
    const auto weights = weights_of(options_);
    UserFunction function = all_user_functions[random.weighted(weights)];
    if (directory_.users().empty()) function = UserFunction::register_user;
    switch (function) {
        case UserFunction::register_user:
            return register_someone(client, random);
        case UserFunction::get_user:
            return read_someone(client, random);
        case UserFunction::patch_user:
            return patch_someone(client, random);
        case UserFunction::delete_user:
            return delete_someone(client, random);
        case UserFunction::list_users:
            return walk_on(client, random);
        case UserFunction::change_email:
            return change_email_of_someone(client, random);
        case UserFunction::repeat_registration:
            return repeat_someone(client, random);
    }
    ATLAS_CHECK(false, "the workload has all functions");
}

host::Task<> UserWorkload::register_someone(RecordedClient& client, host::RandomSource& random) {
    const FinishedRegistration registration =
        client.next_registration(directory_.next_email(random));
    client::Outcome<client::User> user = co_await client.register_user(registration);
    if (user) directory_.learn(*user);
    if (user || user.error().kind == client::FailureKind::email_taken) {
        directory_.remember(registration);
    }
}

/// What somebody else was told, perhaps by another node; or the same key for something else.
host::Task<> UserWorkload::repeat_someone(RecordedClient& client, host::RandomSource& random) {
    const FinishedRegistration* const picked = directory_.pick_registration(random);
    const bool under_another_name = random.chance(1, 3);
    if (picked == nullptr) co_return;
    (void)co_await client.repeat_registration(*picked, under_another_name);
}

/// A few pages; the walk goes on with the client's next such operation, so that others register and
/// delete in between.
host::Task<> UserWorkload::walk_on(RecordedClient& client, host::RandomSource& random) {
    const std::uint64_t pages = 1 + random.below(3);
    for (std::uint64_t page = 0; page < pages; ++page) {
        const std::uint64_t limit = 3 + random.below(30);
        const client::Outcome<client::UserPage> shown = co_await client.list_next(limit);
        if (!shown || !shown->next_cursor) co_return;
    }
}

host::Task<> UserWorkload::read_someone(RecordedClient& client, host::RandomSource& random) {
    const std::string id = directory_.pick(random).id;
    const client::Consistency level = level_to_read_at(random);
    client::Outcome<client::User> user = co_await client.get_user(id, level);
    if (level != client::Consistency::strong) co_return;
    if (user) {
        directory_.learn(*user);
    } else if (user.error().kind == client::FailureKind::not_found) {
        directory_.forget(id);
    }
}

/// What is read at a lower level teaches nobody anything: it may be old.
client::Consistency UserWorkload::level_to_read_at(host::RandomSource& random) const {
    const std::uint32_t share = options_.session_per_thousand;
    if (share == 0) return client::Consistency::strong;
    const std::uint64_t drawn = random.below(1000);
    if (drawn < share) return client::Consistency::session;
    return drawn < share + share / 2 ? client::Consistency::eventual : client::Consistency::strong;
}

/// Others go on reading and changing the user meanwhile, and what may be deleted already too: it is
/// known until somebody is told that it is gone.
host::Task<> UserWorkload::delete_someone(RecordedClient& client, host::RandomSource& random) {
    const KnownUser* const picked = directory_.pick_not_hot(random);
    if (picked == nullptr) co_return;
    const KnownUser someone = *picked;
    const client::Outcome<void> deleted = co_await client.delete_user(someone.id, someone.version);
    if (deleted || deleted.error().kind == client::FailureKind::not_found) {
        directory_.forget(someone.id);
    }
}

host::Task<> UserWorkload::patch_someone(RecordedClient& client, host::RandomSource& random) {
    const KnownUser someone = directory_.pick(random);
    const bool is_outdated = random.chance(options_.outdated_per_thousand, 1000);
    const std::int64_t version = version_to_name(someone, is_outdated, random);
    client::Outcome<client::User> user = co_await client.patch_user(someone.id, version);
    if (user) directory_.learn(*user);
    if (user || is_outdated) co_return;
    if (user.error().kind == client::FailureKind::version_mismatch) {
        co_await look_again(client, someone.id);
    }
}

/// To one that is free or taken, or to the user's own spelt otherwise.
host::Task<> UserWorkload::change_email_of_someone(RecordedClient& client,
                                                   host::RandomSource& random) {
    const KnownUser someone = directory_.pick(random);
    const bool keeps_own = random.chance(1, 4);
    std::string email =
        keeps_own ? spell_otherwise(someone.email, random) : directory_.next_email(random);
    const bool is_outdated = random.chance(options_.outdated_per_thousand, 1000);
    const std::int64_t version = version_to_name(someone, is_outdated, random);
    client::Outcome<client::User> user =
        co_await client.change_email(someone.id, std::move(email), version);
    if (user) directory_.learn(*user);
    if (user || is_outdated) co_return;
    if (user.error().kind == client::FailureKind::version_mismatch) {
        co_await look_again(client, someone.id);
    }
}

std::int64_t UserWorkload::version_to_name(const KnownUser& someone, bool is_outdated,
                                           host::RandomSource& random) const {
    return is_outdated ? outdated(someone.version, random) : someone.version;
}

// What everybody believes is out of date: somebody's change went through without an answer.
host::Task<> UserWorkload::look_again(RecordedClient& client, std::string id) {
    client::Outcome<client::User> current = co_await client.get_user(id);
    if (current) directory_.learn(*current);
}

host::Task<bool> UserWorkload::register_someone_fresh(host::Host& host, RecordedClient& client,
                                                      host::Deadline deadline) {
    while (!deadline.passed(host.clock().now())) {
        begin_final(host, client);
        const FinishedRegistration registration =
            client.next_registration(directory_.fresh_email());
        client::Outcome<client::User> user = co_await client.register_user(registration);
        if (user) {
            directory_.learn(*user);
            directory_.remember(registration);
            co_return true;
        }
        co_await host::sleep_for(host, pause_between_tries);
    }
    co_return false;
}

host::Task<bool> UserWorkload::read(host::Host& host, RecordedClient& client, std::string id,
                                    host::Deadline deadline) {
    while (!deadline.passed(host.clock().now())) {
        begin_final(host, client);
        client::Outcome<client::User> user = co_await client.get_user(id);
        if (user) directory_.learn(*user);
        // That there is no such user is an answer too: the checkers judge it.
        if (user || user.error().kind == client::FailureKind::not_found) co_return true;
        co_await host::sleep_for(host, pause_between_tries);
    }
    co_return false;
}

host::Task<bool> UserWorkload::change(host::Host& host, RecordedClient& client, std::string id,
                                      host::Deadline deadline) {
    while (!deadline.passed(host.clock().now())) {
        begin_final(host, client);
        client::Outcome<client::User> current = co_await client.get_user(id);
        if (!current && current.error().kind == client::FailureKind::not_found) co_return true;
        if (current) {
            client::Outcome<client::User> user = co_await client.patch_user(id, current->version);
            if (user) {
                directory_.learn(*user);
                co_return true;
            }
        }
        co_await host::sleep_for(host, pause_between_tries);
    }
    co_return false;
}

// Each try deletes somebody new: one whose deletion took effect without an answer is gone, and
// nobody was told that a deletion succeeded.
host::Task<bool> UserWorkload::remove_someone_fresh(host::Host& host, RecordedClient& client,
                                                    host::Deadline deadline) {
    while (!deadline.passed(host.clock().now())) {
        const bool registered = co_await register_someone_fresh(host, client, deadline);
        if (!registered) co_return false;
        const KnownUser someone = directory_.users().back();
        begin_final(host, client);
        const client::Outcome<void> deleted =
            co_await client.delete_user(someone.id, someone.version);
        if (deleted) {
            directory_.forget(someone.id);
            co_return true;
        }
        co_await host::sleep_for(host, pause_between_tries);
    }
    co_return false;
}

host::Task<bool> UserWorkload::repeat(host::Host& host, RecordedClient& client,
                                      host::Deadline deadline) {
    const FinishedRegistration registration = directory_.last_registration();
    while (!deadline.passed(host.clock().now())) {
        begin_final(host, client);
        const client::Outcome<client::User> user =
            co_await client.repeat_registration(registration, false);
        if (user) co_return true;
        co_await host::sleep_for(host, pause_between_tries);
    }
    co_return false;
}

host::Task<bool> UserWorkload::change_email(host::Host& host, RecordedClient& client,
                                            std::string id, host::Deadline deadline) {
    while (!deadline.passed(host.clock().now())) {
        begin_final(host, client);
        client::Outcome<client::User> current = co_await client.get_user(id);
        if (current) {
            client::Outcome<client::User> user =
                co_await client.change_email(id, directory_.fresh_email(), current->version);
            if (user) {
                directory_.learn(*user);
                co_return true;
            }
        }
        co_await host::sleep_for(host, pause_between_tries);
    }
    co_return false;
}

host::Task<bool> UserWorkload::walk_all(host::Host& host, RecordedClient& client,
                                        host::Deadline deadline) {
    client.begin_walk();
    while (!deadline.passed(host.clock().now())) {
        begin_final(host, client);
        constexpr std::size_t limit = 25;
        const client::Outcome<client::UserPage> page = co_await client.list_next(limit);
        if (page && !page->next_cursor) co_return true;
        if (!page) co_await host::sleep_for(host, pause_between_tries);
    }
    co_return false;
}

// The final phase is one more client; each of its tries is an operation.
void UserWorkload::begin_final(host::Host& host, RecordedClient& client) {
    const std::uint64_t ordinal = final_operations_++;
    client.begin({.client = options_.clients, .ordinal = ordinal},
                 host.random("workload.final", ordinal));
}

host::Task<bool> UserWorkload::run_final_phase(host::Host& host, std::vector<host::Endpoint> nodes,
                                               host::Deadline deadline) {
    RecordedClient client(host, recorder_, client_options(nodes));
    const bool registered = co_await register_someone_fresh(host, client, deadline);
    if (!registered) co_return false;
    // The newest is the one just registered; the oldest are those all clients changed.
    std::vector<std::string> changed{directory_.users().back().id};
    for (std::size_t i = 0; i < directory_.hot_users(); ++i) {
        changed.push_back(directory_.users()[i].id);
    }
    for (const std::string& id : changed) {
        const bool done = co_await change(host, client, id, deadline);
        if (!done) co_return false;
    }
    const bool repeated = co_await repeat(host, client, deadline);
    if (!repeated) co_return false;
    const bool moved = co_await change_email(host, client, directory_.users().back().id, deadline);
    if (!moved) co_return false;
    const bool removed = co_await remove_someone_fresh(host, client, deadline);
    if (!removed) co_return false;
    const bool walked = co_await walk_all(host, client, deadline);
    if (!walked) co_return false;
    const bool all_read = co_await read_all(host, std::move(nodes), deadline);
    co_return all_read;
}

// Several at a time: of a replicated database each waits for a commit that a follower has
// confirmed.
host::Task<bool> UserWorkload::read_all(host::Host& host, std::vector<host::Endpoint> nodes,
                                        host::Deadline deadline) {
    constexpr int readers = 8;
    FinalReads reads{.users = directory_.users()};
    const auto body = [&](host::TaskGroup& tasks) -> host::Task<> {
        for (int i = 0; i < readers; ++i)
            tasks.spawn(read_some(host, nodes, reads, deadline));
        co_return;
    };
    co_await host::with_task_group(host, body);
    co_return reads.all_answered;
}

host::Task<> UserWorkload::read_some(host::Host& host, std::vector<host::Endpoint> nodes,
                                     FinalReads& reads, host::Deadline deadline) {
    RecordedClient client(host, recorder_, client_options(std::move(nodes)));
    while (reads.all_answered && reads.next < reads.users.size()) {
        const std::string id = reads.users[reads.next++].id;
        const bool answered = co_await read(host, client, id, deadline);
        if (!answered) reads.all_answered = false;
    }
}

}  // namespace atlas::properties
