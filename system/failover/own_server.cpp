#include "system/failover/own_server.hpp"

#include <algorithm>

#include "system/failover/conninfo.hpp"

namespace atlas::failover {
namespace {

/// The member that has this address; the address itself where none is known.
std::string name_at(const host::Endpoint& endpoint, const std::optional<StoreView>& store) {
    if (store) {
        const auto found = std::ranges::find(store->members, endpoint, &Member::endpoint);
        if (found != store->members.end()) return found->name;
    }
    return host::to_string(endpoint);
}

/// Others may follow as well: a copy that is being made, say.
bool is_member(const std::string& name, const Observation& seen) {
    if (!seen.store) return false;
    return seen.store->find(name) != nullptr ||
           (seen.store->synchronous && seen.store->synchronous->may_lead(name));
}

}  // namespace

void OwnServerWatch::see(const Looked& looked, Observation& seen) {
    OwnServer& server = seen.server;
    server.exists = looked.state.exists;
    server.running = looked.state.running;
    server.answers = looked.state.running && looked.status.has_value();
    if (looked.state.follows) server.follows = name_at(*looked.state.follows, seen.store);
    if (server.answers) {
        // It goes by what it has read; an agent may have died before it told it to read again.
        if (looked.state.follows && looked.status->role == Role::follower)
            server.follows = name_at(endpoint_of(looked.status->conninfo), seen.store);
        server.role = looked.status->role;
        server.place.position = looked.status->position;
        if (server.role == Role::primary) server.confirming = {"?"};
        if (looked.confirming) server.confirming = *looked.confirming;
        server.standbys = standbys(looked, seen);
        if (looked.confirming) server.confirming_since = looked.confirming_since;
        database_ = looked.status->database;
    }
    if (!server.answers && !looked.state.database.empty()) database_ = looked.state.database;
    if (server.exists) server.database = database_;
    server.is_unpublished = server.exists && looked.state.is_unpublished;
    see_start(looked, seen);
    const std::string receiver = looked.status ? looked.status->receiver : std::string();
    receives_ = !receiver.empty() && receiver == receiver_;
    receiver_ = receiver;
    server.diverged = follows_in_vain(seen);
    see_silence(seen);
}

// A standby is in step when it has what the primary had at a moment after which it confirms every
// commit. Before there is such a moment, it is when it keeps up.
std::vector<Standby> OwnServerWatch::standbys(const Looked& looked, const Observation& seen) {
    const ServerStatus& status = *looked.status;
    if (!looked.confirming || settled_since_ != looked.confirming_since) settled_position_.reset();
    if (looked.confirming && !settled_position_ &&
        looked.began >= looked.confirming_since + options_.settling_time) {
        settled_position_ = status.position;
        settled_since_ = looked.confirming_since;
    }
    const std::uint64_t needed = settled_position_.value_or(last_position_);
    last_position_ = status.position;
    std::vector<Standby> found;
    for (const ServerStatus::Standby& standby : status.standbys) {
        if (!is_member(standby.name, seen) || standby.name == self_) continue;
        const bool in_step = standby.flushed >= needed;
        if (!found.empty() && found.back().name == standby.name) {
            // An old connection that nobody has missed yet: what it had need not be there any more.
            found.back().in_step = found.back().in_step && in_step;
        } else {
            found.push_back({standby.name, in_step});
        }
    }
    return found;
}

// What it has to recover may be much. That takes longer than patience, and is not in vain; but not
// for ever either.
void OwnServerWatch::see_start(const Looked& looked, Observation& seen) {
    if (!looked.is_starting || !seen.server.running || seen.server.answers) {
        starting_since_.reset();
        return;
    }
    if (!starting_since_) starting_since_ = seen.now;
    seen.server.is_starting = seen.now - *starting_since_ <= options_.starting_time;
}

// Its log may have parted from the other's, or what it needs is gone there; either way it does not
// come to receive anything, although there is a primary to receive it from.
bool OwnServerWatch::follows_in_vain(const Observation& seen) {
    const OwnServer& server = seen.server;
    if (server.follows.empty()) {
        has_changed();
        return false;
    }
    if (!server.running || !seen.store || server.is_starting) {
        vain_since_.reset();
        return diverged_;
    }
    const std::optional<Leadership>& leadership = seen.store->leadership;
    const Member* holder = leadership ? seen.store->find(leadership->holder) : nullptr;
    const bool should_receive =
        holder != nullptr && holder->role == Role::primary && holder->name == server.follows;
    if (receives_ || !should_receive) {
        has_changed();
    } else if (!vain_since_) {
        vain_since_ = seen.now;
    } else if (seen.now - *vain_since_ > options_.patience) {
        diverged_ = true;
    }
    return diverged_;
}

// One that leads must come to answer, whether it runs or not; others only when they run. What was
// stopped for its silence is silent until it answers, or leads anew.
void OwnServerWatch::see_silence(Observation& seen) {
    const OwnServer& server = seen.server;
    const bool leads =
        seen.store && seen.store->leadership && seen.store->leadership->holder == self_;
    if (!server.exists || server.answers || (leads && !led_)) silent_since_.reset();
    if (seen.store) led_ = leads;
    const bool should_answer = server.exists && (server.running || leads);
    if (should_answer && !server.answers && !silent_since_) silent_since_ = seen.now;
    seen.silent_since = silent_since_;
}

}  // namespace atlas::failover
