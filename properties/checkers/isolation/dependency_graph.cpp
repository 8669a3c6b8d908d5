#include "properties/checkers/isolation/dependency_graph.hpp"

#include <algorithm>
#include <map>
#include <ranges>

namespace atlas::properties::isolation {

DependencyGraph::DependencyGraph(std::size_t transactions, const std::vector<Edge>& edges)
    : first_(transactions + 1, 0) {
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
    // Ended, and not yet followed by another that has ended too.
    std::vector<TransactionNumber> latest;
    std::map<TransactionNumber, std::vector<TransactionNumber>> before_open;
    for (const Moment& moment : moments_of(history)) {
        if (!moment.is_end) {
            for (const TransactionNumber ended : latest)
                edges.push_back(
                    {.from = ended, .to = moment.transaction, .kind = Dependency::real_time});
            before_open.emplace(moment.transaction, latest);
            continue;
        }
        const auto open = before_open.find(moment.transaction);
        std::erase_if(latest, [&](TransactionNumber each) {
            return std::ranges::find(open->second, each) != open->second.end();
        });
        latest.push_back(moment.transaction);
        before_open.erase(open);
    }
    return edges;
}

}  // namespace atlas::properties::isolation
