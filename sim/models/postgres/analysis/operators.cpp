// Operators: which one is meant, and what its operands are converted to.

#include <algorithm>
#include <span>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/scope.hpp"

namespace atlas::sim::models::postgres {
namespace {

// Of the query's own: what an outer query's row has is fixed while this one runs.
bool needs_no_row(const ExpressionPtr& expression) {
    bool needs = false;
    visit_expression(*expression, [&](const Expression& part) {
        needs |= part.kind == ExpressionKind::aggregate || part.kind == ExpressionKind::window ||
                 (part.kind == ExpressionKind::column && part.levels_up == 0);
    });
    return !needs;
}

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

bool is_array(const ExpressionPtr& expression) {
    return category(expression->type.id) == TypeCategory::array;
}

std::string signature_of(std::string_view name, std::span<const ExpressionPtr> operands) {
    const std::string_view last = display_name(operands.back()->type.id);
    if (operands.size() == 1) return fmt::format("{} {}", name, last);
    return fmt::format("{} {} {}", display_name(operands.front()->type.id), name, last);
}

std::unexpected<Failure> no_operator(const std::string& signature, int place) {
    return with_hint(
        sql_error_at(place, "42883", fmt::format("operator does not exist: {}", signature)),
        "No operator matches the given name and argument types. You might need to add explicit "
        "type casts.");
}

// The constructs that compare values themselves, and not by the operator, need those of char(n)
// without the spaces that fill them.
Checked<std::vector<ExpressionPtr>> compared_as_they_are(const Function& equality,
                                                         std::vector<ExpressionPtr> operands,
                                                         ParameterTypes& parameters) {
    if (equality.arguments.front() != TypeId::bpchar) return operands;
    for (ExpressionPtr& operand : operands) {
        SQL_TRY(operand,
                coerce(std::move(operand), {TypeId::text}, CoercionContext::implicit, parameters));
    }
    return operands;
}

// Whether values of both are kept in the same way.
bool kept_alike(TypeId left, TypeId right) {
    const auto alike = [&](auto kind) { return kind(left) && kind(right); };
    return left == right || alike(is_integer) || alike(is_string);
}

bool is_row(const Node& node) {
    return open_node(node).kind == "RowExpr";
}

// text || anynonarray, or the other way round: what is not text is written as text.
bool joins_as_text(std::string_view name, const names::Resolution& meant) {
    if (name != "||" || meant.outcome != names::Resolution::Outcome::found) return false;
    const auto is_either = [](const names::Type* type) {
        return type->name == "text" || type->name == "anynonarray";
    };
    return std::ranges::all_of(meant.arguments, is_either);
}

}  // namespace

Checked<ExpressionPtr> ExpressionAnalyser::operator_expression(const Node& body,
                                                               const Scope& scope) {
    const std::string kind = text(body, "kind");
    if (kind == "AEXPR_IN") return in_list(body, scope);
    if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") return any_element(body, scope);
    if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") return distinct_test(body, scope);
    if (kind == "AEXPR_NULLIF") return null_if(body, scope);
    if (kind == "AEXPR_BETWEEN" || kind == "AEXPR_NOT_BETWEEN") return between(body, scope);
    if (kind != "AEXPR_OP" && kind != "AEXPR_LIKE" && kind != "AEXPR_ILIKE")
        return not_covered(kind, location(body));
    const std::vector<std::string> names = strings(list(body, "name"));
    const Node* left_node = find(body, "lexpr");
    if (left_node != nullptr && is_row(*left_node)) {
        const Node& right_node = *find(body, "rexpr");
        if (open_node(right_node).kind == "SubLink") {
            SQL_TRY(const std::vector<ExpressionPtr> left, row_elements(*left_node, scope));
            return compared_subquery(*open_node(right_node).body, SubqueryKind::row, names.back(),
                                     left, location(body), scope);
        }
        if (is_row(right_node)) {
            SQL_TRY(std::vector<ExpressionPtr> left, row_elements(*left_node, scope));
            SQL_TRY(std::vector<ExpressionPtr> right, row_elements(right_node, scope));
            return row_comparison(names.back(), std::move(left), std::move(right), location(body));
        }
    }
    std::vector<ExpressionPtr> operands;
    if (left_node != nullptr) {
        SQL_TRY(ExpressionPtr left, analyse(*left_node, scope));
        operands.push_back(std::move(left));
    }
    SQL_TRY(ExpressionPtr right, analyse(*find(body, "rexpr"), scope));
    operands.push_back(std::move(right));
    if (names.size() > 1 && names.front() != "pg_catalog") {
        // No schema but pg_catalog has operators.
        SQL_CHECK(check_schema(names.front()));
        return no_operator(signature_of(joined(names), operands), location(body));
    }
    return apply_operator(names.back(), std::move(operands), location(body));
}

Checked<ExpressionPtr> ExpressionAnalyser::apply_operator(std::string_view name,
                                                          std::vector<ExpressionPtr> operands,
                                                          int place) {
    std::vector<TypeId> types;
    for (const ExpressionPtr& operand : operands)
        types.push_back(operand->type.id);
    // What is exactly the model's own is exactly PostgreSQL's. One unknown beside a known type is
    // first tried as that type.
    if (types.size() == 2) {
        const TypeId left = types[0] == TypeId::unknown ? types[1] : types[0];
        const TypeId right = types[1] == TypeId::unknown ? types[0] : types[1];
        if (const Function* exact = find_operator(name, left, right))
            return call(*exact, std::move(operands), place);
    }
    const names::Resolution meant = names::resolve_operator(name, types);
    if (const Function* own = own_function(operators_named(name), meant, types))
        return call(*own, std::move(operands), place);
    if (joins_as_text(name, meant)) {
        for (ExpressionPtr& operand : operands) {
            SQL_TRY(operand, coerce_or_fail(std::move(operand), {TypeId::text},
                                            CoercionContext::assignment));
        }
        return call(*find_operator("||", TypeId::text, TypeId::text), std::move(operands), place);
    }
    const std::string signature = signature_of(name, operands);
    using enum names::Resolution::Outcome;
    if (meant.outcome == ambiguous) {
        return with_hint(
            sql_error_at(place, "42725", fmt::format("operator is not unique: {}", signature)),
            "Could not choose a best candidate operator. You might need to add "
            "explicit type casts.");
    }
    if (meant.outcome == none) return no_operator(signature, place);
    if (meant.outcome == undetermined) return undetermined_type();
    return not_covered(fmt::format("the operator {}", signature), place);
}

Checked<ExpressionPtr> ExpressionAnalyser::call(const Function& function,
                                                std::vector<ExpressionPtr> arguments, int place) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        SQL_TRY(arguments[i], coerce_or_fail(std::move(arguments[i]), {function.arguments[i]},
                                             CoercionContext::implicit));
    }
    // Errors about the whole point to where it begins.
    int begin = place;
    for (const ExpressionPtr& argument : arguments) {
        if (argument->location >= 0) begin = std::min(begin, argument->location);
    }
    return make({.kind = ExpressionKind::call,
                 .type = {function.result},
                 .function = &function,
                 .arguments = std::move(arguments),
                 .location = begin});
}

Checked<ExpressionPtr> ExpressionAnalyser::in_list(const Node& body, const Scope& scope) {
    if (is_row(*find(body, "lexpr"))) return rows_in_list(body, scope);
    SQL_TRY(ExpressionPtr left, analyse(*find(body, "lexpr"), scope));
    const auto [kind, items_body] = open_node(*find(body, "rexpr"));
    if (kind != "List") return not_covered("IN over other than a list", location(body));
    SQL_TRY(std::vector<ExpressionPtr> items, analyse_list(list(*items_body, "items"), scope));
    std::vector<ExpressionPtr> all{left};
    all.insert(all.end(), items.begin(), items.end());
    // Without a common type each item would get an operator of its own, and the first that has
    // none is the error.
    Checked<TypeId> type = common_type(all, "IN");
    if (!type) {
        for (const ExpressionPtr& item : items) {
            SQL_CHECK(apply_operator("=", {left, item}, location(body)));
        }
        return not_covered("IN over items of several types", location(body));
    }
    for (ExpressionPtr& expression : all) {
        SQL_TRY(expression,
                coerce_or_fail(std::move(expression), {*type}, CoercionContext::implicit));
    }
    SQL_TRY(ExpressionPtr equality, apply_operator("=", {all[0], all[1]}, location(body)));
    SQL_TRY(all, compared_as_they_are(*equality->function, std::move(all), parameters_));
    // Those that need no row come first.
    std::vector<ExpressionPtr> ordered{all.front()};
    const auto compared = std::span<const ExpressionPtr>(all).subspan(1);
    std::ranges::copy_if(compared, std::back_inserter(ordered), needs_no_row);
    const std::size_t array_size = ordered.size() - 1;
    std::ranges::remove_copy_if(compared, std::back_inserter(ordered), needs_no_row);
    all = std::move(ordered);
    // One alone is compared as it is.
    const auto in_array = std::span<const ExpressionPtr>(all).subspan(1, array_size);
    const bool computes =
        array_size > 1 && std::ranges::any_of(in_array, [](const ExpressionPtr& item) {
            return item->kind != ExpressionKind::constant &&
                   item->kind != ExpressionKind::parameter;
        });
    return make({.kind = ExpressionKind::in_list,
                 .type = {TypeId::boolean},
                 .index = array_size,
                 .function = equality->function,
                 .arguments = std::move(all),
                 .negated = strings(list(body, "name")).back() == "<>",
                 .computes_items = computes,
                 .location = location(body)});
}

Checked<ExpressionPtr> ExpressionAnalyser::between(const Node& body, const Scope& scope) {
    SQL_TRY(ExpressionPtr value, analyse(*find(body, "lexpr"), scope));
    const Node& bounds = list(*open_node(*find(body, "rexpr")).body, "items");
    SQL_TRY(ExpressionPtr low, analyse(bounds.at(0), scope));
    SQL_TRY(ExpressionPtr high, analyse(bounds.at(1), scope));
    SQL_TRY(ExpressionPtr above, apply_operator(">=", {value, std::move(low)}, location(body)));
    SQL_TRY(ExpressionPtr below, apply_operator("<=", {value, std::move(high)}, location(body)));
    ExpressionPtr inside = make({.kind = ExpressionKind::logical_and,
                                 .type = {TypeId::boolean},
                                 .arguments = {std::move(above), std::move(below)},
                                 .location = location(body)});
    if (text(body, "kind") == "AEXPR_BETWEEN") return inside;
    return logical_not(std::move(inside));
}

Checked<ExpressionPtr> ExpressionAnalyser::any_element(const Node& body, const Scope& scope) {
    const std::string name = strings(list(body, "name")).back();
    SQL_TRY(ExpressionPtr left, analyse(*find(body, "lexpr"), scope));
    SQL_TRY(ExpressionPtr right, analyse(*find(body, "rexpr"), scope));
    if (right->type.id == TypeId::unknown) {
        const TypeId element = left->type.id == TypeId::unknown ? TypeId::text
                               : is_string(left->type.id)       ? TypeId::text
                                                                : left->type.id;
        if (array_of(element) == TypeId::none)
            return not_covered(fmt::format("arrays of {}", display_name(element)), location(body));
        SQL_TRY(right,
                coerce_or_fail(std::move(right), {array_of(element)}, CoercionContext::implicit));
    }
    if (!is_array(right)) {
        return sql_error_at(location(body), "42809",
                            "op ANY/ALL (array) requires array on right side");
    }
    const TypeId element = element_type(right->type.id);
    const Expression sample{.kind = ExpressionKind::constant, .type = {element}};
    SQL_TRY(ExpressionPtr comparison, apply_operator(name, {left, make(sample)}, location(body)));
    if (comparison->type.id != TypeId::boolean) {
        return sql_error_at(location(body), "42809",
                            "op ANY/ALL (array) requires operator to yield boolean");
    }
    const std::vector<TypeId>& compared = comparison->function->arguments;
    if (!kept_alike(compared[1], element) || compared[0] == TypeId::bpchar ||
        compared[0] == TypeId::jsonb)
        return not_covered("op ANY/ALL over elements that are converted", location(body));
    return make({.kind = ExpressionKind::any_element,
                 .type = {TypeId::boolean},
                 .function = comparison->function,
                 .arguments = {comparison->arguments[0], std::move(right)},
                 .negated = text(body, "kind") == "AEXPR_OP_ALL",
                 .location = location(body)});
}

Checked<ExpressionPtr> ExpressionAnalyser::distinct_test(const Node& body, const Scope& scope) {
    SQL_TRY(ExpressionPtr left, analyse(*find(body, "lexpr"), scope));
    SQL_TRY(ExpressionPtr right, analyse(*find(body, "rexpr"), scope));
    SQL_TRY(ExpressionPtr equality,
            apply_operator("=", {std::move(left), std::move(right)}, location(body)));
    SQL_TRY(std::vector<ExpressionPtr> sides,
            compared_as_they_are(*equality->function, equality->arguments, parameters_));
    return make({.kind = ExpressionKind::is_distinct,
                 .type = {TypeId::boolean},
                 .function = equality->function,
                 .arguments = std::move(sides),
                 .negated = text(body, "kind") == "AEXPR_NOT_DISTINCT",
                 .location = location(body)});
}

Checked<ExpressionPtr> ExpressionAnalyser::null_if(const Node& body, const Scope& scope) {
    SQL_TRY(ExpressionPtr left, analyse(*find(body, "lexpr"), scope));
    SQL_TRY(ExpressionPtr right, analyse(*find(body, "rexpr"), scope));
    SQL_TRY(ExpressionPtr equality,
            apply_operator("=", {std::move(left), std::move(right)}, location(body)));
    if (equality->function->arguments.front() == TypeId::bpchar)
        return not_covered("NULLIF of char(n)", location(body));
    return make({.kind = ExpressionKind::null_if,
                 .type = equality->arguments[0]->type,
                 .function = equality->function,
                 .arguments = equality->arguments,
                 .location = location(body)});
}

}  // namespace atlas::sim::models::postgres
