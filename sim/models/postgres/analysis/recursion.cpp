#include "sim/models/postgres/analysis/recursion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace atlas::sim::models::postgres {
namespace {

// What a mention is within, that keeps it from being the recursion.
enum class Within : std::uint8_t {
    nothing,
    first_term,
    subquery,
    outer_join,
    intersection,
    exception,
};

std::string_view described(Within within) {
    switch (within) {
        case Within::first_term:
            return "its non-recursive term";
        case Within::subquery:
            return "a subquery";
        case Within::outer_join:
            return "an outer join";
        case Within::intersection:
            return "INTERSECT";
        case Within::exception:
            return "EXCEPT";
        case Within::nothing:
            break;
    }
    return "";
}

bool defines(const Node& query, const std::string& name) {
    const Node* clause = find(query, "withClause");
    if (clause == nullptr) return false;
    return std::ranges::any_of(list(*clause, "ctes"), [&](const Node& item) {
        return text(*open_node(item).body, "ctename") == name;
    });
}

// Goes through a term in the order of PostgreSQL's walk, because the first mention that is wrong
// speaks.
class MentionCheck {
  public:
    explicit MentionCheck(std::string name) : name_(std::move(name)) {}

    Checked<> walk(const Node& node, Within within);

  private:
    Checked<> mention(const Node& body, Within within);
    Checked<> select(const Node& body, Within within);
    Checked<> join(const Node& body, Within within);
    Checked<> members(const Node& body, std::initializer_list<const char*> names, Within within);

    std::string name_;
    std::size_t mentions_ = 0;
};

Checked<> MentionCheck::mention(const Node& body, Within within) {
    if (text(body, "relname") != name_ || !text(body, "schemaname").empty()) return {};
    if (within != Within::nothing) {
        return sql_error_at(location(body), "42P19",
                            fmt::format("recursive reference to query \"{}\" must not appear "
                                        "within {}",
                                        name_, described(within)));
    }
    if (++mentions_ == 1) return {};
    return sql_error_at(
        location(body), "42P19",
        fmt::format("recursive reference to query \"{}\" must not appear more than once", name_));
}

Checked<> MentionCheck::members(const Node& body, std::initializer_list<const char*> names,
                                Within within) {
    for (const char* name : names) {
        if (const Node* member = find(body, name)) SQL_CHECK(walk(*member, within));
    }
    return {};
}

Checked<> MentionCheck::select(const Node& body, Within within) {
    if (defines(body, name_)) return {};
    const std::string operation = text(body, "op");
    const bool all = flag(body, "all");
    Within left = within;
    Within right = within;
    if (within == Within::nothing && operation == "SETOP_INTERSECT" && all)
        left = right = Within::intersection;
    if (within == Within::nothing && operation == "SETOP_EXCEPT") {
        if (all) left = Within::exception;
        right = Within::exception;
    }
    SQL_CHECK(members(body,
                      {"withClause", "distinctClause", "targetList", "fromClause", "whereClause",
                       "groupClause", "havingClause", "windowClause", "valuesLists"},
                      within));
    // A side is the bare body of a query.
    if (const Node* side = find(body, "larg")) SQL_CHECK(select(*side, left));
    if (const Node* side = find(body, "rarg")) SQL_CHECK(select(*side, right));
    return members(body, {"sortClause", "limitOffset", "limitCount"}, within);
}

Checked<> MentionCheck::join(const Node& body, Within within) {
    const std::string type = text(body, "jointype");
    const Within nullable = within == Within::nothing ? Within::outer_join : within;
    const bool left_may_be_missing = type == "JOIN_RIGHT" || type == "JOIN_FULL";
    const bool right_may_be_missing = type == "JOIN_LEFT" || type == "JOIN_FULL";
    SQL_CHECK(members(body, {"larg"}, left_may_be_missing ? nullable : within));
    SQL_CHECK(members(body, {"rarg"}, right_may_be_missing ? nullable : within));
    return members(body, {"quals"}, within);
}

Checked<> MentionCheck::walk(const Node& node, Within within) {
    if (node.is_array()) {
        for (const Node& part : node) {
            SQL_CHECK(walk(part, within));
        }
        return {};
    }
    if (!node.is_object()) return {};
    for (const auto& [key, value] : node.items()) {
        if (key == "RangeVar") {
            SQL_CHECK(mention(value, within));
        } else if (key == "SelectStmt") {
            SQL_CHECK(select(value, within));
        } else if (key == "JoinExpr") {
            SQL_CHECK(join(value, within));
        } else if (key == "SubLink") {
            SQL_CHECK(members(value, {"subselect"}, Within::subquery));
            SQL_CHECK(members(value, {"testexpr"}, within));
        } else {
            SQL_CHECK(walk(value, within));
        }
    }
    return {};
}

int first_location(const Node& node) {
    if (node.is_array()) return node.empty() ? no_location : first_location(node.front());
    const auto [kind, body] = open_node(node);
    if (kind == "SortBy") return first_location(*find(*body, "node"));
    return location(*body);
}

}  // namespace

bool mentions(const Node& node, const std::string& name) {
    if (node.is_array())
        return std::ranges::any_of(node, [&](const Node& part) { return mentions(part, name); });
    if (!node.is_object()) return false;
    for (const auto& [key, value] : node.items()) {
        if (key == "RangeVar" && text(value, "relname") == name &&
            text(value, "schemaname").empty())
            return true;
        if (mentions(value, name)) return true;
    }
    return false;
}

Checked<std::vector<const Node*>> in_order_of_mention(const Node& items) {
    std::vector<const Node*> waiting;
    for (const Node& item : items)
        waiting.push_back(open_node(item).body);
    const auto waits_for_another = [&](const Node* item) {
        return std::ranges::any_of(waiting, [&](const Node* other) {
            return other != item && mentions(*find(*item, "ctequery"), text(*other, "ctename"));
        });
    };
    std::vector<const Node*> ordered;
    while (!waiting.empty()) {
        const auto next = std::ranges::find_if_not(waiting, waits_for_another);
        if (next == waiting.end()) {
            return sql_error_at(location(*waiting.front()), "0A000",
                                "mutual recursion between WITH items is not implemented");
        }
        ordered.push_back(*next);
        waiting.erase(next);
    }
    return ordered;
}

Checked<> check_recursion(const Node& item) {
    const std::string name = text(item, "ctename");
    const Node& query = *open_node(*find(item, "ctequery")).body;
    if (text(query, "op") != "SETOP_UNION") {
        return sql_error_at(location(item), "42P19",
                            fmt::format("recursive query \"{}\" does not have the form "
                                        "non-recursive-term UNION [ALL] recursive-term",
                                        name));
    }
    if (const Node* clause = find(query, "withClause"))
        SQL_CHECK(MentionCheck(name).walk(*clause, Within::subquery));
    struct Side {
        const char* member;
        Within within;
    };
    for (const Side side : {Side{"larg", Within::first_term}, Side{"rarg", Within::nothing}}) {
        const Node wrapped{{"SelectStmt", *find(query, side.member)}};
        SQL_CHECK(MentionCheck(name).walk(wrapped, side.within));
    }
    struct Clause {
        const char* member;
        std::string_view shown;
    };
    for (const Clause clause :
         {Clause{"sortClause", "ORDER BY"}, Clause{"limitOffset", "OFFSET"},
          Clause{"limitCount", "LIMIT"}, Clause{"lockingClause", "FOR UPDATE/SHARE"}}) {
        const Node* given = find(query, clause.member);
        if (given == nullptr) continue;
        return sql_error_at(
            clause.member == std::string_view("lockingClause") ? no_location
                                                               : first_location(*given),
            "0A000", fmt::format("{} in a recursive query is not implemented", clause.shown));
    }
    return {};
}

}  // namespace atlas::sim::models::postgres
