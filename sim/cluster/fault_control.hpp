#pragma once
// What the dice may do to a Cluster, by machine name.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/faults/cluster_control.hpp"

namespace atlas::sim::cluster {

class FaultControl final : public faults::ClusterControl {
  public:
    /// Tells which machines' databases take writes now.
    using Primaries = std::function<std::vector<std::string>()>;
    /// Tells whether the databases lack an heir (Databases::lack_heir).
    using LackHeir = std::function<bool()>;

    /// `machines` are those of the cluster, in its order. Without `primaries`
    /// all databases are taken for some; without `lack_heir` each may be lost at any time.
    FaultControl(Cluster& cluster, std::vector<faults::MachineInfo> machines,
                 Primaries primaries = {}, LackHeir lack_heir = {});

    const std::vector<faults::MachineInfo>& machines() const override { return machines_; }
    std::vector<std::string> primaries() const override;
    faults::WorkLost kill(std::string_view machine) override;
    bool restart(std::string_view machine) override;
    bool pause(std::string_view machine) override;
    bool resume(std::string_view machine) override;
    std::size_t set_step_time(std::string_view machine, host::Duration step_time) override;
    PowerLoss power_loss(std::string_view machine) override;
    MachineLoss lose(std::string_view machine) override;
    bool lacks_heir(std::string_view machine) const override;
    bool power_on(std::string_view machine) override;
    void set_disk_full(std::string_view machine, bool full) override;
    std::optional<std::uint64_t> rot_bit(std::string_view machine, std::uint64_t choice) override;
    std::uint64_t misdirect_next_write(std::string_view machine, std::uint64_t choice) override;
    void set_link_blocked(std::string_view from, std::string_view to, bool blocked) override;
    void set_link_condition(std::string_view from, std::string_view to,
                            network::LinkCondition condition) override;
    std::optional<std::uint64_t> reset_connection(std::string_view a, std::string_view b,
                                                  std::uint64_t choice) override;
    std::optional<std::uint64_t> half_close(std::string_view a, std::string_view b,
                                            std::uint64_t choice) override;
    host::Duration clock_offset(std::string_view machine) const override;
    void set_clock_offset(std::string_view machine, host::Duration offset) override;
    void set_clock_drift(std::string_view machine, host::Duration gained_in_a_second) override;
    std::uint64_t clock_readings(std::string_view machine) const override;

  private:
    network::MachineNumber number_of(std::string_view machine) const;
    std::vector<ProcessNumber> processes_on(std::string_view machine) const;
    faults::WorkLost work_on(std::string_view machine) const;

    Cluster& cluster_;
    std::vector<faults::MachineInfo> machines_;
    Primaries primaries_;
    LackHeir lack_heir_;
};

}  // namespace atlas::sim::cluster
