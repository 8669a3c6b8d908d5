#include "system/failover/small_world_fixture.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace atlas::failover::small_world {
namespace {

using namespace std::chrono_literals;

bool is_prefix(const Log& shorter, const Log& longer) {
    return shorter.size() <= longer.size() &&
           std::equal(shorter.begin(), shorter.end(), longer.begin());
}

bool is_writable(const Server& server) {
    return server.running && server.promoted;
}

LogPlace place_of(const Server& server) {
    return {server.timeline, server.log.size()};
}

}  // namespace

World::World(const AgentOptions& options, host::TimePoint start) : options_(options), now_(start) {
    for (const char* name : {"a", "b", "c"})
        agents_.push_back(Agent{.name = name});
}

void World::pass(host::Duration time) {
    now_ = now_ + time;
    if (lease_ && lease_->ends <= now_) lease_.reset();
    std::erase_if(members_, [&](const auto& told) { return told.second.ends <= now_; });
}

host::TimePoint World::clock_of(const Agent& agent) const {
    return {now_.since_epoch / 1000 * agent.pace};
}

/// One that has known another store does not trust this one.
bool World::reaches_store(Agent& agent) {
    if (!agent.sees_store) return false;
    if (agent.known_store == 0) agent.known_store = store_;
    return agent.known_store == store_;
}

void World::renew(Agent& agent) {
    if (!lease_ || lease_->holder != agent.name) return;
    lease_->revision = ++revision_;
    lease_->ends = now_ + options_.lease_time;
    agent.lease_until = clock_of(agent) + options_.lease_time;
}

void World::tell(Agent& agent) {
    const Server& server = agent.server;
    if (!server.running || server.hangs) {
        members_.erase(agent.name);
        return;
    }
    members_[agent.name] = {{.name = agent.name,
                             .role = server.promoted ? Role::primary : Role::follower,
                             .received = place_of(server)},
                            now_ + options_.lease_time};
}

void World::note_silence(Agent& agent, Observation& seen) const {
    const OwnServer& server = seen.server;
    const bool leads =
        seen.store && seen.store->leadership && seen.store->leadership->holder == agent.name;
    if (server.answers || !server.exists) {
        agent.silent_since.reset();
    } else if ((server.running || leads) && !agent.silent_since) {
        agent.silent_since = seen.looked_at;
    }
    seen.silent_since = agent.silent_since;
}

void World::look(Agent& agent) {
    if (!agent.powered) return;
    // It does not look again before it has acted, or has thought better of it.
    agent.pending.reset();
    Observation seen{.self = agent.name, .looked_at = clock_of(agent)};
    if (reaches_store(agent)) {
        renew(agent);
        tell(agent);
        seen.store = view();
        if (synchronous_ && synchronous_->database == agent.server.database)
            agent.server.is_unpublished = false;
    }
    seen.lease_until = agent.lease_until;
    seen.published = agent.published;
    if (const Agent* upstream = upstream_of(agent.server))
        agent.diverged = !is_prefix(agent.server.log, upstream->server.log);
    seen.server = view_of(agent);
    note_silence(agent, seen);
    agent.seen = seen;
}

void World::decide(Agent& agent) {
    if (!agent.seen) return;
    Observation seen = *std::exchange(agent.seen, std::nullopt);
    seen.now = clock_of(agent);
    agent.pending = failover::decide(seen, options_);
}

void World::act(Agent& agent) {
    if (!agent.pending) return;
    const Decision decision = *std::exchange(agent.pending, std::nullopt);
    std::visit([&](const auto& what) { perform(agent, what); }, decision);
}

void World::look_and_act(Agent& agent) {
    if (!agent.powered) return;
    look(agent);
    decide(agent);
    act(agent);
    const bool leads = lease_ && lease_->holder == agent.name;
    // Until the old store's lease would have ended, it cannot know that it is gone.
    const bool is_excused = agent.known_store != 0 && agent.known_store != store_;
    if (is_writable(agent.server) && !leads && !is_excused) was_led_by_lease_ = false;
}

void World::send_late(const Agent& agent, const Decision& what) {
    stragglers_.push_back({agent.name, agent.known_store, what});
}

void World::kill_agent(Agent& agent) {
    if (agent.pending) send_late(agent, *agent.pending);
    agent.seen.reset();
    agent.pending.reset();
    agent.known_store = 0;
    agent.lease_until.reset();
    agent.published.reset();
    agent.confirming_since.reset();
    agent.silent_since.reset();
    agent.diverged = false;
}

void World::kill_agent_half_way(Agent& agent) {
    if (agent.pending) {
        const Decision what = *std::exchange(agent.pending, std::nullopt);
        const bool makes_data = std::holds_alternative<Copy>(what) ||
                                std::holds_alternative<Rewind>(what) ||
                                std::holds_alternative<Create>(what);
        // There is something, but nothing whole.
        if (makes_data && !agent.server.running) agent.server = {};
        if (const auto* set = std::get_if<SetConfirming>(&what); set && agent.server.running) {
            drop_stragglers_at(agent.name);
            agent.server.confirming_file = set->followers;
        }
    }
    kill_agent(agent);
}

/// Its sessions end with it, and what they were about to do; a promotion that was asked for as
/// well.
void World::stop_server(Agent& agent) {
    agent.server.running = false;
    agent.server.hangs = false;
    agent.confirming_since.reset();
    drop_stragglers_at(agent.name);
}

void World::drop_stragglers_at(const std::string& server) {
    std::erase_if(stragglers_, [&](const Straggler& late) {
        const bool is_at_server = std::holds_alternative<SetConfirming>(late.what) ||
                                  std::holds_alternative<Promote>(late.what);
        return late.sender == server && is_at_server;
    });
}

void World::power_off(Agent& agent) {
    kill_agent(agent);
    stop_server(agent);
    agent.powered = false;
}

void World::lose_disk(Agent& agent) {
    power_off(agent);
    agent.server = {};
}

void World::reload(Agent& agent) {
    Server& server = agent.server;
    if (server.running && server.confirming != server.confirming_file)
        change_setting(server, server.confirming_file);
}

void World::let_straggler_arrive() {
    if (stragglers_.empty()) return;
    const Straggler late = stragglers_.back();
    stragglers_.pop_back();
    const bool is_same_store = late.store == store_;
    Agent& at = find(late.sender);
    if (const auto* key = std::get_if<PublishSynchronous>(&late.what)) {
        if (is_same_store) publish(key->synchronous);
    } else if (std::holds_alternative<TakeLease>(late.what)) {
        if (is_same_store) take_lease(late.sender);
    } else if (const auto* set = std::get_if<SetConfirming>(&late.what)) {
        at.server.confirming_file = set->followers;
        reload(at);
    } else if (std::holds_alternative<Promote>(late.what) && at.server.running &&
               !at.server.promoted) {
        at.server.promoted = true;
        at.server.follows.clear();
        ++at.server.timeline;
    }
}

void World::lose_store() {
    ++store_;
    lease_.reset();
    synchronous_.reset();
    members_.clear();
    revision_ = 0;
}

void World::name_primary_by_hand() {
    for (const Agent& each : agents_) {
        if (!each.server.exists || !has_all_confirmed(each.server)) continue;
        synchronous_ = Synchronous{.primary = each.name,
                                   .created = true,
                                   .database = each.server.database,
                                   .revision = ++revision_};
        return;
    }
}

void World::replicate(Agent& agent, std::size_t entries) {
    Server& server = agent.server;
    const Agent* upstream = upstream_of(server);
    if (upstream == nullptr || server.hangs || upstream->server.hangs) return;
    if (!is_prefix(server.log, upstream->server.log)) return;
    while (entries-- > 0 && server.log.size() < upstream->server.log.size())
        server.log.push_back(upstream->server.log[server.log.size()]);
    if (server.log.size() == upstream->server.log.size())
        server.timeline = upstream->server.timeline;
}

void World::write(Agent& agent) {
    if (is_writable(agent.server)) agent.server.log.push_back(++last_commit_);
}

void World::confirm(const Agent& agent) {
    const Server& server = agent.server;
    if (!is_writable(server)) return;
    const std::size_t length = std::max(confirmed_length(agent, server.confirming),
                                        now_ < server.confirming_since + 1s
                                            ? confirmed_length(agent, server.confirming_before)
                                            : 0);
    std::set<int>& confirmed = confirmed_[server.database];
    for (std::size_t i = 0; i < length; ++i) {
        if (confirmed.contains(server.log[i])) continue;
        has_all_ = has_all_ && has_all_confirmed(server);
        confirmed.insert(server.log[i]);
    }
}

void World::confirm_all() {
    for (const Agent& agent : agents_)
        confirm(agent);
}

void World::heal(Agent& agent) {
    agent.sees_store = true;
    agent.powered = true;
    agent.cannot_start = false;
    if (agent.server.hangs) stop_server(agent);
    // Whoever does not trust the store any more is started anew by somebody who does.
    if (agent.known_store != store_) kill_agent(agent);
}

void World::calm_down() {
    constexpr int rounds = 120;
    for (int round = 0; round < rounds; ++round) {
        for (Agent& agent : agents_) {
            // As an agent does that has just done something: nobody comes in between.
            look_and_act(agent);
            look_and_act(agent);
            if (round % 10 == 0) write(agent);
            replicate(agent, 1000);
            confirm(agent);
        }
        pass(500ms);
    }
}

bool World::can_settle() const {
    if (!synchronous_ || !synchronous_->created) {
        return std::ranges::all_of(agents_, [](const Agent& agent) {
            return !agent.server.exists || agent.server.is_unpublished;
        });
    }
    const auto has_data = [&](const Agent& agent) {
        return agent.server.exists && agent.server.database == synchronous_->database;
    };
    return std::ranges::any_of(agents_,
                               [&](const Agent& agent) {
                                   return has_data(agent) && synchronous_->may_lead(agent.name);
                               }) &&
           std::ranges::all_of(agents_, [&](const Agent& agent) {
               return has_data(agent) || !agent.server.exists || agent.server.is_unpublished;
           });
}

bool World::has_settled() const {
    if (!lease_) return false;
    for (const Agent& agent : agents_) {
        if (agent.name == lease_->holder) {
            if (!is_writable(agent.server) || !has_all_confirmed(agent.server)) return false;
            continue;
        }
        const Agent* upstream = upstream_of(agent.server);
        if (upstream == nullptr || upstream->name != lease_->holder) return false;
        if (agent.server.log != upstream->server.log) return false;
    }
    return synchronous_ && synchronous_->followers.size() == 1;
}

std::string World::describe_state() const {
    const auto joined = [](const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& each : names)
            text += each;
        return text;
    };
    std::string text = lease_ ? "lease " + lease_->holder : "no lease";
    if (synchronous_) {
        text += ", synchronous " + synchronous_->primary + " [" + joined(synchronous_->followers) +
                "] database " + synchronous_->database;
    }
    for (const Agent& agent : agents_) {
        const Server& server = agent.server;
        text += "\n" + agent.name + (server.exists ? " of " + server.database : " absent") +
                (server.running ? " runs" : " stopped") +
                (server.promoted ? " primary" : " follows " + server.follows) + " length " +
                std::to_string(server.log.size()) + " confirming " + joined(server.confirming);
        if (agent.pending) text += ", about to " + describe(*agent.pending);
    }
    return text;
}

bool World::has_all_confirmed(const Server& server) const {
    const auto confirmed = confirmed_.find(server.database);
    return confirmed == confirmed_.end() || std::ranges::all_of(confirmed->second, [&](int commit) {
               return std::ranges::find(server.log, commit) != server.log.end();
           });
}

const Agent* World::upstream_of(const Server& server) const {
    if (!server.running || server.promoted) return nullptr;
    for (const Agent& each : agents_) {
        const bool is_it = each.name == server.follows && each.server.running;
        if (is_it && each.server.database == server.database) return &each;
    }
    return nullptr;
}

std::size_t World::confirmed_length(const Agent& primary,
                                    const std::vector<std::string>& names) const {
    if (names.empty()) return primary.server.log.size();
    std::size_t longest = 0;
    for (const Agent& each : agents_) {
        const bool is_named = names.front() == "*" || each.name == names.front();
        if (!is_named || upstream_of(each.server) != &primary) continue;
        if (!is_prefix(each.server.log, primary.server.log)) continue;
        longest = std::max(longest, each.server.log.size());
    }
    return longest;
}

StoreView World::view() const {
    StoreView view{.synchronous = synchronous_};
    if (lease_) view.leadership = Leadership{lease_->holder, lease_->revision};
    for (const auto& [name, told] : members_)
        view.members.push_back(told.member);
    return view;
}

OwnServer World::view_of(const Agent& agent) const {
    const Server& server = agent.server;
    OwnServer own{.exists = server.exists,
                  .database = server.database,
                  .is_unpublished = server.is_unpublished,
                  .running = server.running,
                  .answers = server.running && !server.hangs,
                  .follows = server.follows,
                  .diverged = agent.diverged};
    if (!own.answers) return own;
    own.role = server.promoted ? Role::primary : Role::follower;
    own.place = place_of(server);
    own.confirming = server.confirming == server.confirming_file
                         ? server.confirming
                         : std::vector<std::string>{unknown};
    own.confirming_since = agent.confirming_since;
    for (const Agent& each : agents_) {
        if (upstream_of(each.server) != &agent) continue;
        if (!is_prefix(each.server.log, server.log)) continue;
        own.standbys.push_back({each.name, each.server.log.size() == server.log.size()});
    }
    return own;
}

Agent& World::find(const std::string& name) {
    return *std::ranges::find(agents_, name, &Agent::name);
}

bool World::publish(const Synchronous& wanted) {
    const std::uint64_t current = synchronous_ ? synchronous_->revision : 0;
    if (wanted.revision != current) return false;
    synchronous_ = wanted;
    synchronous_->revision = ++revision_;
    return true;
}

bool World::take_lease(const std::string& holder) {
    if (lease_) return false;
    lease_ = Leased{holder, ++revision_, now_ + options_.lease_time};
    return true;
}

void World::change_setting(Server& server, const std::vector<std::string>& names) {
    server.confirming_before = server.confirming;
    server.confirming = names;
    server.confirming_since = now_;
}

void World::perform(Agent&, const Wait&) {}

void World::perform(Agent& agent, const TakeLease&) {
    if (!reaches_store(agent) || !take_lease(agent.name)) return;
    agent.lease_until = clock_of(agent) + options_.lease_time;
    agent.silent_since.reset();
}

void World::perform(Agent& agent, const GiveUpLease&) {
    if (reaches_store(agent) && lease_ && lease_->holder == agent.name) lease_.reset();
    agent.lease_until.reset();
}

void World::perform(Agent& agent, const PublishSynchronous& what) {
    agent.published.reset();
    if (!reaches_store(agent)) {
        send_late(agent, what);
    } else if (publish(what.synchronous)) {
        agent.published = revision_;
    }
}

void World::perform(Agent& agent, const StopNow&) {
    stop_server(agent);
}

void World::perform(Agent& agent, const Start&) {
    Server& server = agent.server;
    if (!server.exists || server.running || agent.cannot_start) return;
    server.running = true;
    server.promoted = server.follows.empty();
    server.confirming = server.confirming_file;
    server.confirming_before = server.confirming;
}

void World::perform(Agent& agent, const Promote&) {
    Server& server = agent.server;
    if (!server.running || server.hangs || server.promoted) return;
    has_all_ = has_all_ && has_all_confirmed(server);
    server.promoted = true;
    server.follows.clear();
    ++server.timeline;
}

void World::perform(Agent& agent, const Create&) {
    agent.server = Server{.exists = true,
                          .is_unpublished = true,
                          .database = std::to_string(++databases_),
                          .timeline = 1};
    if (options_.strict) agent.server.confirming_file = {"*"};
}

void World::perform(Agent& agent, const Copy& what) {
    take_over(agent, what.from);
}

void World::perform(Agent& agent, const Rewind& what) {
    take_over(agent, what.to);
}

void World::take_over(Agent& agent, const std::string& from) {
    const Server& source = find(from).server;
    if (!is_writable(source) || source.hangs) return;
    const Server& old = agent.server;
    const bool is_foreign = old.exists && !old.is_unpublished && old.database != source.database;
    if (is_foreign) has_kept_foreign_data_ = false;
    Server copy{.exists = true,
                .database = source.database,
                .timeline = source.timeline,
                .log = source.log,
                .follows = from,
                .confirming_file = source.confirming_file};
    stop_server(agent);
    agent.server = std::move(copy);
    agent.diverged = false;
}

void World::perform(Agent& agent, const Follow& what) {
    if (!agent.server.promoted || !agent.server.running) agent.server.follows = what.whom;
    agent.diverged = false;
}

void World::perform(Agent& agent, const SetConfirming& what) {
    Server& server = agent.server;
    agent.confirming_since.reset();
    if (!server.running || server.hangs) return;
    drop_stragglers_at(agent.name);
    server.confirming_file = what.followers;
    reload(agent);
    agent.confirming_since = clock_of(agent);
}

}  // namespace atlas::failover::small_world
