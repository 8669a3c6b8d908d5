#include "properties/checkers/isolation/serializability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "properties/checkers/isolation/cycles.hpp"
#include "properties/checkers/isolation/inference.hpp"
#include "properties/checkers/isolation/prose.hpp"

namespace atlas::properties::isolation {

namespace {

constexpr std::size_t most_explained = 5;

/// "T1", "T2", ... in the order in which the cycle comes to them.
class Names {
  public:
    const std::string& of(TransactionNumber transaction) {
        const auto [found, is_new] = names_.try_emplace(transaction);
        if (is_new) found->second = fmt::format("T{}", names_.size());
        return found->second;
    }

  private:
    std::map<TransactionNumber, std::string> names_;
};

std::string explain_cycle(const TransactionHistory& history, const Cycle& cycle) {
    Names names;
    std::string told;
    for (const Edge& edge : cycle.edges) {
        const bool is_known = told.find(names.of(edge.from) + " is ") != std::string::npos;
        if (is_known) continue;
        told += fmt::format("    {} is {}.\n", names.of(edge.from), describe(history, edge.from));
    }
    for (const Edge& edge : cycle.edges) {
        const std::string& first = names.of(edge.from);
        const std::string& second = names.of(edge.to);
        told += fmt::format("    {} comes before {}: {}.\n", first, second,
                            explain(history, edge, first, second));
    }
    return fmt::format(
        "{} transactions, each of which comes before the next, and the last before "
        "the first:\n{}",
        cycle.edges.size(), told);
}

std::string describe_levels(std::span<const Level> levels) {
    std::string text;
    for (const Level level : levels)
        text += fmt::format("{}{}", text.empty() ? "" : " and ", name(level));
    return text;
}

/// The prose of each anomaly found, in the order of Anomaly.
using Findings = std::map<Anomaly, std::vector<std::string>>;

Findings all_findings(const TransactionHistory& history, Inference inference) {
    Findings findings;
    for (Finding& finding : inference.findings)
        findings[finding.anomaly].push_back(std::move(finding.prose));
    std::vector<Edge> edges = std::move(inference.edges);
    const auto add = [&edges](const std::vector<Edge>& more) {
        edges.insert(edges.end(), more.begin(), more.end());
    };
    add(session_edges(history));
    add(real_time_edges(history));
    const DependencyGraph graph(history.transactions.size(), edges);
    for (const Cycle& cycle : find_cycles(graph))
        findings[cycle.anomaly].push_back(explain_cycle(history, cycle));
    return findings;
}

std::string tell(const Findings& findings, Level level) {
    std::string text;
    for (const auto& [anomaly, told] : findings) {
        text += fmt::format("{} ({} found), {} by {}; the weakest level that forbids it: {}.\n",
                            name(anomaly), told.size(),
                            breaks(anomaly, level) ? "forbidden" : "allowed", name(level),
                            describe_levels(weakest_broken(anomaly)));
        for (std::size_t i = 0; i < std::min(told.size(), most_explained); ++i) {
            text += "  " + told[i];
            if (!text.ends_with('\n')) text += '\n';
        }
    }
    return text;
}

}  // namespace

std::string_view name(Anomaly anomaly) noexcept {
    switch (anomaly) {
        case Anomaly::garbage_read:
            return "garbage-read";
        case Anomaly::duplicate_elements:
            return "duplicate-elements";
        case Anomaly::cyclic_versions:
            return "cyclic-versions";
        case Anomaly::incompatible_order:
            return "incompatible-order";
        case Anomaly::future_read:
            return "future-read";
        case Anomaly::internal:
            return "internal";
        case Anomaly::aborted_read:
            return "G1a";
        case Anomaly::intermediate_read:
            return "G1b";
        case Anomaly::dirty_update:
            return "dirty-update";
        case Anomaly::lost_update:
            return "lost-update";
        case Anomaly::g0:
            return "G0";
        case Anomaly::g1c:
            return "G1c";
        case Anomaly::g_single:
            return "G-single";
        case Anomaly::g_nonadjacent:
            return "G-nonadjacent";
        case Anomaly::g2_item:
            return "G2-item";
        case Anomaly::cycle_in_session:
            return "cycle-process";
        case Anomaly::cycle_in_real_time:
            return "cycle-realtime";
    }
    return "unknown";
}

SerializabilityReport check_serializable(const TransactionHistory& history, Level level) {
    Inference inference = history.model == DataModel::list_append ? infer_list_append(history)
                                                                  : infer_rw_register(history);
    SerializabilityReport report{.transactions = history.transactions.size(),
                                 .dependencies = inference.edges.size()};
    const Findings findings = all_findings(history, std::move(inference));
    bool is_broken = false;
    for (const auto& [anomaly, told] : findings) {
        is_broken |= breaks(anomaly, level);
        report.anomalies.push_back(anomaly);
    }
    const auto committed =
        std::ranges::count(history.transactions, Outcome::committed, &Transaction::outcome);
    if (is_broken) {
        report.judgement = {Verdict::invalid, fmt::format("The history is not {}.\n{}", name(level),
                                                          tell(findings, level))};
    } else if (committed == 0) {
        report.judgement = {Verdict::unknown, "No transaction is known to have committed."};
    } else {
        report.judgement = {
            Verdict::valid,
            fmt::format("{} transactions ({} committed), {} dependencies: nothing in them "
                        "contradicts {}.\n{}",
                        report.transactions, committed, report.dependencies, name(level),
                        tell(findings, level))};
    }
    if (report.judgement.prose.ends_with('\n')) report.judgement.prose.pop_back();
    return report;
}

}  // namespace atlas::properties::isolation
