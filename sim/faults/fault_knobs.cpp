// The knobs of faults. Their names begin with the name of their kind.

#include "sim/faults/fault_kind.hpp"
#include "sim/faults/knob_builders.hpp"

namespace atlas::sim::faults {
namespace {

using namespace knob_builders;
using enum FaultKind;
using F = FaultOptions;

constexpr auto faults = &Options::faults;
constexpr host::Duration longest_time = 240h;

std::string knob_of(FaultKind kind, std::string_view member) {
    return "faults." + std::string(name(kind)) + "." + std::string(member);
}

template <auto Member, typename Fault>
void add_switch(std::vector<Knob>& list, FaultKind kind) {
    list.push_back(
        knob<faults, Member, &Fault::on>(knob_of(kind, "on"), "Whether the run has it."));
}

template <auto Member, typename Fault>
void add_every(std::vector<Knob>& list, FaultKind kind) {
    list.push_back(time<faults, Member, &Fault::every>(
        knob_of(kind, "every"), 1ms, longest_time,
        "It strikes this often on average, somewhere in the cluster."));
}

template <auto Member, typename Fault>
void add_duration(std::vector<Knob>& list, FaultKind kind) {
    list.push_back(time<faults, Member, &Fault::shortest>(
        knob_of(kind, "shortest"), 0s, longest_time, "It lasts at least so long."));
    list.push_back(time<faults, Member, &Fault::longest>(knob_of(kind, "longest"), 0s, longest_time,
                                                         "It lasts at most so long."));
}

template <auto Member>
void add_momentary(std::vector<Knob>& list, FaultKind kind) {
    add_switch<Member, ScheduledFault>(list, kind);
    add_every<Member, ScheduledFault>(list, kind);
}

template <auto Member>
void add_scheduled(std::vector<Knob>& list, FaultKind kind) {
    add_momentary<Member>(list, kind);
    add_duration<Member, ScheduledFault>(list, kind);
}

template <auto Member>
void add_graded(std::vector<Knob>& list, FaultKind kind, host::Duration least,
                std::string_view most) {
    add_switch<Member, GradedFault>(list, kind);
    add_every<Member, GradedFault>(list, kind);
    add_duration<Member, GradedFault>(list, kind);
    list.push_back(
        time<faults, Member, &GradedFault::most>(knob_of(kind, "most"), least, 1h, most));
}

template <auto Member>
void add_per_operation(std::vector<Knob>& list, FaultKind kind, std::string_view operations) {
    add_switch<Member, OperationFault>(list, kind);
    list.push_back(count<faults, Member, &OperationFault::per_million>(knob_of(kind, "per_million"),
                                                                       0, 1'000'000, operations));
}

template <auto Member>
void add_latency(std::vector<Knob>& list, FaultKind kind, std::string_view operations,
                 std::string_view tail) {
    add_switch<Member, LatencyFault>(list, kind);
    list.push_back(count<faults, Member, &LatencyFault::per_million>(knob_of(kind, "per_million"),
                                                                     0, 1'000'000, operations));
    list.push_back(time<faults, Member, &LatencyFault::tail>(knob_of(kind, "tail"), 0s, 1h, tail));
}

template <auto Member, typename Fault>
void add_largest(std::vector<Knob>& list, FaultKind kind, host::Duration most,
                 std::string_view sentence) {
    list.push_back(
        time<faults, Member, &Fault::largest>(knob_of(kind, "largest"), 1us, most, sentence));
}

void add_network_faults(std::vector<Knob>& list) {
    add_latency<&F::network_latency>(list, network_latency, "Of a million packets.",
                                     "The mean of what is added; it can be many times that.");
    add_per_operation<&F::network_loss>(list, network_loss, "Of a million packets.");
    add_per_operation<&F::network_short_read>(list, network_short_read, "Of a million reads.");
    add_per_operation<&F::network_short_write>(list, network_short_write, "Of a million writes.");
    add_scheduled<&F::network_partition_symmetric>(list, network_partition_symmetric);
    add_scheduled<&F::network_partition_one_way>(list, network_partition_one_way);
    add_scheduled<&F::network_partition_majorities_ring>(list, network_partition_majorities_ring);
    add_scheduled<&F::network_partition_bridge>(list, network_partition_bridge);
    add_scheduled<&F::network_partition_primaries>(list, network_partition_primaries);
    add_scheduled<&F::network_partition_zone>(list, network_partition_zone);
    add_scheduled<&F::network_clog>(list, network_clog);
    add_scheduled<&F::network_swizzle>(list, network_swizzle);
    add_graded<&F::network_slow_link>(list, network_slow_link, 1us,
                                      "How much later a packet arrives, at most.");
    add_graded<&F::network_bandwidth>(list, network_bandwidth, 1us,
                                      "How long 1024 bytes take, at most.");
    add_momentary<&F::network_reset>(list, network_reset);
    add_momentary<&F::network_half_close>(list, network_half_close);
    add_per_operation<&F::network_in_flight_loss>(
        list, network_in_flight_loss, "Of a million connections whose machine loses power.");
    add_per_operation<&F::network_connect_refused>(list, network_connect_refused,
                                                   "Of a million connection requests.");
    add_per_operation<&F::network_connect_hang>(list, network_connect_hang,
                                                "Of a million connection requests.");
    add_per_operation<&F::network_name_failure>(list, network_name_failure,
                                                "Of a million resolutions.");
    add_per_operation<&F::network_name_stale>(list, network_name_stale,
                                              "Of a million resolutions.");
}

void add_process_faults(std::vector<Knob>& list) {
    add_scheduled<&F::process_kill>(list, process_kill);
    add_scheduled<&F::process_restart>(list, process_restart);
    add_graded<&F::process_restart_loop>(list, process_restart_loop, 1ms,
                                         "How long each of its lives lasts, at most.");
    add_scheduled<&F::process_pause>(list, process_pause);
    add_graded<&F::process_slow>(list, process_slow, 1us,
                                 "How long each step of the process takes, at most.");
    add_per_operation<&F::process_fault_point>(list, process_fault_point,
                                               "Of a million fault points that are passed.");
    add_per_operation<&F::process_computation_refused>(list, process_computation_refused,
                                                       "Of a million computations.");
    add_scheduled<&F::machine_power_loss>(list, machine_power_loss);
    add_scheduled<&F::machine_lost>(list, machine_lost);
    add_scheduled<&F::zone_power_loss>(list, zone_power_loss);
}

void add_clock_faults(std::vector<Knob>& list) {
    add_switch<&F::clock_offset, ClockOffsetFault>(list, clock_offset);
    add_largest<&F::clock_offset, ClockOffsetFault>(list, clock_offset, longest_time,
                                                    "How wrong a clock is at most.");
    add_switch<&F::clock_step, ClockStepFault>(list, clock_step);
    add_every<&F::clock_step, ClockStepFault>(list, clock_step);
    add_largest<&F::clock_step, ClockStepFault>(list, clock_step, longest_time,
                                                "How far a clock jumps at most.");
    add_switch<&F::clock_drift, ClockDriftFault>(list, clock_drift);
    add_largest<&F::clock_drift, ClockDriftFault>(
        list, clock_drift, 1s, "How much a clock gains or loses in a second, at most.");
    add_switch<&F::clock_strobe, ClockStrobeFault>(list, clock_strobe);
    add_every<&F::clock_strobe, ClockStrobeFault>(list, clock_strobe);
    add_duration<&F::clock_strobe, ClockStrobeFault>(list, clock_strobe);
    add_largest<&F::clock_strobe, ClockStrobeFault>(list, clock_strobe, longest_time,
                                                    "How far a clock is thrown at most.");
}

void add_disk_faults(std::vector<Knob>& list) {
    add_per_operation<&F::disk_short_read>(list, disk_short_read, "Of a million reads.");
    add_per_operation<&F::disk_short_write>(list, disk_short_write, "Of a million writes.");
    add_per_operation<&F::disk_read_error>(list, disk_read_error, "Of a million reads.");
    add_per_operation<&F::disk_write_error>(list, disk_write_error, "Of a million writes.");
    add_latency<&F::disk_stall>(
        list, disk_stall, "Of a million reads, writes and syncs.",
        "The mean of what is added, beyond 100 ms; it can be many times that.");
    add_scheduled<&F::disk_no_space>(list, disk_no_space);
    add_momentary<&F::disk_bit_rot>(list, disk_bit_rot);
    add_momentary<&F::disk_misdirected_write>(list, disk_misdirected_write);
    add_per_operation<&F::disk_sync_failure>(list, disk_sync_failure, "Of a million syncs.");
    add_per_operation<&F::disk_unsynced_writes_lost>(list, disk_unsynced_writes_lost,
                                                     "Of a million power losses.");
    add_per_operation<&F::disk_torn_write>(list, disk_torn_write, "Of a million power losses.");
    add_per_operation<&F::disk_unsynced_names_lost>(list, disk_unsynced_names_lost,
                                                    "Of a million power losses.");
}

}  // namespace

void add_fault_knobs(std::vector<Knob>& list) {
    add_network_faults(list);
    add_process_faults(list);
    add_clock_faults(list);
    add_disk_faults(list);
}

}  // namespace atlas::sim::faults
