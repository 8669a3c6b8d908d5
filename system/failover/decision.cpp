#include "system/failover/decision.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace atlas::failover {
namespace {

bool is_primary(const OwnServer& server) {
    return server.answers && server.role == Role::primary;
}

/// It may be the primary: it would be, if nobody had told it to follow.
bool may_take_writes(const OwnServer& server) {
    return server.running && server.follows.empty() &&
           !(server.answers && server.role == Role::follower);
}

bool lease_is_safe(const Observation& seen, const AgentOptions& options) {
    return seen.lease_until && seen.now + options.stopping_time < *seen.lease_until;
}

/// The store is silent: a primary goes on for as long as its lease surely lives.
Decision decide_alone(const Observation& seen, const AgentOptions& options) {
    if (may_take_writes(seen.server) && !lease_is_safe(seen, options)) return StopNow{};
    return Wait{};
}

bool is_beginning(const StoreView& store) {
    return !store.synchronous || !store.synchronous->created;
}

/// There is no database yet, says the store; or it has lost what it knew of one. Who has none may
/// make it if nobody tells of any. Data that is there nevertheless is worth more than the store's
/// word: which of several servers has what was confirmed nobody knows any more, so somebody must
/// look, and write the key.
bool may_begin(const Observation& seen) {
    const OwnServer& server = seen.server;
    const std::optional<Synchronous>& synchronous = seen.store->synchronous;
    if (!server.exists || server.is_unpublished) {
        return std::ranges::all_of(seen.store->members, [&](const Member& other) {
            return other.name == seen.self || other.received == LogPlace{};
        });
    }
    return synchronous && synchronous->primary == seen.self;
}

bool may_lead(const Observation& seen) {
    if (is_beginning(*seen.store)) return may_begin(seen);
    const Synchronous& synchronous = *seen.store->synchronous;
    return synchronous.may_lead(seen.self) && !is_foreign(seen.server, synchronous);
}

bool another_may_lead(const Observation& seen) {
    return std::ranges::any_of(seen.store->members, [&](const Member& other) {
        return other.name != seen.self && seen.store->synchronous->may_lead(other.name);
    });
}

bool is_silent_too_long(const Observation& seen, const AgentOptions& options) {
    return seen.silent_since && seen.now - *seen.silent_since > options.patience;
}

Decision begin(const Observation& seen) {
    const std::optional<Synchronous>& synchronous = seen.store->synchronous;
    if (!synchronous || synchronous->primary != seen.self) return PublishSynchronous{alone(seen)};
    if (!seen.server.exists) return Create{};
    Synchronous created = alone(seen);
    created.created = true;
    created.database = seen.server.database;
    return PublishSynchronous{created};
}

/// Before the first commit that nobody else has, and no sooner: whoever is in the key now could
/// lead in one's place.
Decision once_alone_in_key(const Observation& seen, Decision next) {
    const bool is_alone = seen.store->synchronous->primary == seen.self;
    return is_alone ? std::move(next) : Decision{PublishSynchronous{alone(seen)}};
}

/// It recovers, and nobody else could lead meanwhile: stopped, it would have to begin anew.
bool may_take_its_time(const Observation& seen) {
    return seen.server.is_starting && !another_may_lead(seen);
}

Decision decide_as_holder(const Observation& seen, const AgentOptions& options) {
    const OwnServer& server = seen.server;
    // The lease that the store shows may be about to end: it was not renewed just now.
    if (!lease_is_safe(seen, options)) {
        return may_take_writes(server) ? Decision{StopNow{}} : Decision{Wait{}};
    }
    // What was true when the lease was taken need not be true any more.
    if (!may_lead(seen)) {
        return may_take_writes(server) ? Decision{StopNow{}} : Decision{GiveUpLease{}};
    }
    if (is_beginning(*seen.store)) return begin(seen);
    if (!server.exists) return GiveUpLease{};
    if (is_silent_too_long(seen, options) && !may_take_its_time(seen)) {
        // Never two primaries: what does not answer may still be writing.
        return server.running ? Decision{StopNow{}} : Decision{GiveUpLease{}};
    }
    if (!server.running)
        return server.follows.empty() ? once_alone_in_key(seen, Start{}) : Decision{Start{}};
    if (!server.answers) return Wait{};
    if (server.role == Role::follower) {
        const bool is_sure = !server.confirming.empty() && server.confirming.front() != unknown;
        if (options.strict && !is_sure) return SetConfirming{{"*"}};
        return once_alone_in_key(seen, Promote{});
    }
    // Somebody else has written the key: what this one has confirmed may be missing elsewhere.
    if (seen.store->synchronous->primary != seen.self) return StopNow{};
    return decide_synchronous(seen, options);
}

Decision decide_as_follower(const Observation& seen, const Member* primary) {
    const OwnServer& server = seen.server;
    const std::string& holder = seen.store->leadership->holder;
    if (may_take_writes(server)) return StopNow{};
    // There is nobody to follow until the holder has become the primary.
    const bool can_follow = primary != nullptr && primary->role == Role::primary;
    if (!server.exists) return can_follow ? Decision{Copy{holder}} : Decision{Wait{}};
    if (seen.store->synchronous && is_foreign(server, *seen.store->synchronous)) {
        if (server.running) return StopNow{};
        // Somebody must look what this data is, unless nothing ever was in it.
        return can_follow && server.is_unpublished ? Decision{Copy{holder}} : Decision{Wait{}};
    }
    if (!can_follow) {
        // One that was a primary must not be one again.
        return server.running || server.follows.empty() ? Decision{Wait{}} : Decision{Start{}};
    }
    if (server.follows != holder) {
        // One that was a primary may have what the other has not.
        if (server.follows.empty()) return Rewind{holder};
        return Follow{holder};
    }
    if (server.diverged) return server.running ? Decision{StopNow{}} : Decision{Rewind{holder}};
    if (!server.running) return Start{};
    return Wait{};
}

/// Nobody among those who may lead, and have told how far they are, is further. Two that each know
/// an older place of the other may both wait, until one is told anew.
bool is_furthest(const Observation& seen, const Synchronous& synchronous) {
    return std::ranges::none_of(seen.store->members, [&](const Member& other) {
        if (other.name == seen.self || !synchronous.may_lead(other.name)) return false;
        if (other.received != seen.server.place) return other.received > seen.server.place;
        return other.name < seen.self;
    });
}

/// It has had its time with the lease and did not come to answer: others first.
bool must_let_others_try(const Observation& seen, const AgentOptions& options) {
    return is_silent_too_long(seen, options) && another_may_lead(seen);
}

Decision decide_without_holder(const Observation& seen, const AgentOptions& options) {
    const OwnServer& server = seen.server;
    if (!may_lead(seen)) return may_take_writes(server) ? Decision{StopNow{}} : Decision{Wait{}};
    if (is_beginning(*seen.store)) return TakeLease{};
    const Synchronous& synchronous = *seen.store->synchronous;
    if (!server.exists) return Wait{};
    // A primary that lost its lease and that nobody has replaced is the furthest of all.
    if (is_primary(server) && synchronous.primary == seen.self) return TakeLease{};
    if (may_take_writes(server)) return StopNow{};
    if (!server.running) {
        // What it has of the log is known when it runs. One that was the primary starts when it has
        // the lease: without, it must not take writes.
        if (!server.follows.empty()) return Start{};
        const bool was_primary = synchronous.primary == seen.self;
        return was_primary && !must_let_others_try(seen, options) ? Decision{TakeLease{}}
                                                                  : Decision{Wait{}};
    }
    if (!server.answers) return Wait{};
    return is_furthest(seen, synchronous) ? Decision{TakeLease{}} : Decision{Wait{}};
}

}  // namespace

Synchronous alone(const Observation& seen) {
    const std::optional<Synchronous>& published = seen.store->synchronous;
    if (!published) return {.primary = seen.self};
    Synchronous without_others = *published;
    without_others.primary = seen.self;
    without_others.followers.clear();
    // A database that was just made has not yet said which it is.
    if (published->created && without_others.database.empty())
        without_others.database = seen.server.database;
    return without_others;
}

bool is_foreign(const OwnServer& server, const Synchronous& synchronous) {
    return server.exists && !server.database.empty() && !synchronous.database.empty() &&
           server.database != synchronous.database;
}

bool Synchronous::may_lead(const std::string& member) const {
    return member == primary || std::ranges::find(followers, member) != followers.end();
}

const Member* StoreView::find(const std::string& name) const {
    const auto found = std::ranges::find(members, name, &Member::name);
    return found == members.end() ? nullptr : &*found;
}

const Standby* OwnServer::find(const std::string& name) const {
    const auto found = std::ranges::find(standbys, name, &Standby::name);
    return found == standbys.end() ? nullptr : &*found;
}

Decision decide(const Observation& seen, const AgentOptions& options) {
    if (!seen.store) return decide_alone(seen, options);
    const std::optional<Leadership>& leadership = seen.store->leadership;
    if (!leadership) return decide_without_holder(seen, options);
    if (leadership->holder == seen.self) return decide_as_holder(seen, options);
    return decide_as_follower(seen, seen.store->find(leadership->holder));
}

std::string describe(const Decision& decision) {
    struct Words {
        std::string operator()(const Wait&) const { return "wait"; }
        std::string operator()(const TakeLease&) const { return "take the lease"; }
        std::string operator()(const GiveUpLease&) const { return "give up the lease"; }
        std::string operator()(const PublishSynchronous& it) const {
            return fmt::format("publish that {} leads and [{}] may", it.synchronous.primary,
                               fmt::join(it.synchronous.followers, ", "));
        }
        std::string operator()(const StopNow&) const { return "stop the server now"; }
        std::string operator()(const Start&) const { return "start the server"; }
        std::string operator()(const Promote&) const { return "promote the server"; }
        std::string operator()(const Create&) const { return "create the database"; }
        std::string operator()(const Copy& it) const { return "copy the database from " + it.from; }
        std::string operator()(const Rewind& it) const { return "rewind the server to " + it.to; }
        std::string operator()(const Follow& it) const { return "follow " + it.whom; }
        std::string operator()(const SetConfirming& it) const {
            return fmt::format("have [{}] confirm commits", fmt::join(it.followers, ", "));
        }
    };
    return std::visit(Words{}, decision);
}

}  // namespace atlas::failover
