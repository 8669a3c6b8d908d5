#pragma once
// What scheduled faults may do to a running cluster: a narrow interface that sim/cluster
// implements. Whatever a call cannot do (the machine has no power, the process is not there) it
// answers with "nothing was done"; it never fails. None is called from inside a process's task.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk/machine_disk.hpp"
#include "sim/network/policy.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::faults {

/// What a machine is for; envelopes speak of roles, not of names.
enum class Role : std::uint8_t { api, postgres, client, lease_store };

std::string_view name(Role role) noexcept;

struct MachineInfo {
    std::string name;  ///< "api-1", "postgres-0", "client-0".
    Role role = Role::api;
    /// What befalls a zone befalls all machines in it at once; empty for one that is in none.
    std::string zone = {};
};

/// What a kill or a power loss ended, as the processes themselves would count it.
struct WorkLost {
    std::size_t processes = 0;    ///< That were running.
    std::size_t tasks = 0;        ///< That were waiting for something.
    std::size_t connections = 0;  ///< Ends of connections that they held.

    bool anything() const { return tasks > 0 || connections > 0; }
};

class ClusterControl {
  public:
    virtual ~ClusterControl() = default;

    /// Never changes during a run.
    virtual const std::vector<MachineInfo>& machines() const = 0;
    /// The machines whose databases take writes now.
    virtual std::vector<std::string> primaries() const = 0;

    /// The machine's processes die as by kill -9: sockets close, the page cache stays.
    virtual WorkLost kill(std::string_view machine) = 0;
    /// Starts the machine's processes anew, if it has power and they do not run.
    /// True if something was started.
    virtual bool restart(std::string_view machine) = 0;

    /// SIGSTOP for the machine's processes: clocks go on. True if something changed.
    virtual bool pause(std::string_view machine) = 0;
    /// SIGCONT. True if something came due meanwhile, and so was late.
    virtual bool resume(std::string_view machine) = 0;

    /// From now on each step of the machine's processes takes that long; zero for none. How often
    /// a step had to wait since this was last set.
    virtual std::size_t set_step_time(std::string_view machine, host::Duration step_time) = 0;

    struct PowerLoss {
        WorkLost work;
        disk::PowerLossReport disk;
    };
    /// Everything stops in silence; of what was unsynced, what the disk's policy says.
    virtual PowerLoss power_loss(std::string_view machine) = 0;
    struct MachineLoss {
        WorkLost work;
        std::size_t files = 0;  ///< That were durable.
    };
    /// As by a power loss, and the disk is gone as well: when power is back, it is that of another
    /// machine with the same name and address, and nothing on its disk.
    virtual MachineLoss lose(std::string_view machine) = 0;
    /// The machine is one of several databases, and it is not so that one of them leads, another
    /// one has all that was confirmed, and the lease store names both: one of them could not be
    /// lost now. False for a database by itself, which never has an heir.
    virtual bool lacks_heir(std::string_view machine) const = 0;
    /// Power and processes are back. True if it had none.
    virtual bool power_on(std::string_view machine) = 0;

    /// While it is full, no file of the machine's disk can grow.
    virtual void set_disk_full(std::string_view machine, bool full) = 0;

    /// One bit on the machine's disk flips. The number of the damage, if there was anything.
    virtual std::optional<std::uint64_t> rot_bit(std::string_view machine,
                                                 std::uint64_t choice) = 0;
    /// A coming write goes to another place of its file. The number of the damage.
    virtual std::uint64_t misdirect_next_write(std::string_view machine, std::uint64_t choice) = 0;

    /// While blocked, nothing passes from one machine to the other in that direction.
    virtual void set_link_blocked(std::string_view from, std::string_view to, bool blocked) = 0;

    /// From now on, for packets from one machine to the other.
    virtual void set_link_condition(std::string_view from, std::string_view to,
                                    network::LinkCondition condition) = 0;

    /// Breaks one open connection between the two, picked by `choice`. Its number, if there
    /// was one that was whole.
    virtual std::optional<std::uint64_t> reset_connection(std::string_view a, std::string_view b,
                                                          std::uint64_t choice) = 0;

    /// Tells one end of such a connection that the other has ended. The number of that end, if
    /// there was one to be told.
    virtual std::optional<std::uint64_t> half_close(std::string_view a, std::string_view b,
                                                    std::uint64_t choice) = 0;

    /// How far the machine's wall clock is ahead of true time, and setting that. A process
    /// sees the difference when it next reads its clock.
    virtual host::Duration clock_offset(std::string_view machine) const = 0;
    virtual void set_clock_offset(std::string_view machine, host::Duration offset) = 0;
    /// From now on the wall clock gains so much in each second; negative: it loses.
    virtual void set_clock_drift(std::string_view machine, host::Duration gained_in_a_second) = 0;
    /// How often the machine's processes have read its wall clock so far.
    virtual std::uint64_t clock_readings(std::string_view machine) const = 0;
};

}  // namespace atlas::sim::faults
