#include "properties/checkers/isolation/strong_components.hpp"

#include <algorithm>
#include <limits>

namespace atlas::properties::isolation {

namespace {

constexpr std::uint32_t unvisited = std::numeric_limits<std::uint32_t>::max();

class Search {
  public:
    Search(std::size_t nodes, std::span<const Arc> arcs)
        : first_(nodes + 1, 0),
          targets_(arcs.size()),
          order_(nodes, unvisited),
          low_(nodes, 0),
          on_stack_(nodes, 0) {
        for (const Arc& arc : arcs)
            ++first_[arc.from + 1];
        for (std::size_t i = 1; i <= nodes; ++i)
            first_[i] += first_[i - 1];
        std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
        for (const Arc& arc : arcs)
            targets_[next[arc.from]++] = arc.to;
    }

    std::vector<std::vector<std::uint32_t>> run() {
        for (std::uint32_t node = 0; node < order_.size(); ++node) {
            if (order_[node] == unvisited) visit_from(node);
        }
        std::ranges::sort(found_, {}, [](const auto& component) { return component.front(); });
        return std::move(found_);
    }

  private:
    struct Frame {
        std::uint32_t node;
        std::size_t next;  ///< Among the targets.
    };

    void enter(std::uint32_t node) {
        order_[node] = low_[node] = visited_++;
        stack_.push_back(node);
        on_stack_[node] = 1;
        frames_.push_back({node, first_[node]});
    }

    void visit_from(std::uint32_t root) {
        enter(root);
        while (!frames_.empty()) {
            Frame& frame = frames_.back();
            const std::uint32_t node = frame.node;
            if (frame.next == first_[node + 1]) {
                frames_.pop_back();
                if (!frames_.empty()) {
                    const std::uint32_t parent = frames_.back().node;
                    low_[parent] = std::min(low_[parent], low_[node]);
                }
                if (low_[node] == order_[node]) take_component(node);
                continue;
            }
            const std::uint32_t target = targets_[frame.next++];
            if (order_[target] == unvisited) {
                enter(target);
            } else if (on_stack_[target] != 0) {
                low_[node] = std::min(low_[node], order_[target]);
            }
        }
    }

    void take_component(std::uint32_t root) {
        std::vector<std::uint32_t> component;
        std::uint32_t node = root;
        do {
            node = stack_.back();
            stack_.pop_back();
            on_stack_[node] = 0;
            component.push_back(node);
        } while (node != root);
        if (component.size() == 1) return;
        std::ranges::sort(component);
        found_.push_back(std::move(component));
    }

    std::vector<std::size_t> first_;
    std::vector<std::uint32_t> targets_;
    std::vector<std::uint32_t> order_;
    std::vector<std::uint32_t> low_;
    std::vector<std::uint8_t> on_stack_;
    std::uint32_t visited_ = 0;
    std::vector<std::uint32_t> stack_;
    std::vector<Frame> frames_;
    std::vector<std::vector<std::uint32_t>> found_;
};

}  // namespace

std::vector<std::vector<std::uint32_t>> strong_components(std::size_t nodes,
                                                          std::span<const Arc> arcs) {
    return Search(nodes, arcs).run();
}

}  // namespace atlas::properties::isolation
