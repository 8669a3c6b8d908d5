// Operators and functions: which one is meant, and what its arguments are converted to.

#include <algorithm>
#include <array>

#include "sim/models/postgres/analysis/scope.hpp"

namespace atlas::sim::models::postgres {
namespace {

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

constexpr std::string_view no_operator_hint =
    "No operator matches the given name and argument types. You might need to add explicit type "
    "casts.";
constexpr std::string_view no_function_hint =
    "No function matches the given name and argument types. You might need to add explicit type "
    "casts.";

std::string type_list(const std::vector<ExpressionPtr>& arguments) {
    std::string all;
    for (const ExpressionPtr& argument : arguments) {
        if (!all.empty()) all += ", ";
        all += display_name(argument->type.id);
    }
    return all;
}

std::unexpected<Failure> with_hint(std::unexpected<Failure> error, std::string_view hint) {
    error.error()->hint = hint;
    return error;
}

// Operators of PostgreSQL over the model's own types that the model leaves out.
bool is_left_out(std::string_view name) {
    constexpr std::array<std::string_view, 22> names{
        "->", "->>", "#>", "#>>", "@>", "<@", "?",  "?|", "?&", "@@", "@?",
        "~",  "~*",  "!~", "!~*", "^",  "<<", ">>", "&&", "^@", "#-", "||/"};
    return std::ranges::find(names, name) != names.end();
}

bool involves(TypeId type, const ExpressionPtr& left, const ExpressionPtr& right) {
    return left->type.id == type || right->type.id == type;
}

bool is_array(const ExpressionPtr& expression) {
    return category(expression->type.id) == TypeCategory::array;
}

bool is_known_string(const ExpressionPtr& expression) {
    return is_string(expression->type.id);
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
    const std::string& name = names.back();
    if (names.size() > 1 && names.front() != "pg_catalog")
        return not_covered("operators of other schemas", location(body));
    const Node* left_node = find(body, "lexpr");
    if (open_node(*find(body, "rexpr")).kind == "RowExpr" ||
        (left_node != nullptr && open_node(*left_node).kind == "RowExpr"))
        return not_covered("comparison of rows", location(body));
    if (left_node == nullptr) {
        SQL_TRY(ExpressionPtr operand, analyse(*find(body, "rexpr"), scope));
        return apply_prefix_operator(name, std::move(operand), location(body));
    }
    SQL_TRY(ExpressionPtr left, analyse(*left_node, scope));
    SQL_TRY(ExpressionPtr right, analyse(*find(body, "rexpr"), scope));
    return apply_operator(name, std::move(left), std::move(right), location(body));
}

Checked<ExpressionPtr> ExpressionAnalyser::apply_operator(std::string_view name, ExpressionPtr left,
                                                          ExpressionPtr right, int place) {
    if (name == "||") return concatenate(std::move(left), std::move(right), place);
    std::vector<TypeId> types{left->type.id, right->type.id};
    // One unknown beside a known type is first tried as that type.
    if ((types[0] == TypeId::unknown) != (types[1] == TypeId::unknown)) {
        const TypeId known = types[0] == TypeId::unknown ? types[1] : types[0];
        if (const Function* exact = find_operator(name, known, known))
            return call(*exact, {std::move(left), std::move(right)}, place);
    }
    const Choice choice = choose_function(operators_named(name), types);
    if (choice.function != nullptr)
        return call(*choice.function, {std::move(left), std::move(right)}, place);
    const std::string signature =
        fmt::format("{} {} {}", display_name(types[0]), name, display_name(types[1]));
    if (is_left_out(name) || involves(TypeId::numeric, left, right) ||
        (involves(TypeId::jsonb, left, right) && types[0] == types[1]))
        return not_covered(fmt::format("the operator {}", signature), place);
    if (choice.ambiguous) {
        return with_hint(
            sql_error_at(place, "42725", fmt::format("operator is not unique: {}", signature)),
            "Could not choose a best candidate operator. You might need to add "
            "explicit type casts.");
    }
    return with_hint(
        sql_error_at(place, "42883", fmt::format("operator does not exist: {}", signature)),
        no_operator_hint);
}

Checked<ExpressionPtr> ExpressionAnalyser::apply_prefix_operator(std::string_view name,
                                                                 ExpressionPtr operand, int place) {
    const TypeId type = operand->type.id;
    const Choice choice = choose_function(operators_named(name), std::vector{type});
    if (choice.function != nullptr) return call(*choice.function, {std::move(operand)}, place);
    const std::string signature = fmt::format("{} {}", name, display_name(type));
    if (type == TypeId::numeric || type == TypeId::unknown || name == "~" || name == "@" ||
        name == "!!")
        return not_covered(fmt::format("the operator {}", signature), place);
    return with_hint(
        sql_error_at(place, "42883", fmt::format("operator does not exist: {}", signature)),
        no_operator_hint);
}

// PostgreSQL has text || anynonarray and anynonarray || text beside text || text.
Checked<ExpressionPtr> ExpressionAnalyser::concatenate(ExpressionPtr left, ExpressionPtr right,
                                                       int place) {
    if (is_array(left) || is_array(right) || involves(TypeId::jsonb, left, right))
        return not_covered("concatenation of arrays and jsonb", place);
    TypeId type = TypeId::text;
    const auto is_bytea_or_unknown = [](const ExpressionPtr& side) {
        return side->type.id == TypeId::bytea || side->type.id == TypeId::unknown;
    };
    if (involves(TypeId::bytea, left, right) && is_bytea_or_unknown(left) &&
        is_bytea_or_unknown(right)) {
        type = TypeId::bytea;
    } else {
        const auto is_textual = [](const ExpressionPtr& side) {
            return is_known_string(side) || side->type.id == TypeId::unknown;
        };
        if (!is_textual(left) && !is_textual(right)) {
            return with_hint(sql_error_at(place, "42883",
                                          fmt::format("operator does not exist: {} || {}",
                                                      display_name(left->type.id),
                                                      display_name(right->type.id))),
                             no_operator_hint);
        }
    }
    SQL_TRY(left, coerce_or_fail(std::move(left), {type}, CoercionContext::assignment));
    SQL_TRY(right, coerce_or_fail(std::move(right), {type}, CoercionContext::assignment));
    return call(*find_operator("||", type, type), {std::move(left), std::move(right)}, place);
}

Checked<ExpressionPtr> ExpressionAnalyser::call(const Function& function,
                                                std::vector<ExpressionPtr> arguments, int place) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        SQL_TRY(arguments[i], coerce_or_fail(std::move(arguments[i]), {function.arguments[i]},
                                             CoercionContext::implicit));
    }
    return make({.kind = ExpressionKind::call,
                 .type = {function.result},
                 .function = &function,
                 .arguments = std::move(arguments),
                 .location = place});
}

Checked<ExpressionPtr> ExpressionAnalyser::in_list(const Node& body, const Scope& scope) {
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
            SQL_CHECK(apply_operator("=", left, item, location(body)));
        }
        return not_covered("IN over items of several types", location(body));
    }
    for (ExpressionPtr& expression : all) {
        SQL_TRY(expression,
                coerce_or_fail(std::move(expression), {*type}, CoercionContext::implicit));
    }
    SQL_TRY(ExpressionPtr equality, apply_operator("=", all[0], all[1], location(body)));
    return make({.kind = ExpressionKind::in_list,
                 .type = {TypeId::boolean},
                 .function = equality->function,
                 .arguments = std::move(all),
                 .negated = strings(list(body, "name")).back() == "<>",
                 .location = location(body)});
}

Checked<ExpressionPtr> ExpressionAnalyser::between(const Node& body, const Scope& scope) {
    SQL_TRY(ExpressionPtr value, analyse(*find(body, "lexpr"), scope));
    const Node& bounds = list(*open_node(*find(body, "rexpr")).body, "items");
    SQL_TRY(ExpressionPtr low, analyse(bounds.at(0), scope));
    SQL_TRY(ExpressionPtr high, analyse(bounds.at(1), scope));
    SQL_TRY(ExpressionPtr above, apply_operator(">=", value, std::move(low), location(body)));
    SQL_TRY(ExpressionPtr below, apply_operator("<=", value, std::move(high), location(body)));
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
    SQL_TRY(ExpressionPtr comparison, apply_operator(name, left, make(sample), location(body)));
    if (comparison->type.id != TypeId::boolean) {
        return sql_error_at(location(body), "42809",
                            "op ANY/ALL (array) requires operator to yield boolean");
    }
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
            apply_operator("=", std::move(left), std::move(right), location(body)));
    return make({.kind = ExpressionKind::is_distinct,
                 .type = {TypeId::boolean},
                 .function = equality->function,
                 .arguments = equality->arguments,
                 .negated = text(body, "kind") == "AEXPR_NOT_DISTINCT",
                 .location = location(body)});
}

Checked<ExpressionPtr> ExpressionAnalyser::null_if(const Node& body, const Scope& scope) {
    SQL_TRY(ExpressionPtr left, analyse(*find(body, "lexpr"), scope));
    SQL_TRY(ExpressionPtr right, analyse(*find(body, "rexpr"), scope));
    SQL_TRY(ExpressionPtr equality,
            apply_operator("=", std::move(left), std::move(right), location(body)));
    return make({.kind = ExpressionKind::null_if,
                 .type = equality->arguments[0]->type,
                 .function = equality->function,
                 .arguments = equality->arguments,
                 .location = location(body)});
}

std::unexpected<Failure> waits_elsewhere(const Function& function, int place) {
    return not_covered(
        fmt::format("{}() other than as a column of a SELECT without FROM", function.name), place);
}

Checked<ExpressionPtr> ExpressionAnalyser::function_call(const Node& body, const Scope& scope) {
    std::vector<std::string> names = strings(list(body, "funcname"));
    if (names.size() > 1 && names.front() == "pg_catalog") names.erase(names.begin());
    if (names.size() > 1) return not_covered("functions of other schemas", location(body));
    const std::string& name = names.front();
    if (find(body, "over") != nullptr) return not_covered("window functions", location(body));
    if (!aggregates_named(name).empty()) return aggregate_call(body, name, scope);
    SQL_CHECK(only_members(body, {"funcname", "args", "funcformat"},
                           fmt::format("a call of {}()", name)));
    Scope inner = scope;
    inner.may_wait = false;
    SQL_TRY(std::vector<ExpressionPtr> arguments, analyse_list(list(body, "args"), inner));
    std::vector<TypeId> types;
    for (const ExpressionPtr& argument : arguments)
        types.push_back(argument->type.id);
    const Choice choice = choose_function(functions_named(name), types);
    if (choice.function != nullptr) {
        if (choice.function->waits && !scope.may_wait)
            return waits_elsewhere(*choice.function, location(body));
        return call(*choice.function, std::move(arguments), location(body));
    }
    const std::string signature = fmt::format("{}({})", name, type_list(arguments));
    if (choice.ambiguous) {
        return with_hint(sql_error_at(location(body), "42725",
                                      fmt::format("function {} is not unique", signature)),
                         "Could not choose a best candidate function. You might need to add "
                         "explicit type casts.");
    }
    if (is_known_elsewhere(name))
        return not_covered(fmt::format("the function {}", signature), location(body));
    return with_hint(
        sql_error_at(location(body), "42883", fmt::format("function {} does not exist", signature)),
        no_function_hint);
}

Checked<ExpressionPtr> ExpressionAnalyser::aggregate_call(const Node& body, const std::string& name,
                                                          const Scope& scope) {
    const int place = location(body);
    SQL_CHECK(only_members(
        body, {"funcname", "args", "funcformat", "agg_star", "agg_distinct", "agg_filter"},
        fmt::format("{}()", name)));
    if (scope.aggregates == nullptr) {
        return sql_error_at(place, "42803",
                            fmt::format("aggregate functions are not allowed in {}", scope.clause));
    }
    Scope inner = scope;
    inner.aggregates = nullptr;
    inner.may_wait = false;
    inner.clause = "an aggregate function";
    SQL_TRY(std::vector<ExpressionPtr> arguments, analyse_list(list(body, "args"), inner));
    AggregateCall aggregate{.distinct = flag(body, "agg_distinct")};
    if (const Node* filter = find(body, "agg_filter")) {
        inner.clause = "FILTER";
        SQL_TRY(aggregate.filter, analyse_condition(*filter, inner));
    }
    const Aggregate* chosen = nullptr;
    if (flag(body, "agg_star") && name == "count") {
        chosen = &aggregates_named(name).front();
    } else if (arguments.size() == 1 && name == "count") {
        chosen = &aggregates_named(name).back();
    } else if (arguments.size() == 1) {
        std::vector<Function> candidates;
        for (const Aggregate& candidate : aggregates_named(name))
            candidates.push_back({.name = name, .arguments = {candidate.argument}});
        const Choice choice = choose_function(candidates, std::vector{arguments.front()->type.id});
        if (choice.function != nullptr)
            chosen = &aggregates_named(
                name)[static_cast<std::size_t>(choice.function - candidates.data())];
    }
    if (chosen == nullptr) {
        return with_hint(
            sql_error_at(place, "42883",
                         fmt::format("function {}({}) does not exist", name, type_list(arguments))),
            no_function_hint);
    }
    aggregate.kind = chosen->kind;
    aggregate.result = chosen->result;
    if (!arguments.empty()) {
        const TypeId wanted =
            chosen->argument == TypeId::unknown ? arguments.front()->type.id : chosen->argument;
        SQL_TRY(
            aggregate.argument,
            coerce_or_fail(arguments.front(), {wanted == TypeId::unknown ? TypeId::text : wanted},
                           CoercionContext::implicit));
    }
    scope.aggregates->push_back(std::move(aggregate));
    return make({.kind = ExpressionKind::aggregate,
                 .type = {chosen->result},
                 .index = scope.aggregates->size() - 1,
                 .location = place});
}

Checked<ExpressionPtr> ExpressionAnalyser::sql_value_function(const Node& body) {
    const std::string operation = text(body, "op");
    struct Meaning {
        std::string_view operation;
        std::string_view function;
        TypeId type;
    };
    constexpr std::array meanings{
        Meaning{"SVFOP_CURRENT_TIMESTAMP", "now", TypeId::timestamptz},
        Meaning{"SVFOP_CURRENT_TIMESTAMP_N", "now", TypeId::timestamptz},
        Meaning{"SVFOP_LOCALTIMESTAMP", "now", TypeId::timestamp},
        Meaning{"SVFOP_LOCALTIMESTAMP_N", "now", TypeId::timestamp},
        Meaning{"SVFOP_CURRENT_USER", "current_user", TypeId::name},
        Meaning{"SVFOP_CURRENT_ROLE", "current_user", TypeId::name},
        Meaning{"SVFOP_USER", "current_user", TypeId::name},
        Meaning{"SVFOP_SESSION_USER", "session_user", TypeId::name},
        Meaning{"SVFOP_CURRENT_CATALOG", "current_database", TypeId::name},
        Meaning{"SVFOP_CURRENT_SCHEMA", "current_schema", TypeId::name},
    };
    for (const Meaning& meaning : meanings) {
        if (meaning.operation != operation) continue;
        SQL_TRY(ExpressionPtr result,
                call(functions_named(meaning.function).front(), {}, location(body)));
        ColumnType type{meaning.type};
        if (operation.ends_with("_N")) type.modifier = body.value("typmod", 0);
        return coerce_or_fail(std::move(result), type, CoercionContext::explicit_cast);
    }
    return not_covered(operation, location(body));
}

}  // namespace atlas::sim::models::postgres
