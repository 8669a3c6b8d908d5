// Which anomalies are found in which histories; that nothing is found in what a database of a level
// leaves; and that the verdict on small histories is that of trying all orders.

#include "properties/checkers/isolation/serializability.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "properties/checkers/isolation/generated_transactions.hpp"
#include "properties/checkers/isolation/history_builder.hpp"

namespace atlas::properties::isolation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// "ax1 rx12": appends 1 to x, reads x as [1 2]. "wx1 rx1": with registers. "rx": reads nothing.
std::vector<WrittenAccess> accesses_of(const std::string& text, bool with_answers) {
    std::vector<WrittenAccess> accesses;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] == ' ') {
            ++i;
            continue;
        }
        WrittenAccess access{.key = text.substr(i + 1, 1)};
        access.kind = text[i] == 'a'   ? AccessKind::append
                      : text[i] == 'w' ? AccessKind::write
                                       : AccessKind::read;
        std::vector<std::string> digits;
        for (i += 2; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0; ++i)
            digits.push_back(text.substr(i, 1));
        if (access.kind != AccessKind::read) access.value = digits.at(0);
        if (access.kind == AccessKind::read && with_answers) access.list = digits;
        accesses.push_back(access);
    }
    return accesses;
}

/// Of registers a read has one answer.
std::vector<WrittenAccess> with_single_answers(std::vector<WrittenAccess> accesses) {
    for (WrittenAccess& each : accesses) {
        if (each.list && !each.list->empty()) each.value = each.list->front();
        each.list.reset();
    }
    return accesses;
}

struct Written {
    std::string text;
    Outcome outcome = Outcome::committed;
};

TransactionHistory at_once(const std::vector<Written>& transactions,
                           DataModel model = DataModel::list_append) {
    HistoryBuilder builder;
    std::size_t line = 0;
    for (std::size_t i = 0; i < transactions.size(); ++i)
        EXPECT_TRUE(builder.invoke(++line, i, accesses_of(transactions[i].text, false)));
    for (std::size_t i = 0; i < transactions.size(); ++i) {
        auto accesses = accesses_of(transactions[i].text, true);
        if (model == DataModel::rw_register) accesses = with_single_answers(std::move(accesses));
        EXPECT_TRUE(builder.complete(++line, i, transactions[i].outcome, accesses));
    }
    return *builder.finish(model);
}

/// Each ends before the next begins.
TransactionHistory one_by_one(const std::vector<std::pair<std::uint64_t, std::string>>& all) {
    HistoryBuilder builder;
    std::size_t line = 0;
    for (const auto& [process, text] : all) {
        EXPECT_TRUE(builder.invoke(++line, process, accesses_of(text, false)));
        EXPECT_TRUE(builder.complete(++line, process, Outcome::committed, accesses_of(text, true)));
    }
    return *builder.finish(std::nullopt);
}

std::vector<Anomaly> anomalies(const TransactionHistory& history) {
    return check_serializable(history, Level::serializable).anomalies;
}

// After the vectors of Elle's own tests.
TEST(Serializability, NamesTheAnomaliesOfLists) {
    using enum Anomaly;
    EXPECT_THAT(anomalies(at_once({{"ax1 ay1"}, {"ax2 ay2"}, {"rx12 ry21"}})), ElementsAre(g0));
    EXPECT_THAT(anomalies(at_once({{"ax1", Outcome::aborted}, {"rx1"}})),
                ElementsAre(aborted_read));
    EXPECT_THAT(anomalies(at_once({{"ax1 ax2"}, {"rx1"}})),
                ElementsAre(intermediate_read, g_single));
    EXPECT_THAT(anomalies(at_once({{"ax1 ry1"}, {"ax2 ay1"}, {"rx12 ry1"}})), ElementsAre(g1c));
    EXPECT_THAT(anomalies(at_once({{"ax1 ay1"}, {"ax2 ry"}, {"rx12"}})), ElementsAre(g_single));
    EXPECT_THAT(anomalies(at_once({{"ax1 ry"}, {"ay1 rx"}})), ElementsAre(g2_item));
    EXPECT_THAT(anomalies(at_once({{"ax1"}, {"rx1 ry"}, {"ay1"}, {"ry1 rx"}})),
                ElementsAre(g_nonadjacent));
    EXPECT_THAT(anomalies(at_once({{"ax0"}, {"rx0 ax1"}, {"rx0 ax2"}})),
                ElementsAre(lost_update, g2_item));
    EXPECT_THAT(anomalies(at_once({{"ax1", Outcome::aborted}, {"ax2"}, {"rx12"}})),
                ElementsAre(aborted_read, dirty_update));
    EXPECT_THAT(anomalies(at_once({{"ax1"}, {"rx11"}})), ElementsAre(duplicate_elements));
    EXPECT_THAT(anomalies(at_once({{"ax1"}, {"ax2"}, {"rx1"}, {"rx2"}})),
                testing::Contains(incompatible_order));
    EXPECT_THAT(anomalies(at_once({{"ax1 ax2 ax4"}, {"ax3 rx1234"}})), testing::Contains(internal));
    EXPECT_THAT(anomalies(at_once({{"rx1 ax1"}})), ElementsAre(future_read));
    EXPECT_THAT(anomalies(at_once({{"ax1"}, {"rx12"}})), ElementsAre(garbage_read));
}

TEST(Serializability, NamesTheAnomaliesOfRegisters) {
    using enum Anomaly;
    const auto registers = [](const std::vector<Written>& all) {
        return anomalies(at_once(all, DataModel::rw_register));
    };
    EXPECT_THAT(registers({{"wx1", Outcome::aborted}, {"rx1"}}), ElementsAre(aborted_read));
    EXPECT_THAT(registers({{"wx1 wx2"}, {"rx1"}}), ElementsAre(intermediate_read));
    EXPECT_THAT(registers({{"wx1 ry1"}, {"wy1 rx1"}}), ElementsAre(g1c));
    EXPECT_THAT(registers({{"rx wx1 ry"}, {"ry wy1 rx"}}), ElementsAre(g2_item));
    EXPECT_THAT(registers({{"wx1 wy1"}, {"rx1 ry"}}), ElementsAre(g_single));
    EXPECT_THAT(registers({{"wx1"}, {"rx1 wx2"}, {"rx1 wx3"}}), ElementsAre(lost_update, g2_item));
    EXPECT_THAT(registers({{"rx1 wx2"}, {"rx2 wx1"}}), testing::Contains(cyclic_versions));
    EXPECT_THAT(registers({{"wx1 rx2"}, {"wx2"}}), ElementsAre(internal));
    EXPECT_THAT(registers({{"rx1 wx1"}}), ElementsAre(future_read));
    EXPECT_THAT(registers({{"rx1"}}), ElementsAre(garbage_read));
    EXPECT_THAT(registers({{"wx1"}, {"rx1 wx2"}, {"rx2"}}), IsEmpty());
}

// The anomaly of a read-only transaction (Fekete, O'Neil and O'Neil, 2004): its two
// anti-dependencies are next to each other, which snapshot isolation allows.
TEST(Serializability, KnowsWhatSnapshotIsolationAllows) {
    const TransactionHistory history = at_once({{"rz1 rx"}, {"ax1 ry"}, {"ay1 az1"}});
    EXPECT_THAT(anomalies(history), ElementsAre(Anomaly::g2_item));
    EXPECT_EQ(check_serializable(history, Level::snapshot_isolation).judgement.verdict,
              Verdict::valid);
    EXPECT_EQ(check_serializable(history, Level::repeatable_read).judgement.verdict,
              Verdict::invalid);
}

TEST(Serializability, KnowsTheOrdersOfClientsAndOfTime) {
    const TransactionHistory stale = one_by_one({{0, "ax1"}, {1, "ax2"}, {2, "rx1"}, {3, "rx12"}});
    EXPECT_THAT(anomalies(stale), ElementsAre(Anomaly::cycle_in_real_time));
    EXPECT_EQ(check_serializable(stale, Level::strong_session_serializable).judgement.verdict,
              Verdict::valid);
    EXPECT_EQ(check_serializable(stale, Level::strict_serializable).judgement.verdict,
              Verdict::invalid);
    const TransactionHistory forgetful =
        one_by_one({{0, "ax1"}, {1, "ax2"}, {1, "rx1"}, {3, "rx12"}});
    EXPECT_THAT(anomalies(forgetful), ElementsAre(Anomaly::cycle_in_session));
    EXPECT_EQ(check_serializable(forgetful, Level::serializable).judgement.verdict, Verdict::valid);
}

TEST(Serializability, SaysInSentencesWhy) {
    const SerializabilityReport report =
        check_serializable(at_once({{"ax1 ay1"}, {"ax2 ry"}, {"rx12"}}), Level::serializable);
    const std::string& prose = report.judgement.prose;
    EXPECT_THAT(prose, HasSubstr("The history is not serializable."));
    EXPECT_THAT(prose, HasSubstr("G-single (1 found), forbidden by serializable; the weakest level "
                                 "that forbids it: repeatable-read and snapshot-isolation."));
    EXPECT_THAT(prose, HasSubstr("2 steps, each from a transaction"));
    EXPECT_THAT(prose, HasSubstr("T1 is the transaction on lines 1 to 4 (process 0: append x 1, "
                                 "append y 1)."));
    EXPECT_THAT(prose,
                HasSubstr("T1 comes before T2: T2 appended 2 to x after T1 had appended 1."));
    EXPECT_THAT(prose, HasSubstr("T2 comes before T1: T2 did not see 1 in y, which T1 appended."));
}

TEST(Serializability, WithoutACommitOrADependencyNothingIsShown) {
    for (const Outcome outcome : {Outcome::unknown, Outcome::committed}) {
        const TransactionHistory history = at_once({{"ax1 rx1", outcome}});
        EXPECT_EQ(check_serializable(history, Level::serializable).judgement.verdict,
                  Verdict::unknown);
    }
}

Verdict verdict_at(Level level, const std::vector<Written>& all,
                   DataModel model = DataModel::list_append) {
    return check_serializable(at_once(all, model), level).judgement.verdict;
}

// Had it been rolled back, its writes over writes would be dirty reads alone.
TEST(Serializability, TakesNoUnknownOutcomeForCertain) {
    const std::vector<Written> history{{"ax1 ay2", Outcome::unknown}, {"ay1 ax2"}, {"rx12 ry12"}};
    EXPECT_EQ(verdict_at(Level::read_uncommitted, history), Verdict::valid);
    EXPECT_EQ(verdict_at(Level::read_committed, history), Verdict::invalid);
}

TEST(Serializability, WhatWasReadHasTakenEffect) {
    EXPECT_EQ(verdict_at(Level::serializable, {{"ax1 ay1", Outcome::unknown}, {"rx1 ry"}}),
              Verdict::invalid);
    EXPECT_EQ(verdict_at(Level::serializable, {{"wx1 wy1", Outcome::unknown}, {"rx1 ry"}},
                         DataModel::rw_register),
              Verdict::invalid);
    EXPECT_EQ(verdict_at(Level::serializable, {{"ax1 rx1 ry1"}, {"ax2 ay1", Outcome::unknown}}),
              Verdict::invalid);
}

TEST(Serializability, LooksAtEveryRead) {
    EXPECT_EQ(verdict_at(Level::read_committed, {{"ax1 ry ry1"}, {"ay1 rx rx1"}}),
              Verdict::invalid);
    EXPECT_EQ(verdict_at(Level::read_uncommitted, {{"ax1 ay1"}, {"ax2 ay2"}, {"rx rx12 ry ry21"}}),
              Verdict::invalid);
}

// Berenson's P4: the second writer was blind.
TEST(Serializability, KnowsAnUpdateLostToABlindWrite) {
    EXPECT_EQ(verdict_at(Level::cursor_stability, {{"rx ax1"}, {"ax2"}, {"rx21"}}),
              Verdict::invalid);
    EXPECT_EQ(verdict_at(Level::read_committed, {{"rx ax1"}, {"ax2"}, {"rx21"}}), Verdict::valid);
    EXPECT_EQ(verdict_at(Level::cursor_stability, {{"rx ax1"}, {"ax2"}, {"rx12"}}), Verdict::valid);
}

TEST(Levels, IncludeEachOther) {
    for (const Level level : all_levels()) {
        EXPECT_EQ(find_level(name(level)), level);
        EXPECT_TRUE(includes(level, level));
        EXPECT_TRUE(includes(level, Level::read_uncommitted));
        EXPECT_TRUE(includes(Level::strict_serializable, level));
    }
    EXPECT_FALSE(includes(Level::snapshot_isolation, Level::repeatable_read));
    EXPECT_FALSE(includes(Level::repeatable_read, Level::snapshot_isolation));
    EXPECT_FALSE(includes(Level::read_committed, Level::snapshot_isolation));
    EXPECT_TRUE(includes(Level::snapshot_isolation, Level::cursor_stability));
    EXPECT_TRUE(includes(Level::serializable, Level::snapshot_isolation));
    EXPECT_EQ(find_level("serialisable"), std::nullopt);
}

// What the generated database promises, and the first level that it does not.
RC_GTEST_PROP(Serializability, FindsNothingThatALevelAllows, (std::uint64_t seed)) {
    host::RandomSource random(seed);
    GeneratedTransactions options{.transactions = 60, .writes_of_a_key = 8};
    options.model = random.chance(1, 2) ? DataModel::list_append : DataModel::rw_register;
    const auto holds = [&](GeneratedLevel generated, Level level) {
        options.level = generated;
        const TransactionHistory history = make_transactions(random, options);
        const SerializabilityReport report = check_serializable(history, level);
        RC_LOG() << report.judgement.prose;
        return report.judgement.verdict != Verdict::invalid;
    };
    RC_ASSERT(holds(GeneratedLevel::strict_serializable, Level::strict_serializable));
    RC_ASSERT(holds(GeneratedLevel::snapshot_isolation, Level::snapshot_isolation));
    RC_ASSERT(holds(GeneratedLevel::read_committed, Level::read_committed));
}

TEST(Serializability, FindsWhatALevelLetsThrough) {
    host::RandomSource random(7);
    const auto found_at = [&](GeneratedLevel generated, Level level) {
        const GeneratedTransactions options{.level = generated, .transactions = 300};
        const TransactionHistory history = make_transactions(random, options);
        return check_serializable(history, level).judgement.verdict == Verdict::invalid;
    };
    EXPECT_TRUE(found_at(GeneratedLevel::snapshot_isolation, Level::serializable));
    EXPECT_TRUE(found_at(GeneratedLevel::read_committed, Level::snapshot_isolation));
}

/// Whether some order of the committed transactions, and of any of the unknown ones, explains what
/// the committed ones saw: by trying all.
bool is_serializable_by_trial(const TransactionHistory& history) {
    const std::vector<Transaction>& all = history.transactions;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].outcome != Outcome::aborted) order.push_back(i);
    }
    for (std::uint32_t left_out = 0; left_out < 1U << all.size(); ++left_out) {
        const auto is_left_out = [&](std::size_t i) { return (left_out >> i & 1U) != 0; };
        const bool is_choice = std::ranges::all_of(order, [&](std::size_t i) {
            return !is_left_out(i) || all[i].outcome == Outcome::unknown;
        });
        if (!is_choice) continue;
        std::ranges::sort(order);
        do {
            std::map<Key, std::vector<Value>> lists;
            const bool fits = std::ranges::all_of(order, [&](std::size_t i) {
                if (is_left_out(i)) return true;
                return std::ranges::all_of(all[i].accesses, [&](const Access& access) {
                    std::vector<Value>& list = lists[access.key];
                    if (access.kind == AccessKind::append) list.push_back(access.value);
                    return access.kind != AccessKind::read || all[i].outcome == Outcome::unknown ||
                           list == access.list;
                });
            });
            if (fits) return true;
        } while (std::ranges::next_permutation(order).found);
    }
    return false;
}

// A database of no level at all: each access sees and does what it likes, of what is there. Those
// of unknown outcome read nothing.
std::vector<Written> anything(host::RandomSource& random, bool reads_all_at_the_end) {
    const std::size_t count = 2 + random.below(3);
    const std::string keys = "xy";
    std::map<char, std::string> lists;
    std::map<char, int> next;
    std::vector<Written> all(count);
    const std::size_t accesses = count + random.below(5);
    for (Written& each : all) {
        if (random.chance(1, 5)) each.outcome = Outcome::unknown;
        if (random.chance(1, 8)) each.outcome = Outcome::aborted;
    }
    for (std::size_t i = 0; i < accesses; ++i) {
        Written& each = all[random.below(count)];
        const char key = keys[random.below(keys.size())];
        if (each.outcome == Outcome::unknown || random.chance(1, 2)) {
            const std::string value = std::to_string(++next[key]);
            each.text += std::string("a") + key + value;
            const bool is_there = each.outcome == Outcome::committed ||
                                  random.chance(each.outcome == Outcome::unknown ? 4 : 1, 8);
            if (is_there) lists[key] += value;
        } else {
            const std::size_t seen =
                random.chance(1, 3) ? random.below(lists[key].size() + 1) : lists[key].size();
            each.text += std::string("r") + key + lists[key].substr(0, seen);
        }
    }
    // Then the order of appends is known.
    if (reads_all_at_the_end) all.push_back({"rx" + lists['x'] + "ry" + lists['y']});
    for (const Written& each : all)
        RC_LOG() << each.text << " " << static_cast<int>(each.outcome) << "\n";
    return all;
}

RC_GTEST_PROP(Serializability, IsThatOfTryingAllOrders, (std::uint64_t seed)) {
    host::RandomSource random(seed);
    const bool reads_all = random.chance(2, 3);
    const TransactionHistory history = at_once(anything(random, reads_all));
    const SerializabilityReport report = check_serializable(history, Level::serializable);
    const bool by_trial = is_serializable_by_trial(history);
    RC_LOG() << report.judgement.prose;
    RC_CLASSIFY(by_trial, "serializable");
    const bool is_invalid = report.judgement.verdict == Verdict::invalid;
    if (reads_all) RC_ASSERT(is_invalid == !by_trial);
    // Without those reads something may be missed, but nothing is made up.
    if (is_invalid) RC_ASSERT(!by_trial);
}

// Whatever has become of those whose outcome is not known, what they are accused of holds.
RC_GTEST_PROP(Serializability, OfAnUnknownOutcomeHoldsForEachThatItMayHave, (std::uint64_t seed)) {
    host::RandomSource random(seed);
    const std::vector<Written> all = anything(random, random.chance(1, 2));
    for (const Level level : all_levels()) {
        if (verdict_at(level, all) != Verdict::invalid) continue;
        for (const Outcome outcome : {Outcome::committed, Outcome::aborted}) {
            std::vector<Written> resolved = all;
            for (Written& each : resolved) {
                if (each.outcome == Outcome::unknown) each.outcome = outcome;
            }
            RC_LOG() << name(level) << " " << static_cast<int>(outcome) << "\n";
            RC_ASSERT(verdict_at(level, resolved) == Verdict::invalid);
        }
    }
}

}  // namespace
}  // namespace atlas::properties::isolation
