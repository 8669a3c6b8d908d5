#pragma once
// A world in small, with everything that can go wrong between agents: late answers, late acts,
// leases that end, servers that die, hang or do not start, disks that are lost, acts that break off
// half-way, clocks that drift, a lease store that loses all it had. Three agents with a server
// each; it says whether any confirmed commit was ever missing where it must be.

#include <map>
#include <set>
#include <variant>

#include "system/failover/decision.hpp"

namespace atlas::failover::small_world {

using Log = std::vector<int>;

struct Server {
    bool exists = false;
    bool running = false;
    bool promoted = false;  ///< Or a follower.
    bool hangs = false;     ///< Runs, and does nothing.
    bool is_unpublished = false;
    std::string database = {};
    std::uint32_t timeline = 0;
    Log log = {};
    std::string follows = {};
    /// In postgresql.auto.conf, and what the processes go by.
    std::vector<std::string> confirming_file = {};
    std::vector<std::string> confirming = {};
    /// Some sessions may still go by the names before.
    std::vector<std::string> confirming_before = {};
    host::TimePoint confirming_since = {};
};

struct Agent {
    std::string name;
    /// Its clock, in thousandths of the store's pace.
    int pace = 1000;
    Server server = {};
    bool sees_store = true;
    bool powered = true;
    /// Its server does not come up; a start is in vain.
    bool cannot_start = false;
    // What it knows, by its own clock; gone when it dies.
    std::uint64_t known_store = 0;
    std::optional<host::TimePoint> lease_until = {};
    std::optional<std::uint64_t> published = {};
    std::optional<host::TimePoint> confirming_since = {};
    std::optional<host::TimePoint> silent_since = {};
    /// What it has found out of its server and whom that follows.
    bool diverged = false;
    /// Seen, and not yet decided on; decided, and not yet done.
    std::optional<Observation> seen = {};
    std::optional<Decision> pending = {};
};

class World {
  public:
    World(const AgentOptions& options, host::TimePoint start);

    Agent& agent(std::size_t number) { return agents_.at(number); }

    void pass(host::Duration time);
    void look(Agent& agent);
    void decide(Agent& agent);
    void act(Agent& agent);
    /// All three, at once. The agent lives: who takes writes then has the lease.
    void look_and_act(Agent& agent);
    /// Its agent dies and starts again; what it had sent may still arrive.
    void kill_agent(Agent& agent);
    /// In the middle of what it was about to do.
    void kill_agent_half_way(Agent& agent);
    void stop_server(Agent& agent);
    void power_off(Agent& agent);
    void lose_disk(Agent& agent);
    /// A SIGHUP from anybody.
    void reload(Agent& agent);
    void let_straggler_arrive();
    void lose_store();
    /// After the store was lost: somebody looks which server has everything, and writes the key.
    void name_primary_by_hand();

    void replicate(Agent& agent, std::size_t entries);
    void write(Agent& agent);
    /// Clients hear of what has been confirmed.
    void confirm(const Agent& agent);
    void confirm_all();
    /// All is well: everybody looks, acts and copies in turn, and clients write.
    void calm_down();
    void heal(Agent& agent);

    /// Nobody was promoted, and nobody confirmed a commit, who had not all that had been confirmed.
    bool has_all() const { return has_all_; }
    /// Whoever took writes after its agent had looked and acted had the lease.
    bool was_led_by_lease() const { return was_led_by_lease_; }
    /// No data was overwritten that could have had a confirmed commit of another database.
    bool has_kept_foreign_data() const { return has_kept_foreign_data_; }
    /// Somebody is there who may lead and has everything.
    bool can_settle() const;
    bool has_settled() const;
    std::string leader() const { return lease_ ? lease_->holder : std::string(); }
    const std::optional<Synchronous>& synchronous() const { return synchronous_; }
    std::string describe_state() const;

  private:
    struct Leased {
        std::string holder;
        std::uint64_t revision;
        host::TimePoint ends;
    };
    struct Told {
        Member member;
        host::TimePoint ends;
    };
    /// A call that its sender knows nothing more about.
    struct Straggler {
        std::string sender;
        std::uint64_t store;
        Decision what;
    };

    host::TimePoint clock_of(const Agent& agent) const;
    bool reaches_store(Agent& agent);
    void renew(Agent& agent);
    void tell(Agent& agent);
    void note_silence(Agent& agent, Observation& seen) const;
    StoreView view() const;
    OwnServer view_of(const Agent& agent) const;

    bool has_all_confirmed(const Server& server) const;
    const Agent* upstream_of(const Server& server) const;
    std::size_t confirmed_length(const Agent& primary, const std::vector<std::string>& names) const;
    Agent& find(const std::string& name);
    bool publish(const Synchronous& wanted);
    bool take_lease(const std::string& holder);
    void change_setting(Server& server, const std::vector<std::string>& names);
    void send_late(const Agent& agent, const Decision& what);
    void drop_stragglers_at(const std::string& server);

    void perform(Agent& agent, const Wait& what);
    void perform(Agent& agent, const TakeLease& what);
    void perform(Agent& agent, const GiveUpLease& what);
    void perform(Agent& agent, const PublishSynchronous& what);
    void perform(Agent& agent, const StopNow& what);
    void perform(Agent& agent, const Start& what);
    void perform(Agent& agent, const Promote& what);
    void perform(Agent& agent, const Create& what);
    void perform(Agent& agent, const Copy& what);
    void perform(Agent& agent, const Rewind& what);
    void perform(Agent& agent, const Follow& what);
    void perform(Agent& agent, const SetConfirming& what);
    void take_over(Agent& agent, const std::string& from);

    AgentOptions options_;
    /// The store's.
    host::TimePoint now_;
    std::vector<Agent> agents_;
    std::uint64_t store_ = 1;
    std::optional<Leased> lease_;
    std::optional<Synchronous> synchronous_;
    std::map<std::string, Told> members_;
    std::vector<Straggler> stragglers_;
    std::uint64_t revision_ = 0;
    int last_commit_ = 0;
    int databases_ = 0;
    /// By database.
    std::map<std::string, std::set<int>> confirmed_;
    bool has_all_ = true;
    bool was_led_by_lease_ = true;
    bool has_kept_foreign_data_ = true;
};

}  // namespace atlas::failover::small_world
