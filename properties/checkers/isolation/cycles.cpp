#include "properties/checkers/isolation/cycles.hpp"

#include <algorithm>
#include <limits>

#include "properties/checkers/isolation/strong_components.hpp"

namespace atlas::properties::isolation {

namespace {

using enum Dependency;

/// Which walks through the graph count.
struct Walks {
    Dependencies kinds;
    /// No two anti-dependencies in a row. These walks go through a graph of two nodes for each
    /// transaction: reached by an anti-dependency, or by anything else.
    bool apart = false;
    /// Writes over writes count only where both have committed.
    bool certain = false;
};

/// From the cycles that the weakest levels forbid to those that only the strongest do. A group of
/// transactions is told of once, with the first.
constexpr Walks searches[] = {
    {.kinds = {write_write}, .certain = true},
    {{write_write, write_read}},
    {{write_write, write_read, read_write}, true},
    {{write_write, write_read, read_write}},
    {{write_write, write_read, session}},
    {{write_write, write_read, read_write, session}, true},
    {{write_write, write_read, read_write, session}},
    {{write_write, write_read, real_time}},
    {{write_write, write_read, read_write, real_time}, true},
    {{write_write, write_read, read_write, real_time}},
};

/// A transaction, or with Walks::apart that and how it was reached.
using Node = std::uint32_t;

constexpr TransactionNumber transaction_of(Node node) {
    return node / 2;
}

constexpr bool by_anti_dependency(Node node) {
    return node % 2 == 1;
}

/// Where an edge leads from a node; nowhere when the walk may not take it.
constexpr bool may_take(const Walks& walks, Node from, const Edge& edge) {
    return walks.kinds.has(edge.kind) && !(walks.certain && edge.is_uncertain) &&
           !(walks.apart && by_anti_dependency(from) && edge.kind == read_write);
}

constexpr Node reached(const Walks& walks, const Edge& edge) {
    return 2 * edge.to + (walks.apart && edge.kind == read_write ? 1 : 0);
}

std::vector<Arc> arcs_of(const DependencyGraph& graph, const Walks& walks) {
    std::vector<Arc> arcs;
    for (const Edge& edge : graph.edges()) {
        for (const Node from : {2 * edge.from, 2 * edge.from + 1}) {
            if (!walks.apart && by_anti_dependency(from)) continue;
            if (may_take(walks, from, edge)) arcs.push_back({from, reached(walks, edge)});
        }
    }
    return arcs;
}

Anomaly anomaly_of(const std::vector<Edge>& cycle) {
    const auto count = [&](Dependency kind) {
        return std::ranges::count(cycle, kind, &Edge::kind);
    };
    if (count(real_time) > 0) return Anomaly::cycle_in_real_time;
    if (count(session) > 0) return Anomaly::cycle_in_session;
    // Where an uncertain write was rolled back, somebody has read what was.
    const bool is_g0 = count(write_read) == 0 && std::ranges::none_of(cycle, &Edge::is_uncertain);
    if (count(read_write) == 0) return is_g0 ? Anomaly::g0 : Anomaly::g1c;
    if (count(read_write) == 1) return Anomaly::g_single;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        if (cycle[i].kind == read_write && cycle[(i + 1) % cycle.size()].kind == read_write)
            return Anomaly::g2_item;
    }
    return Anomaly::g_nonadjacent;
}

class CycleSearch {
  public:
    CycleSearch(const DependencyGraph& graph, std::size_t transactions)
        : graph_(graph),
          transactions_(transactions),
          told_(graph.size(), false),
          group_(2 * graph.size(), 0),
          came_by_(2 * graph.size(), nullptr),
          came_from_(2 * graph.size(), 0),
          reached_in_(2 * graph.size(), 0) {}

    std::vector<Cycle> run() {
        for (const Walks& walks : searches) {
            const auto groups = strong_components(2 * graph_.size(), arcs_of(graph_, walks));
            for (const std::vector<Node>& group : groups)
                look_at(walks, group);
        }
        return std::move(found_);
    }

  private:
    /// More starting points find shorter cycles, which are easier to understand.
    static constexpr std::size_t most_starts = 16;

    void look_at(const Walks& walks, const std::vector<Node>& group) {
        ++current_group_;
        for (const Node node : group) {
            if (told_[transaction_of(node)]) return;
            group_[node] = current_group_;
        }
        std::vector<Edge> shortest;
        std::size_t starts = 0;
        for (const Node start : group) {
            if (starts++ == most_starts) break;
            std::vector<Edge> cycle = shortest_through(walks, start);
            if (shortest.empty() || cycle.size() < shortest.size()) shortest = std::move(cycle);
        }
        shortest = without_moments(std::move(shortest));
        for (const Edge& edge : shortest)
            told_[edge.from] = true;
        const Anomaly anomaly = anomaly_of(shortest);
        found_.push_back({anomaly, std::move(shortest)});
    }

    /// Breadth first within the group, which has a walk back to every start.
    std::vector<Edge> shortest_through(const Walks& walks, Node start) {
        ++current_search_;
        std::vector<Node> queue{start};
        for (std::size_t next = 0; next < queue.size(); ++next) {
            const Node from = queue[next];
            for (const Edge& edge : graph_.from(transaction_of(from))) {
                if (!may_take(walks, from, edge)) continue;
                const Node to = reached(walks, edge);
                if (group_[to] != current_group_) continue;
                if (to == start) return way_back(start, from, edge);
                if (reached_in_[to] == current_search_) continue;
                reached_in_[to] = current_search_;
                came_by_[to] = &edge;
                came_from_[to] = from;
                queue.push_back(to);
            }
        }
        return {};
    }

    std::vector<Edge> way_back(Node start, Node last, const Edge& closing) const {
        std::vector<Edge> cycle{closing};
        for (Node node = last; node != start; node = came_from_[node])
            cycle.push_back(*came_by_[node]);
        std::ranges::reverse(cycle);
        return cycle;
    }

    /// From transaction to transaction, whatever lay between.
    std::vector<Edge> without_moments(std::vector<Edge> cycle) const {
        const auto begins_at_one = [this](const Edge& edge) { return edge.from < transactions_; };
        std::ranges::rotate(cycle, std::ranges::find_if(cycle, begins_at_one));
        std::vector<Edge> result;
        for (const Edge& edge : cycle) {
            if (begins_at_one(edge)) {
                result.push_back(edge);
            } else {
                result.back().to = edge.to;
            }
        }
        return result;
    }

    const DependencyGraph& graph_;
    const std::size_t transactions_;
    std::vector<bool> told_;  ///< Of a transaction: it is in a cycle that was found.
    std::vector<std::uint32_t> group_;
    std::vector<const Edge*> came_by_;
    std::vector<Node> came_from_;
    std::vector<std::uint32_t> reached_in_;
    std::uint32_t current_group_ = 0;
    std::uint32_t current_search_ = 0;
    std::vector<Cycle> found_;
};

}  // namespace

std::vector<Cycle> find_cycles(const DependencyGraph& graph, std::size_t transactions) {
    return CycleSearch(graph, transactions).run();
}

}  // namespace atlas::properties::isolation
