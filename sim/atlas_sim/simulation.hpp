#pragma once
// One run: boots an Atlas cluster on a simulated world, lets clients and faults at it (the safety
// phase), heals it and waits for everything to end (the liveness phase), stops it, and keeps what
// judges need.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "properties/history/database_log.hpp"
#include "properties/history/history.hpp"
#include "properties/invariants/run_record.hpp"
#include "properties/sabotage/sabotage.hpp"
#include "properties/workloads/history_recorder.hpp"
#include "properties/workloads/job_queue_workload.hpp"
#include "properties/workloads/ownership_workload.hpp"
#include "properties/workloads/user_workload.hpp"
#include "sim/atlas_sim/primary_watch.hpp"
#include "sim/atlas_sim/transaction_watch.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/cluster/databases.hpp"
#include "sim/cluster/fault_control.hpp"
#include "sim/cluster/programs.hpp"
#include "sim/faults/computation_dice.hpp"
#include "sim/faults/dice.hpp"
#include "sim/faults/disk_dice.hpp"
#include "sim/faults/fault_plan.hpp"
#include "sim/faults/fault_point_dice.hpp"
#include "sim/faults/fault_runner.hpp"
#include "sim/faults/ledger.hpp"
#include "sim/faults/network_dice.hpp"
#include "sim/faults/swarm_options.hpp"
#include "sim/kernel/kernel.hpp"

namespace atlas::sim::atlas_sim {

struct SimulationInput {
    kernel::Seed seed;
    faults::SwarmOptions options;
    faults::SuppressedFaults suppressed = {};
    scenario::SuppressedOperations suppressed_operations = {};
    faults::FaultPlan plan = {};
    properties::Sabotage sabotage = properties::Sabotage::none;
};

/// A process that ended itself (host::fatal).
struct Death {
    host::TimePoint at;
    std::string process;
    std::string reason;
};

class Simulation {
  public:
    Simulation(SimulationInput input, kernel::Trace::Sink sink);
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;
    ~Simulation();

    /// Everything that processes log, with the true time; to be called before run(). Whether
    /// anybody listens changes nothing in the run.
    using LogListener =
        std::function<void(const kernel::Process&, host::UtcTime, const host::LogRecord&)>;
    void listen_to_logs(LogListener listener);

    void run();

    // What came of it, after run().
    const properties::History& history() const { return recorder_.history(); }
    /// What API nodes asked of their database.
    const std::vector<properties::DatabaseConversation>& database() const {
        return database_log_.conversations();
    }
    /// What they have before it, but for sabotage.
    properties::DatabaseGuard guard() const;
    /// Until when the clients began operations.
    host::TimePoint clients_end_at() const;
    /// From healed_at() on, for everything to end.
    host::Duration healing_time() const;
    const std::vector<std::string>& undescribed_responses() const {
        return recorder_.undescribed_responses();
    }
    /// The table of users as committed when the clients had ended; nullopt when no database took
    /// writes then, or several did.
    const std::optional<models::postgres::CommittedRows>& final_users() const {
        return final_users_;
    }
    /// When faults had stopped and the agents had settled, or should have; nothing when the run
    /// stopped before.
    std::optional<host::TimePoint> healed_at() const { return healed_at_; }
    /// Whether the final phase of the workload did all it had to, in time; nothing when the run
    /// stopped before it.
    std::optional<bool> final_phase_completed() const { return final_phase_completed_; }
    const faults::Ledger& ledger() const { return ledger_; }
    const std::vector<faults::StrikeRecord>& strikes() const { return runner_->records(); }
    const std::vector<Death>& deaths() const { return deaths_; }
    /// Tasks, connections, files and locks that programs left when they ended; programs that did
    /// not end when they were asked to. Nothing when the run stopped before it came to that.
    const std::optional<std::vector<std::string>>& leftovers() const { return leftovers_; }
    /// Why virtual time could not go on; empty when it could.
    const std::string& no_progress() const { return no_progress_; }
    /// Two live users had one e-mail at some moment; empty when that never was.
    const std::string& duplicate_email() const { return duplicate_email_; }
    std::vector<std::string> abandoned_transactions() const;
    const properties::OwnershipWorkload& ownership() const { return ownership_; }
    const properties::JobQueueWorkload& job_queue() const { return job_queue_; }
    /// Nothing where there is one server.
    std::optional<std::vector<std::string>> old_primaries() const;
    /// Likewise.
    std::optional<properties::FollowerReads> follower_reads() const;
    const properties::SabotageLedger& sabotage_ledger() const { return sabotage_ledger_; }
    const kernel::TraceDigest& digest() { return kernel_.trace().digest(); }
    host::TimePoint now() const { return kernel_.now(); }
    /// The event that is happening, by its id in the trace.
    kernel::EventId current_event() const { return kernel_.current_event(); }

  private:
    void boot();
    void add_clients(network::MachineNumber machine, std::uint64_t index);
    template <typename Workload>
    void add_sql_clients(network::MachineNumber machine, std::string name, Workload& workload);
    void add_machines();
    cluster::DatabasesOptions databases_options();
    /// The server at that place runs, and takes no writes.
    bool follows(const host::Endpoint& server) const;
    void add_api_node(network::MachineNumber machine);
    cluster::ApiNodeParts api_node_parts(host::Host& host);
    /// False when time could not go on.
    bool advance(host::TimePoint until, std::function<bool()> until_done = {});
    void look_at_database();
    void look_at_users(const models::postgres::Server& server);
    void look_at_primaries();
    bool let_databases_settle();
    bool run_final_phase();
    void lose_power_at_end();
    void stop_everything();
    bool stop(const std::vector<cluster::ProcessNumber>& processes,
              std::vector<std::string>& leftovers);
    bool have_ended(const std::vector<cluster::ProcessNumber>& processes) const;

    SimulationInput input_;
    kernel::Kernel kernel_;
    faults::Ledger ledger_;
    faults::Dice dice_;
    std::vector<faults::MachineInfo> machines_;
    faults::NetworkDice network_dice_;
    faults::DiskDice disk_dice_;
    faults::FaultPointDice fault_point_dice_;
    faults::ComputationDice computation_dice_;
    properties::SabotageLedger sabotage_ledger_;
    properties::HistoryRecorder recorder_;
    properties::DatabaseLog database_log_;
    properties::UserWorkload workload_;
    properties::OwnershipWorkload ownership_;
    properties::JobQueueWorkload job_queue_;
    /// What the cluster's processes refer to outlives it.
    std::unique_ptr<cluster::Databases> databases_;
    cluster::Cluster cluster_;
    std::unique_ptr<cluster::FaultControl> control_;
    std::unique_ptr<faults::FaultRunner> runner_;

    std::vector<cluster::ProcessNumber> api_processes_;
    std::vector<cluster::ProcessNumber> client_processes_;
    std::vector<host::Endpoint> api_endpoints_;
    cluster::ProcessNumber final_process_ = 0;

    std::optional<host::TimePoint> healed_at_;
    std::optional<bool> final_phase_completed_;
    std::optional<models::postgres::CommittedRows> final_users_;
    std::vector<Death> deaths_;
    std::optional<std::vector<std::string>> leftovers_;
    std::string no_progress_;
    std::string duplicate_email_;
    std::vector<TransactionWatch> transaction_watches_;  ///< One for each server.
    PrimaryWatch primary_watch_;
};

}  // namespace atlas::sim::atlas_sim
