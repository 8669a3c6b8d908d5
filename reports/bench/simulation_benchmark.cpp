// Default runs as `atlas-sim --seed N` makes them, without the judging: virtual seconds a second of
// wall time. Hash and causes are on.

#include <benchmark/benchmark.h>

#include "sim/atlas_sim/simulation.hpp"
#include "sim/faults/fault_plan.hpp"
#include "sim/faults/swarm_options.hpp"
#include "sim/faults/topology.hpp"

namespace atlas {
namespace {

using sim::atlas_sim::Simulation;
using sim::atlas_sim::SimulationInput;

SimulationInput default_input(std::uint64_t number) {
    SimulationInput input{.seed = sim::kernel::Seed{number}, .options = {}};
    input.options = sim::faults::draw(input.seed);
    input.plan = sim::faults::draw_plan(input.seed, input.options,
                                        sim::faults::machines_of(input.options.topology),
                                        sim::faults::Envelope::of(input.options.topology));
    return input;
}

void default_runs(benchmark::State& state) {
    double virtual_seconds = 0;
    for (auto _ : state) {
        // The same ten seeds whatever the number of iterations asked for: runs differ by their
        // seed.
        for (std::uint64_t number = 1; number <= 10; ++number) {
            Simulation simulation(default_input(number), {});
            simulation.run();
            virtual_seconds += std::chrono::duration<double>(simulation.now().since_epoch).count();
        }
    }
    state.counters["virtual_seconds"] =
        benchmark::Counter(virtual_seconds, benchmark::Counter::kIsRate);
}
BENCHMARK(default_runs)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace atlas
