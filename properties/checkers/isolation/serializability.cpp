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

constexpr std::size_t most_edges = 20;

/// "T1", "T2", ... in the order in which the cycle comes to them.
std::string explain_cycle(const TransactionHistory& history, const Cycle& cycle) {
    std::map<TransactionNumber, std::string> names;
    std::string who;
    std::string why;
    const auto name_of = [&](TransactionNumber transaction) -> const std::string& {
        const auto [found, is_new] = names.try_emplace(transaction);
        if (is_new) {
            found->second = fmt::format("T{}", names.size());
            who += fmt::format("    {} is {}.\n", found->second, describe(history, transaction));
        }
        return found->second;
    };
    for (std::size_t i = 0; i < std::min(cycle.edges.size(), most_edges); ++i) {
        const Edge& edge = cycle.edges[i];
        const std::string& first = name_of(edge.from);
        const std::string& second = name_of(edge.to);
        why += fmt::format("    {} comes before {}: {}.\n", first, second,
                           explain(history, edge, first, second));
    }
    if (cycle.edges.size() > most_edges)
        why += fmt::format("    And so on, {} more.\n", cycle.edges.size() - most_edges);
    return fmt::format(
        "{} steps, each from a transaction to one that comes after it, and the last "
        "back to the first:\n{}{}",
        cycle.edges.size(), who, why);
}

std::string describe_levels(std::span<const Level> levels) {
    std::string text;
    for (const Level level : levels)
        text += fmt::format("{}{}", text.empty() ? "" : " and ", name(level));
    return text;
}

/// Between two transactions.
std::size_t dependencies_in(const std::vector<Edge>& edges) {
    return static_cast<std::size_t>(
        std::ranges::count_if(edges, [](const Edge& edge) { return edge.from != edge.to; }));
}

Findings all_findings(const TransactionHistory& history, Inference inference) {
    Findings findings = std::move(inference.findings);
    std::vector<Edge> edges = std::move(inference.edges);
    const auto add = [&edges](const std::vector<Edge>& more) {
        edges.insert(edges.end(), more.begin(), more.end());
    };
    add(session_edges(history));
    add(real_time_edges(history));
    const DependencyGraph graph(nodes_with_real_time(history), edges);
    for (const Cycle& cycle : find_cycles(graph, history.transactions.size()))
        findings.add(cycle.anomaly, [&] { return explain_cycle(history, cycle); });
    return findings;
}

std::string tell(const Findings& findings, Level level) {
    std::string text;
    for (const auto& [anomaly, found] : findings.all()) {
        text += fmt::format("{} ({} found), {} by {}; the weakest level that forbids it: {}.\n",
                            name(anomaly), found.count,
                            breaks(anomaly, level) ? "forbidden" : "allowed", name(level),
                            describe_levels(weakest_broken(anomaly)));
        for (const std::string& told : found.told) {
            text += "  " + told;
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
                                 .dependencies = dependencies_in(inference.edges)};
    const Findings findings = all_findings(history, std::move(inference));
    bool is_broken = false;
    for (const auto& [anomaly, found] : findings.all()) {
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
    } else if (report.dependencies == 0 && report.anomalies.empty()) {
        report.judgement = {
            Verdict::unknown,
            "No transaction saw or overwrote anything of another: nothing is shown."};
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
