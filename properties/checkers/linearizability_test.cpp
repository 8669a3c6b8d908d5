// The search against the definition: on histories made to be linearizable, and on the same ones
// spoilt at random; and what it says when there is no order.

#include "properties/checkers/linearizability.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "properties/checkers/exhaustive_check.hpp"
#include "properties/checkers/generated_history.hpp"

namespace atlas::properties {
namespace {

using ::testing::HasSubstr;

template <SequentialModel Model>
LinearizabilityReport check_one(Partition<Model> partition, LinearizabilityBudget budget = {}) {
    std::vector<Partition<Model>> partitions;
    partitions.push_back(std::move(partition));
    return check_linearizable(std::move(partitions), budget);
}

/// Gives one operation another one's answer, or ends one earlier: often, but not always, a lie.
template <SequentialModel Model>
void spoil(host::RandomSource& random, Partition<Model>& partition) {
    const std::size_t a = random.below(partition.operations.size());
    const std::size_t b = random.below(partition.operations.size());
    // An open operation stays one that can be open: its answer is not known.
    if (partition.operations[a].interval.is_open() || partition.operations[b].interval.is_open()) {
        return;
    }
    if (random.chance(1, 2)) {
        std::swap(partition.operations[a].operation, partition.operations[b].operation);
    } else {
        partition.operations[a].operation = partition.operations[b].operation;
    }
}

PlanOptions small_plan() {
    PlanOptions options;
    options.operations = *rc::gen::inRange<std::size_t>(1, 9);
    options.clients = *rc::gen::inRange<std::size_t>(1, 5);
    options.open_per_thousand = *rc::gen::element(0U, 200U, 600U);
    return options;
}

template <typename Make>
void agrees_with_the_definition(Make make) {
    host::RandomSource random(*rc::gen::arbitrary<std::uint64_t>());
    const PlanOptions plan = small_plan();
    int refuted = 0;
    for (int i = 0; i < 50; ++i) {
        auto partition = make(random, plan);
        RC_ASSERT(is_linearizable_by_definition(partition));
        RC_ASSERT(check_one(partition).judgement.verdict == Verdict::valid);
        spoil(random, partition);
        const bool expected = is_linearizable_by_definition(partition);
        refuted += expected ? 0 : 1;
        const LinearizabilityReport report = check_one(partition);
        RC_ASSERT(report.judgement.verdict == (expected ? Verdict::valid : Verdict::invalid));
        RC_ASSERT(!report.judgement.prose.empty());
    }
    RC_TAG(refuted == 0 ? "none refuted" : "some refuted");
}

RC_GTEST_PROP(Linearizability, AgreesWithTheDefinitionOnRegisters, ()) {
    agrees_with_the_definition([](host::RandomSource& random, PlanOptions options) {
        return make_register_history(random, options, 3);
    });
}

RC_GTEST_PROP(Linearizability, AgreesWithTheDefinitionOnKeys, ()) {
    agrees_with_the_definition(make_key_value_history);
}

RC_GTEST_PROP(Linearizability, AgreesWithTheDefinitionOnUserRecords, ()) {
    agrees_with_the_definition(make_user_history);
}

RC_GTEST_PROP(Linearizability, AcceptsLongHistoriesMadeToBeLinearizable, ()) {
    host::RandomSource random(*rc::gen::arbitrary<std::uint64_t>());
    const PlanOptions options{*rc::gen::inRange<std::size_t>(100, 1000),
                              *rc::gen::inRange<std::size_t>(1, 20), 0};
    RC_ASSERT(check_one(make_user_history(random, options)).judgement.verdict == Verdict::valid);
    RC_ASSERT(check_one(make_register_history(random, options)).judgement.verdict ==
              Verdict::valid);
    RC_ASSERT(check_one(make_key_value_history(random, options)).judgement.verdict ==
              Verdict::valid);
}

/// More open operations than fit one word of the configuration.
RC_GTEST_PROP(Linearizability, AcceptsHistoriesWithManyOpenOperations, ()) {
    host::RandomSource random(*rc::gen::arbitrary<std::uint64_t>());
    const PlanOptions options{300, 5, 300};
    RC_ASSERT(check_one(make_user_history(random, options)).judgement.verdict == Verdict::valid);
}

TimedOperation<RegisterOperation> at(std::uint64_t client, std::uint64_t call, std::uint64_t end,
                                     RegisterOperation operation) {
    return {operation, client, Interval{call, end, {}, {}}};
}

/// A write of 1 under way, a read that sees it, and a later read that does not.
Partition<RegisterModel> stale_read() {
    using Action = RegisterOperation::Action;
    Partition<RegisterModel> partition{"the register", {}, {}};
    const State one = partition.model.holding("1");
    partition.operations = {at(0, 1, 6, {Action::write, one, 0}),
                            at(1, 2, 3, {Action::read, one, 0}), at(2, 4, 5, {Action::read, 0, 0})};
    return partition;
}

TEST(Linearizability, SaysWhyInSentences) {
    const Judgement judgement = check_one(stale_read()).judgement;
    EXPECT_EQ(judgement.verdict, Verdict::invalid);
    EXPECT_THAT(judgement.prose, HasSubstr("the register is not linearizable"));
    EXPECT_THAT(judgement.prose, HasSubstr("explains 2 of them"));
    EXPECT_THAT(judgement.prose, HasSubstr("1. client 0 wrote 1 (lines 1 to 6)"));
    EXPECT_THAT(judgement.prose, HasSubstr("2. client 1 read 1 (lines 2 to 3)"));
    EXPECT_THAT(judgement.prose, HasSubstr("After that, the register held 1"));
    EXPECT_THAT(judgement.prose,
                HasSubstr("client 2 read nil (lines 4 to 5): that answer is impossible here"));
}

TEST(Linearizability, SaysWhyWhenTheFirstAnswerIsWrong) {
    Partition<RegisterModel> partition{"the register", {}, {}};
    const State one = partition.model.holding("1");
    partition.operations = {at(0, 1, 2, {RegisterOperation::Action::read, one, 0})};
    EXPECT_THAT(check_one(partition).judgement.prose,
                HasSubstr("Already the first operation cannot be explained"));
}

TEST(Linearizability, IsValidWithoutOperations) {
    EXPECT_EQ(check_one(Partition<RegisterModel>{}).judgement.verdict, Verdict::valid);
    EXPECT_EQ(check_linearizable(std::vector<Partition<RegisterModel>>{}).judgement.verdict,
              Verdict::valid);
}

/// Appends under way all at once, and a read of what no order of them gives: all orders are tried.
Partition<KeyValueModel> hard_to_refute(std::uint64_t width) {
    Partition<KeyValueModel> partition{"key \"hard\"", {}, {}};
    std::string value;
    for (std::uint64_t i = 0; i < width; ++i) {
        // Alike two by two, so that many orders read the same.
        const std::string text = "ab";
        value += text;
        partition.operations.push_back(
            {partition.model.append(text), i, Interval{1 + i, 1000 + i, {}, {}}});
    }
    partition.operations.push_back(
        {partition.model.get(value + "!"), width, Interval{2000, 2001, {}, {}}});
    return partition;
}

TEST(Linearizability, IsUnknownWhenTheBudgetRunsOut) {
    LinearizabilityBudget steps;
    steps.steps_per_partition = 10'000;
    const LinearizabilityReport by_steps = check_one(hard_to_refute(30), steps);
    EXPECT_EQ(by_steps.judgement.verdict, Verdict::unknown);
    EXPECT_LT(by_steps.steps, 20'000U);
    EXPECT_THAT(by_steps.judgement.prose, HasSubstr("key \"hard\""));
    LinearizabilityBudget memory;
    memory.configurations_per_partition = 5'000;
    EXPECT_EQ(check_one(hard_to_refute(30), memory).judgement.verdict, Verdict::unknown);
    LinearizabilityBudget in_all;
    in_all.configurations_in_all = 5'000;
    EXPECT_EQ(check_one(hard_to_refute(30), in_all).judgement.verdict, Verdict::unknown);
}

TEST(Linearizability, RefutesAnEasyPartitionWhileAnotherExplodes) {
    Partition<KeyValueModel> easy{"key \"easy\"", {}, {}};
    easy.operations = {{easy.model.get("never put"), 7, Interval{1, 2, {}, {}}}};
    std::vector<Partition<KeyValueModel>> partitions;
    partitions.push_back(hard_to_refute(30));
    partitions.push_back(std::move(easy));
    const LinearizabilityReport report = check_linearizable(std::move(partitions));
    EXPECT_EQ(report.judgement.verdict, Verdict::invalid);
    EXPECT_THAT(report.judgement.prose, HasSubstr("key \"easy\""));
    EXPECT_LT(report.steps, 10'000U);
}

TEST(Linearizability, IsTheSameEachTime) {
    host::RandomSource random(7);
    const auto partition = make_register_history(random, {400, 12, 50});
    const LinearizabilityReport first = check_one(partition);
    const LinearizabilityReport second = check_one(partition);
    EXPECT_EQ(first.steps, second.steps);
    EXPECT_EQ(first.judgement.prose, second.judgement.prose);
}

}  // namespace
}  // namespace atlas::properties
