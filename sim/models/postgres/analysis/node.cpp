#include "sim/models/postgres/analysis/node.hpp"

#include <algorithm>

#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

KindOfNode open_node(const Node& node) {
    ATLAS_CHECK(node.is_object() && node.size() == 1, "a parser's node has one kind");
    const auto member = node.begin();
    return {member.key(), &member.value()};
}

const Node* find(const Node& body, std::string_view key) {
    const auto found = body.find(key);
    return found == body.end() ? nullptr : &*found;
}

const Node& list(const Node& body, std::string_view key) {
    static const Node empty = Node::array();
    const Node* found = find(body, key);
    return found == nullptr ? empty : *found;
}

std::string text(const Node& body, std::string_view key) {
    const Node* found = find(body, key);
    return found == nullptr ? std::string() : found->get<std::string>();
}

bool flag(const Node& body, std::string_view key) {
    const Node* found = find(body, key);
    return found != nullptr && found->get<bool>();
}

int location(const Node& body) {
    const Node* found = find(body, "location");
    // The JSON leaves out a location of zero.
    return found == nullptr ? 0 : found->get<int>();
}

std::vector<std::string> strings(const Node& nodes) {
    std::vector<std::string> found;
    for (const Node& node : nodes)
        found.push_back(text(*open_node(node).body, "sval"));
    return found;
}

std::string joined(const std::vector<std::string>& names) {
    std::string all;
    for (const std::string& name : names)
        all += (all.empty() ? "" : ".") + name;
    return all;
}

Checked<> only_members(const Node& body, std::initializer_list<std::string_view> known,
                       std::string_view what) {
    for (const auto& [key, value] : body.items()) {
        if (key != "location" && std::ranges::find(known, key) == known.end())
            return not_covered(fmt::format("{} with {}", what, key));
    }
    return {};
}

}  // namespace atlas::sim::models::postgres
