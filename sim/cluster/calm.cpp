#include "sim/cluster/calm.hpp"

namespace atlas::sim::cluster {

disk::Decision CalmDisk::decide(const disk::Operation& operation) {
    const bool syncs = operation.kind == disk::OperationKind::sync ||
                       operation.kind == disk::OperationKind::sync_directory;
    disk::Decision decision;
    if (syncs) decision.latency = sync_latency_;
    return decision;
}

CalmRun run_calmly(const Program& program, kernel::Seed seed, host::Duration at_most) {
    kernel::Kernel kernel(std::move(seed));
    CalmNetwork network;
    CalmDisk disk;
    Cluster cluster(kernel, network, disk);
    const network::MachineNumber machine = cluster.add_machine("machine");
    CalmRun run;
    const ProcessNumber process =
        cluster.add_process(machine, "program", [&program, &run](host::Host& host) -> host::Task<> {
            const auto body = [](host::Host& given, const Program& inner,
                                 CalmRun& outcome) -> host::Task<> {
                co_await inner(given);
                outcome.finished = true;
            };
            return body(host, program, run);
        });
    cluster.start(process);
    kernel.run_until(host::TimePoint{at_most});
    run.digest = kernel.trace().digest();
    run.leftovers = cluster.leftovers();
    return run;
}

}  // namespace atlas::sim::cluster
