#pragma once
// Reading libpg_query's JSON: every node is an object with one member, named by its kind.

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

using Node = nlohmann::json;

struct KindOfNode {
    std::string_view kind;
    const Node* body;
};

KindOfNode open_node(const Node& node);

/// The member, or null.
const Node* find(const Node& body, std::string_view key);
/// The member, a list; an empty one when absent.
const Node& list(const Node& body, std::string_view key);
std::string text(const Node& body, std::string_view key);
bool flag(const Node& body, std::string_view key);
int location(const Node& body);

/// Of a list of String nodes.
std::vector<std::string> strings(const Node& list);
/// With dots between them.
std::string joined(const std::vector<std::string>& names);

/// 0A000 if the body has a member other than these: nothing of a statement is ever overlooked.
/// "location" is always allowed.
Checked<> only_members(const Node& body, std::initializer_list<std::string_view> known,
                       std::string_view what);

}  // namespace atlas::sim::models::postgres
