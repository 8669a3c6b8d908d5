#include "properties/checkers/isolation/dependency_graph.hpp"

#include <algorithm>
#include <map>
#include <ranges>

namespace atlas::properties::isolation {

DependencyGraph::DependencyGraph(std::size_t nodes, const std::vector<Edge>& edges)
    : first_(nodes + 1, 0) {
    const auto leads_elsewhere = [](const Edge& edge) { return edge.from != edge.to; };
    for (const Edge& edge : edges | std::views::filter(leads_elsewhere))
        ++first_[edge.from + 1];
    for (std::size_t i = 1; i < first_.size(); ++i)
        first_[i] += first_[i - 1];
    edges_.resize(first_.back());
    std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
    for (const Edge& edge : edges | std::views::filter(leads_elsewhere))
        edges_[next[edge.from]++] = edge;
}

std::vector<Edge> session_edges(const TransactionHistory& history) {
    std::vector<Edge> edges;
    std::map<std::uint64_t, TransactionNumber> last;
    for (TransactionNumber number = 0; number < history.transactions.size(); ++number) {
        const Transaction& transaction = history.transactions[number];
        if (transaction.outcome == Outcome::aborted) continue;
        const auto before = last.find(transaction.process);
        if (before != last.end())
            edges.push_back({.from = before->second, .to = number, .kind = Dependency::session});
        // One that is unknown may take effect after its client has gone on.
        if (transaction.outcome == Outcome::committed)
            last.insert_or_assign(transaction.process, number);
    }
    return edges;
}

namespace {

struct Moment {
    std::size_t line;
    TransactionNumber transaction;
    bool is_end;
};

std::vector<Moment> moments_of(const TransactionHistory& history) {
    std::vector<Moment> moments;
    for (TransactionNumber number = 0; number < history.transactions.size(); ++number) {
        const Transaction& transaction = history.transactions[number];
        if (transaction.outcome == Outcome::aborted) continue;
        moments.push_back({transaction.invoked, number, false});
        if (transaction.outcome == Outcome::committed)
            moments.push_back({transaction.completed, number, true});
    }
    std::ranges::sort(moments, {}, &Moment::line);
    return moments;
}

}  // namespace

std::vector<Edge> real_time_edges(const TransactionHistory& history) {
    std::vector<Edge> edges;
    const auto add = [&edges](TransactionNumber from, TransactionNumber to) {
        edges.push_back({.from = from, .to = to, .kind = Dependency::real_time});
    };
    const auto first_end = static_cast<TransactionNumber>(history.transactions.size());
    TransactionNumber next_end = first_end;
    for (const Moment& moment : moments_of(history)) {
        if (!moment.is_end) {
            if (next_end > first_end) add(next_end - 1, moment.transaction);
            continue;
        }
        add(moment.transaction, next_end);
        if (next_end > first_end) add(next_end - 1, next_end);
        ++next_end;
    }
    return edges;
}

std::size_t nodes_with_real_time(const TransactionHistory& history) {
    const auto committed =
        std::ranges::count(history.transactions, Outcome::committed, &Transaction::outcome);
    return history.transactions.size() + static_cast<std::size_t>(committed);
}

}  // namespace atlas::properties::isolation
