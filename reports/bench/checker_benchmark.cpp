// Checker operations a second on one core, on histories as runs produce them: linearizable, of many
// users, with a few operations under way at once on each.

#include <benchmark/benchmark.h>

#include <vector>

#include "properties/checkers/generated_history.hpp"
#include "properties/checkers/isolation/generated_transactions.hpp"
#include "properties/checkers/isolation/serializability.hpp"
#include "properties/checkers/linearizability.hpp"

namespace atlas::properties {
namespace {

template <SequentialModel Model>
void check_all(benchmark::State& state, const std::vector<Partition<Model>>& partitions) {
    std::uint64_t operations = 0;
    for (auto _ : state) {
        state.PauseTiming();
        std::vector<Partition<Model>> copy = partitions;
        state.ResumeTiming();
        const LinearizabilityReport report = check_linearizable(std::move(copy));
        if (report.judgement.verdict != Verdict::valid) state.SkipWithError("not valid");
        operations += report.operations;
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(operations));
}

template <typename Make>
auto partitions_of(Make make, std::size_t partitions, PlanOptions options) {
    host::RandomSource random(1);
    std::vector<decltype(make(random, options))> result;
    for (std::size_t i = 0; i < partitions; ++i)
        result.push_back(make(random, options));
    return result;
}

/// The argument: how many operations each user has.
void user_records(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    check_all(state, partitions_of(make_user_history, 100'000 / size, {size, 4, 0}));
}
BENCHMARK(user_records)->Arg(20)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void user_records_with_lost_answers(benchmark::State& state) {
    check_all(state, partitions_of(make_user_history, 100, {200, 4, 50}));
}
BENCHMARK(user_records_with_lost_answers)->Unit(benchmark::kMillisecond);

void registers(benchmark::State& state) {
    const auto make = [](host::RandomSource& random, PlanOptions options) {
        return make_register_history(random, options);
    };
    check_all(state, partitions_of(make, 100, {1000, 5, 0}));
}
BENCHMARK(registers)->Unit(benchmark::kMillisecond);

void keys(benchmark::State& state) {
    check_all(state, partitions_of(make_key_value_history, 100, {200, 5, 0}));
}
BENCHMARK(keys)->Unit(benchmark::kMillisecond);

/// Transactions a second, judged to be strictly serializable. The argument: 0 for lists that grow,
/// 1 for registers.
void transactions(benchmark::State& state) {
    host::RandomSource random(1);
    isolation::GeneratedTransactions options{
        .transactions = 100'000, .processes = 10, .keys = 10, .writes_of_a_key = 32};
    if (state.range(0) == 1) options.model = isolation::DataModel::rw_register;
    const isolation::TransactionHistory history = isolation::make_transactions(random, options);
    std::size_t judged = 0;
    for (auto _ : state) {
        const isolation::SerializabilityReport report =
            isolation::check_serializable(history, isolation::Level::strict_serializable);
        if (report.judgement.verdict != Verdict::valid) state.SkipWithError("not valid");
        judged += report.transactions;
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(judged));
}
BENCHMARK(transactions)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atlas::properties
