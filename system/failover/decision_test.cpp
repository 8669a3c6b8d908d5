// A world in small, with everything that can go wrong between agents: late answers, late acts,
// leases that end, servers and agents that die, links that are cut. Whatever happens, a commit that
// was confirmed is never missing where the next one is confirmed; and when all is well again, there
// is a primary, and the others follow it.

#include "system/failover/decision.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace atlas::failover {
namespace {

using namespace std::chrono_literals;

using Log = std::vector<int>;

bool is_prefix(const Log& shorter, const Log& longer) {
    return shorter.size() <= longer.size() &&
           std::equal(shorter.begin(), shorter.end(), longer.begin());
}

struct Server {
    bool exists = false;
    bool running = false;
    bool promoted = false;  ///< Or a follower.
    std::uint32_t timeline = 0;
    Log log = {};
    std::string follows = {};
    std::vector<std::string> confirming = {};
    /// Sessions may still go by the names before.
    std::vector<std::string> confirming_before = {};
    host::TimePoint confirming_since = {};
};

struct Agent {
    std::string name;
    Server server = {};
    bool sees_store = true;
    bool powered = true;
    std::optional<host::TimePoint> lease_until = {};
    std::optional<std::uint64_t> published = {};
    /// What it has found out of its server and whom that follows.
    bool diverged = false;
    /// Decided, and not yet done.
    std::optional<Decision> pending = {};
};

struct Leased {
    std::string holder;
    std::uint64_t revision;
    host::TimePoint ends;
};

/// A change of the key that its sender knows nothing more about.
struct Straggler {
    Synchronous synchronous;
};

class World {
  public:
    World(const AgentOptions& options, host::TimePoint start) : options_(options), now_(start) {
        for (const char* name : {"a", "b", "c"})
            agents_.push_back(Agent{.name = name});
    }

    void pass(host::Duration time) {
        now_ = now_ + time;
        if (lease_ && lease_->ends <= now_) lease_.reset();
    }

    Agent& agent(std::size_t number) { return agents_.at(number); }

    void look(Agent& agent) {
        if (!agent.powered) return;
        Observation seen{.self = agent.name, .now = now_};
        renew(agent);
        seen.lease_until = agent.lease_until;
        seen.published = agent.published;
        if (agent.sees_store) seen.store = view();
        if (const Agent* upstream = upstream_of(agent.server))
            agent.diverged = !is_prefix(agent.server.log, upstream->server.log);
        seen.server = view_of(agent);
        agent.pending = decide(seen, options_);
    }

    void act(Agent& agent) {
        if (!agent.pending) return;
        const Decision decision = *std::exchange(agent.pending, std::nullopt);
        std::visit([&](const auto& what) { perform(agent, what); }, decision);
    }

    /// Its agent dies and starts again; what it had sent may still arrive.
    void kill_agent(Agent& agent) {
        if (agent.pending) {
            if (const auto* sent = std::get_if<PublishSynchronous>(&*agent.pending))
                stragglers_.push_back({sent->synchronous});
        }
        agent.pending.reset();
        agent.lease_until.reset();
        agent.published.reset();
        agent.diverged = false;
    }

    void power_off(Agent& agent) {
        kill_agent(agent);
        agent.server.running = false;
        agent.powered = false;
    }

    void let_straggler_arrive() {
        if (stragglers_.empty()) return;
        const Straggler late = stragglers_.back();
        stragglers_.pop_back();
        publish(late.synchronous);
    }

    void replicate(Agent& agent, std::size_t entries) {
        Server& server = agent.server;
        const Agent* upstream = upstream_of(server);
        if (upstream == nullptr || !is_prefix(server.log, upstream->server.log)) return;
        while (entries-- > 0 && server.log.size() < upstream->server.log.size())
            server.log.push_back(upstream->server.log[server.log.size()]);
        if (server.log.size() == upstream->server.log.size())
            server.timeline = upstream->server.timeline;
    }

    void write(Agent& agent) {
        if (is_writable(agent.server)) agent.server.log.push_back(++last_commit_);
    }

    /// Clients hear of what has been confirmed.
    void confirm(const Agent& agent) {
        const Server& server = agent.server;
        if (!is_writable(server)) return;
        const std::size_t length = std::max(confirmed_length(agent, server.confirming),
                                            now_ < server.confirming_since + 1s
                                                ? confirmed_length(agent, server.confirming_before)
                                                : 0);
        for (std::size_t i = 0; i < length; ++i) {
            if (confirmed_.contains(server.log[i])) continue;
            has_all_ = has_all_ && has_all_confirmed(server.log);
            confirmed_.insert(server.log[i]);
        }
    }

    /// Nobody was promoted, and nobody confirmed a commit, who had not all that had been confirmed.
    bool has_all() const { return has_all_; }

    bool has_settled() const {
        if (!lease_) return false;
        for (const Agent& agent : agents_) {
            if (agent.name == lease_->holder) {
                if (!is_writable(agent.server)) return false;
                if (!has_all_confirmed(agent.server.log)) return false;
                continue;
            }
            const Agent* upstream = upstream_of(agent.server);
            if (upstream == nullptr || upstream->name != lease_->holder) return false;
            if (agent.server.log != upstream->server.log) return false;
        }
        return synchronous_ && synchronous_->followers.size() == 1;
    }

    std::string describe_state() const {
        std::string text = lease_ ? "lease " + lease_->holder : "no lease";
        if (synchronous_) {
            text += ", synchronous " + synchronous_->primary + " [";
            for (const std::string& each : synchronous_->followers)
                text += each;
            text += "]";
        }
        for (const Agent& agent : agents_) {
            const Server& server = agent.server;
            text += "\n" + agent.name + (server.exists ? "" : " absent") +
                    (server.running ? " runs" : " stopped") +
                    (server.promoted ? " primary" : " follows " + server.follows) + " length " +
                    std::to_string(server.log.size()) + " confirming ";
            for (const std::string& each : server.confirming)
                text += each;
            if (agent.pending) text += ", about to " + describe(*agent.pending);
        }
        return text;
    }

  private:
    bool has_all_confirmed(const Log& log) const {
        return std::ranges::all_of(
            confirmed_, [&](int commit) { return std::ranges::find(log, commit) != log.end(); });
    }

    static bool is_writable(const Server& server) { return server.running && server.promoted; }

    const Agent* upstream_of(const Server& server) const {
        if (!server.running || server.promoted) return nullptr;
        for (const Agent& each : agents_) {
            if (each.name == server.follows && each.server.running) return &each;
        }
        return nullptr;
    }

    std::size_t confirmed_length(const Agent& primary,
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

    StoreView view() const {
        StoreView view{.synchronous = synchronous_};
        if (lease_) view.leadership = Leadership{lease_->holder, lease_->revision};
        for (const Agent& each : agents_) {
            const Server& server = each.server;
            if (!server.running) continue;
            view.members.push_back({.name = each.name,
                                    .role = server.promoted ? Role::primary : Role::follower,
                                    .received = place_of(server)});
        }
        return view;
    }

    static LogPlace place_of(const Server& server) { return {server.timeline, server.log.size()}; }

    OwnServer view_of(const Agent& agent) const {
        const Server& server = agent.server;
        OwnServer own{.exists = server.exists,
                      .running = server.running,
                      .answers = server.running,
                      .role = server.promoted ? Role::primary : Role::follower,
                      .place = place_of(server),
                      .confirming = server.confirming,
                      .confirming_since = server.confirming_since,
                      .follows = server.follows,
                      .diverged = agent.diverged};
        for (const Agent& each : agents_) {
            if (upstream_of(each.server) != &agent) continue;
            if (!is_prefix(each.server.log, server.log)) continue;
            own.standbys.push_back({each.name, each.server.log.size() == server.log.size()});
        }
        return own;
    }

    void renew(Agent& agent) {
        if (!agent.sees_store || !lease_ || lease_->holder != agent.name) return;
        lease_->revision = ++revision_;
        lease_->ends = now_ + options_.lease_time;
        agent.lease_until = lease_->ends;
    }

    bool publish(const Synchronous& wanted) {
        const std::uint64_t current = synchronous_ ? synchronous_->revision : 0;
        if (wanted.revision != current) return false;
        synchronous_ = wanted;
        synchronous_->revision = ++revision_;
        return true;
    }

    void perform(Agent&, const Wait&) {}
    void perform(Agent& agent, const TakeLease&) {
        if (!agent.sees_store || lease_) return;
        lease_ = Leased{agent.name, ++revision_, now_ + options_.lease_time};
        agent.lease_until = lease_->ends;
    }
    void perform(Agent& agent, const GiveUpLease&) {
        if (agent.sees_store && lease_ && lease_->holder == agent.name) lease_.reset();
        agent.lease_until.reset();
    }
    void perform(Agent& agent, const PublishSynchronous& what) {
        agent.published.reset();
        if (!agent.sees_store) {
            stragglers_.push_back({what.synchronous});
        } else if (publish(what.synchronous)) {
            agent.published = revision_;
        }
    }
    void perform(Agent& agent, const StopNow&) { agent.server.running = false; }
    void perform(Agent& agent, const Start&) {
        agent.server.running = agent.server.exists;
        agent.server.promoted = agent.server.follows.empty();
    }
    void perform(Agent& agent, const Promote&) {
        if (!agent.server.running || agent.server.promoted) return;
        has_all_ = has_all_ && has_all_confirmed(agent.server.log);
        agent.server.promoted = true;
        agent.server.follows.clear();
        ++agent.server.timeline;
    }
    void perform(Agent& agent, const Create&) {
        agent.server = Server{.exists = true, .timeline = 1};
        if (options_.strict) agent.server.confirming = {"*"};
    }
    void perform(Agent& agent, const Copy& what) { take_over(agent, what.from); }
    void perform(Agent& agent, const Rewind& what) { take_over(agent, what.to); }
    void take_over(Agent& agent, const std::string& from) {
        for (const Agent& each : agents_) {
            if (each.name != from || !is_writable(each.server)) continue;
            const Log log = each.server.log;
            const std::uint32_t timeline = each.server.timeline;
            agent.diverged = false;
            agent.server =
                Server{.exists = true, .timeline = timeline, .log = log, .follows = from};
        }
    }
    void perform(Agent& agent, const Follow& what) {
        if (!agent.server.promoted || !agent.server.running) agent.server.follows = what.whom;
        agent.diverged = false;
    }
    void perform(Agent& agent, const SetConfirming& what) {
        if (!agent.server.running) return;
        agent.server.confirming_before = agent.server.confirming;
        agent.server.confirming = what.followers;
        agent.server.confirming_since = now_;
    }

    AgentOptions options_;
    host::TimePoint now_;
    std::vector<Agent> agents_;
    std::optional<Leased> lease_;
    std::optional<Synchronous> synchronous_;
    std::vector<Straggler> stragglers_;
    std::uint64_t revision_ = 0;
    int last_commit_ = 0;
    std::set<int> confirmed_;
    bool has_all_ = true;
};

void confirm_all(World& world) {
    for (std::size_t i = 0; i < 3; ++i)
        world.confirm(world.agent(i));
}

/// All is well: everybody looks, acts and copies in turn, and clients write.
void calm_down(World& world) {
    constexpr int rounds = 80;
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t i = 0; i < 3; ++i) {
            Agent& agent = world.agent(i);
            agent.sees_store = true;
            agent.powered = true;
            world.look(agent);
            world.act(agent);
            if (round % 10 == 0) world.write(agent);
            world.replicate(agent, 1000);
            world.confirm(agent);
        }
        world.pass(500ms);
    }
}

enum class Event : std::uint8_t {
    look,
    act,
    look_and_act,
    write,
    replicate,
    time,
    server_dies,
    agent_dies,
    store_cut_off,
    store_back,
    straggler,
    power_off,
    power_on,
};

rc::Gen<Event> any_event() {
    return rc::gen::weightedElement<Event>({{4, Event::look},
                                            {4, Event::act},
                                            {24, Event::look_and_act},
                                            {6, Event::write},
                                            {12, Event::replicate},
                                            {6, Event::time},
                                            {2, Event::server_dies},
                                            {1, Event::agent_dies},
                                            {1, Event::store_cut_off},
                                            {2, Event::store_back},
                                            {1, Event::straggler},
                                            {2, Event::power_off},
                                            {3, Event::power_on}});
}

void happen(World& world, Event event, Agent& agent) {
    switch (event) {
        case Event::look:
            return world.look(agent);
        case Event::act:
            return world.act(agent);
        case Event::look_and_act:
            world.look(agent);
            return world.act(agent);
        case Event::write:
            return world.write(agent);
        case Event::replicate:
            return world.replicate(agent, *rc::gen::element<std::size_t>(1, 1000));
        case Event::time:
            return world.pass(*rc::gen::element<host::Duration>(300ms, 1s, 3s));
        case Event::server_dies:
            agent.server.running = false;
            return;
        case Event::agent_dies:
            return world.kill_agent(agent);
        case Event::store_cut_off:
            agent.sees_store = false;
            return;
        case Event::store_back:
            agent.sees_store = true;
            return;
        case Event::straggler:
            return world.let_straggler_arrive();
        case Event::power_off:
            return world.power_off(agent);
        case Event::power_on:
            agent.powered = true;
            return;
    }
}

RC_GTEST_PROP(FailoverDecision, NeverLosesAConfirmedCommit, ()) {
    World world({}, host::TimePoint{1s});
    if (*rc::gen::inRange(0, 4) > 0) calm_down(world);
    RC_ASSERT(world.has_all());
    for (int i = *rc::gen::inRange(0, 1000); i > 0; --i) {
        const auto event = *any_event();
        const auto number = *rc::gen::inRange<std::size_t>(0, 3);
        happen(world, event, world.agent(number));
        confirm_all(world);
        if (world.has_all()) continue;
        RC_LOG(world.describe_state());
        RC_FAIL("a confirmed commit is missing where it must be");
    }
    calm_down(world);
    RC_LOG(world.describe_state());
    RC_ASSERT(world.has_all());
    RC_ASSERT(world.has_settled());
}

}  // namespace
}  // namespace atlas::failover
