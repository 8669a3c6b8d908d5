// Scalar expressions: names, constants, and the constructs that are not operators or functions.

#include <algorithm>
#include <array>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

bool is_system_column(std::string_view name) {
    constexpr std::array<std::string_view, 6> names{"ctid", "xmin", "xmax",
                                                    "cmin", "cmax", "tableoid"};
    return std::ranges::find(names, name) != names.end();
}

// ARRAY[...]::integer[]: the cast is one of each element, so there may be none.
Checked<ExpressionPtr> array_cast(std::vector<ExpressionPtr> elements, TypeId type, int place,
                                  ParameterTypes& parameters) {
    const TypeId wanted = element_type(type);
    for (ExpressionPtr& element : elements) {
        const ExpressionPtr given = element;
        SQL_TRY(element, coerce(given, {wanted}, CoercionContext::explicit_cast, parameters));
        if (element == nullptr) {
            return sql_error_at(given->location, "42846",
                                fmt::format("cannot cast type {} to {}",
                                            display_name(given->type.id), display_name(wanted)));
        }
    }
    return make({.kind = ExpressionKind::array,
                 .type = {type},
                 .arguments = std::move(elements),
                 .location = place});
}

bool contains_array(const Node& elements) {
    return std::ranges::any_of(
        elements, [](const Node& element) { return open_node(element).kind == "A_ArrayExpr"; });
}

}  // namespace

Checked<ExpressionPtr> ExpressionAnalyser::analyse(const Node& node, const Scope& scope) {
    const DepthGuard guard(depth_);
    SQL_CHECK(guard.check());
    const auto [kind, body] = open_node(node);
    if (kind == "A_Const") return constant(*body);
    if (kind == "ColumnRef") return column(*body, scope);
    if (kind == "ParamRef") return parameter(*body);
    if (kind == "A_Expr") return operator_expression(*body, scope);
    if (kind == "BoolExpr") return boolean_expression(*body, scope);
    if (kind == "NullTest") return null_test(*body, scope);
    if (kind == "BooleanTest") return boolean_test(*body, scope);
    if (kind == "TypeCast") return type_cast(*body, scope);
    if (kind == "FuncCall") return function_call(*body, scope);
    if (kind == "CaseExpr") return case_expression(*body, scope);
    if (kind == "CoalesceExpr") {
        return same_type_list(ExpressionKind::coalesce, "COALESCE", list(*body, "args"),
                              location(*body), scope);
    }
    if (kind == "MinMaxExpr") {
        const bool least = text(*body, "op") == "IS_LEAST";
        return same_type_list(least ? ExpressionKind::least : ExpressionKind::greatest,
                              least ? "LEAST" : "GREATEST", list(*body, "args"), location(*body),
                              scope);
    }
    if (kind == "SQLValueFunction") return sql_value_function(*body);
    if (kind == "A_ArrayExpr") return array(*body, scope);
    if (kind == "CollateClause") {
        SQL_TRY(const ExpressionPtr argument, analyse(*find(*body, "arg"), scope));
        if (is_default_collation(*body, argument->type.id)) return argument;
        return refused_collation(*body, argument->type.id);
    }
    if (kind == "SubLink") return subquery(*body, scope);
    if (kind == "A_Indirection") return subscript(*body, scope);
    if (kind == "SetToDefault") {
        return sql_error_at(location(*body), "42601", "DEFAULT is not allowed in this context");
    }
    return not_covered(fmt::format("{} in an expression", kind), location(*body));
}

Checked<ExpressionPtr> ExpressionAnalyser::analyse_output(const Node& node, const Scope& scope) {
    SQL_TRY(ExpressionPtr expression, analyse(node, scope));
    if (expression->type.id == TypeId::node_tree)
        return not_covered("values of type pg_node_tree", expression->location);
    if (expression->type.id != TypeId::unknown) return expression;
    return coerce(expression, {TypeId::text}, CoercionContext::implicit, parameters_);
}

Checked<ExpressionPtr> ExpressionAnalyser::analyse_condition(const Node& node, const Scope& scope,
                                                             std::string_view construct) {
    SQL_TRY(ExpressionPtr expression, analyse(node, scope));
    return require_boolean(std::move(expression), construct.empty() ? scope.clause : construct);
}

Checked<ExpressionPtr> ExpressionAnalyser::analyse_bigint(const Node& node, const Scope& scope) {
    SQL_TRY(ExpressionPtr expression, analyse(node, scope));
    const TypeId from = expression->type.id;
    const int place = expression->location;
    SQL_TRY(ExpressionPtr number, coerce(std::move(expression), {TypeId::int8},
                                         CoercionContext::assignment, parameters_));
    if (number == nullptr) {
        return sql_error_at(place, "42804",
                            fmt::format("argument of {} must be type bigint, not type {}",
                                        scope.clause, display_name(from)));
    }
    bool has_column = false;
    visit_expression(*number, [&](const Expression& part) {
        has_column |= part.kind == ExpressionKind::column && part.levels_up == 0;
    });
    if (has_column) {
        return sql_error_at(place, "42P10",
                            fmt::format("argument of {} must not contain variables", scope.clause));
    }
    return number;
}

Checked<ExpressionPtr> ExpressionAnalyser::require_boolean(ExpressionPtr expression,
                                                           std::string_view construct) {
    const TypeId from = expression->type.id;
    const int place = expression->location;
    SQL_TRY(ExpressionPtr condition, coerce(std::move(expression), {TypeId::boolean},
                                            CoercionContext::assignment, parameters_));
    if (condition == nullptr) {
        return sql_error_at(place, "42804",
                            fmt::format("argument of {} must be type boolean, not type {}",
                                        construct, display_name(from)));
    }
    return condition;
}

Checked<ExpressionPtr> ExpressionAnalyser::coerce_or_fail(ExpressionPtr expression, ColumnType type,
                                                          CoercionContext context) {
    const TypeId from = expression->type.id;
    const int place = expression->location;
    const bool names_relation = type.id == TypeId::regclass;
    if (names_relation && (from == TypeId::unknown || is_string(from)))
        return name_relation(expression);
    SQL_TRY(ExpressionPtr result, coerce(std::move(expression), type, context, parameters_));
    if (result == nullptr) {
        return sql_error_at(
            place, "42846",
            fmt::format("cannot cast type {} to {}", display_name(from), display_name(type.id)));
    }
    return result;
}

Checked<ExpressionPtr> ExpressionAnalyser::assign(ExpressionPtr expression, const Column& column) {
    const TypeId from = expression->type.id;
    const int place = expression->location;
    SQL_TRY(ExpressionPtr result,
            coerce(std::move(expression), column.type, CoercionContext::assignment, parameters_));
    if (result == nullptr) {
        auto error = sql_error_at(
            place, "42804",
            fmt::format("column \"{}\" is of type {} but expression is of type {}", column.name,
                        display_name(column.type.id), display_name(from)));
        error.error()->hint = "You will need to rewrite or cast the expression.";
        return error;
    }
    return result;
}

Checked<ExpressionPtr> ExpressionAnalyser::constant(const Node& body) {
    Expression expression{
        .kind = ExpressionKind::constant, .type = {TypeId::unknown}, .location = location(body)};
    if (const Node* number = find(body, "ival")) {
        expression.type = {TypeId::int4};
        expression.constant = number->value("ival", std::int64_t{0});
    } else if (const Node* string = find(body, "sval")) {
        expression.constant = text(*string, "sval");
    } else if (const Node* boolean = find(body, "boolval")) {
        expression.type = {TypeId::boolean};
        expression.constant = flag(*boolean, "boolval");
    } else if (const Node* decimal = find(body, "fval")) {
        // Too large for an integer, or with a point: bigint if it fits, numeric otherwise.
        const Checked<Value> value = parse_value({TypeId::int8}, text(*decimal, "fval"));
        if (value) {
            const std::int64_t integer = std::get<std::int64_t>(*value);
            expression.type = {integer == static_cast<std::int32_t>(integer) ? TypeId::int4
                                                                             : TypeId::int8};
            expression.constant = integer;
        } else {
            expression.type = {TypeId::numeric};
            Checked<Value> exact = parse_value({TypeId::numeric}, text(*decimal, "fval"));
            if (!exact) {
                exact.error()->position = static_cast<std::uint32_t>(expression.location) + 1;
                return std::unexpected(std::move(exact).error());
            }
            expression.constant = *std::move(exact);
        }
    } else if (!flag(body, "isnull")) {
        return not_covered("bit string constants", location(body));
    }
    return make(std::move(expression));
}

Checked<ExpressionPtr> ExpressionAnalyser::column(const Node& body, const Scope& scope) {
    const Node& fields = list(body, "fields");
    const int place = location(body);
    std::vector<std::string> names;
    for (const Node& field : fields) {
        const auto [kind, part] = open_node(field);
        if (kind != "String") {
            return fields.size() == 1
                       ? sql_error_at(place, "42601",
                                      "row expansion via \"*\" is not supported here")
                       : not_covered("a whole row in an expression", place);
        }
        names.push_back(text(*part, "sval"));
    }
    if (names.size() > 1 && names.front() == "public") names.erase(names.begin());
    if (scope.clause == "DEFAULT")
        return sql_error_at(place, "0A000", "cannot use column reference in DEFAULT expression");
    const std::string& name = names.back();
    if (names.size() > 2) return not_covered("names of three parts", place);
    SQL_TRY(ExpressionPtr found, found_column(scope, names, place));
    if (found != nullptr) return found;
    for (const Scope* level = &scope; level != nullptr && names.size() == 1; level = level->outer) {
        for (const Relation& relation : level->relations) {
            if (!relation.nameless && relation.alias == name)
                return not_covered("a whole row in an expression", place);
        }
    }
    if (is_system_column(name) && !scope.relations.empty())
        return not_covered(fmt::format("the system column {}", name), place);
    return no_such_column(scope, names, place);
}

Checked<ExpressionPtr> ExpressionAnalyser::parameter(const Node& body) {
    const int number = body.value("number", 0);
    if (number < 1 || number > 65535) {
        return sql_error_at(location(body), "42P02",
                            fmt::format("there is no parameter ${}", number));
    }
    const auto index = static_cast<std::size_t>(number - 1);
    SQL_TRY(const TypeId type, parameters_.type_of(index, location(body)));
    return make({.kind = ExpressionKind::parameter,
                 .type = {type},
                 .index = index,
                 .location = location(body)});
}

Checked<ExpressionPtr> ExpressionAnalyser::boolean_expression(const Node& body,
                                                              const Scope& scope) {
    const std::string operation = text(body, "boolop");
    const bool is_and = operation == "AND_EXPR";
    const bool is_or = operation == "OR_EXPR";
    std::vector<ExpressionPtr> arguments;
    for (const Node& argument : list(body, "args")) {
        SQL_TRY(ExpressionPtr expression, analyse(argument, scope));
        SQL_TRY(ExpressionPtr condition, require_boolean(std::move(expression), is_and  ? "AND"
                                                                                : is_or ? "OR"
                                                                                        : "NOT"));
        arguments.push_back(std::move(condition));
    }
    return make({.kind = is_and  ? ExpressionKind::logical_and
                         : is_or ? ExpressionKind::logical_or
                                 : ExpressionKind::logical_not,
                 .type = {TypeId::boolean},
                 .arguments = std::move(arguments),
                 .location = location(body)});
}

Checked<ExpressionPtr> ExpressionAnalyser::logical_not(ExpressionPtr expression) {
    const int place = expression->location;
    return make({.kind = ExpressionKind::logical_not,
                 .type = {TypeId::boolean},
                 .arguments = {std::move(expression)},
                 .location = place});
}

Checked<ExpressionPtr> ExpressionAnalyser::null_test(const Node& body, const Scope& scope) {
    SQL_TRY(ExpressionPtr argument, analyse_output(*find(body, "arg"), scope));
    return make({.kind = text(body, "nulltesttype") == "IS_NULL" ? ExpressionKind::is_null
                                                                 : ExpressionKind::is_not_null,
                 .type = {TypeId::boolean},
                 .arguments = {std::move(argument)},
                 .location = location(body)});
}

Checked<ExpressionPtr> ExpressionAnalyser::boolean_test(const Node& body, const Scope& scope) {
    std::string_view test;
    const std::string kind = text(body, "booltesttype");
    test = kind;
    const bool negated = test.starts_with("IS_NOT_");
    test.remove_prefix(negated ? 7 : 3);
    SQL_TRY(ExpressionPtr argument, analyse(*find(body, "arg"), scope));
    SQL_TRY(argument, require_boolean(std::move(argument),
                                      fmt::format("IS {}{}", negated ? "NOT " : "", test)));
    return make({.kind = ExpressionKind::boolean_test,
                 .type = {TypeId::boolean},
                 .arguments = {std::move(argument)},
                 .negated = negated,
                 .test = test == "TRUE"    ? BooleanTest::is_true
                         : test == "FALSE" ? BooleanTest::is_false
                                           : BooleanTest::is_unknown,
                 .location = location(body)});
}

Checked<std::vector<ExpressionPtr>> ExpressionAnalyser::analyse_list(const Node& nodes,
                                                                     const Scope& scope) {
    std::vector<ExpressionPtr> expressions;
    for (const Node& node : nodes) {
        SQL_TRY(ExpressionPtr expression, analyse(node, scope));
        expressions.push_back(std::move(expression));
    }
    return expressions;
}

Checked<ExpressionPtr> ExpressionAnalyser::same_type_list(ExpressionKind kind,
                                                          std::string_view construct,
                                                          const Node& arguments, int place,
                                                          const Scope& scope) {
    SQL_TRY(std::vector<ExpressionPtr> expressions, analyse_list(arguments, scope));
    SQL_TRY(const TypeId type, common_type(expressions, construct));
    if (type == TypeId::bpchar && kind != ExpressionKind::coalesce)
        return not_covered(fmt::format("{} of char(n)", construct), place);
    if (type == TypeId::jsonb && kind != ExpressionKind::coalesce)
        return not_covered(fmt::format("{} of jsonb", construct), place);
    for (ExpressionPtr& expression : expressions) {
        SQL_TRY(expression,
                coerce_or_fail(std::move(expression), {type}, CoercionContext::implicit));
    }
    return make(
        {.kind = kind, .type = {type}, .arguments = std::move(expressions), .location = place});
}

Checked<ExpressionPtr> ExpressionAnalyser::case_expression(const Node& body, const Scope& scope) {
    ExpressionPtr subject;
    std::shared_ptr<const Spelling> spelling;
    if (const Node* node = find(body, "arg")) {
        SQL_TRY(subject, analyse_output(*node, scope));
        spelling = std::make_shared<const Spelling>(Spelling{.subject = subject});
    }
    std::vector<ExpressionPtr> conditions;
    std::vector<ExpressionPtr> results;
    for (const Node& branch : list(body, "args")) {
        const Node& when = *open_node(branch).body;
        SQL_TRY(ExpressionPtr condition, analyse(*find(when, "expr"), scope));
        if (subject != nullptr) {
            SQL_TRY(condition,
                    apply_operator("=", {subject, std::move(condition)}, location(when)));
        }
        SQL_TRY(condition, require_boolean(std::move(condition), "CASE/WHEN"));
        conditions.push_back(std::move(condition));
        SQL_TRY(ExpressionPtr result, analyse(*find(when, "result"), scope));
        results.push_back(std::move(result));
    }
    ExpressionPtr otherwise = make({.kind = ExpressionKind::constant, .type = {TypeId::unknown}});
    if (const Node* node = find(body, "defresult")) {
        SQL_TRY(otherwise, analyse(*node, scope));
    }
    // PostgreSQL lets the ELSE branch speak first.
    results.insert(results.begin(), otherwise);
    SQL_TRY(const TypeId type, common_type(results, "CASE"));
    for (ExpressionPtr& result : results) {
        SQL_TRY(result, coerce_or_fail(std::move(result), {type}, CoercionContext::implicit));
    }
    std::vector<ExpressionPtr> arguments;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        arguments.push_back(conditions[i]);
        arguments.push_back(results[i + 1]);
    }
    arguments.push_back(results.front());
    return make({.kind = ExpressionKind::conditional,
                 .type = {type},
                 .arguments = std::move(arguments),
                 .location = location(body),
                 .spelling = spelling});
}

Checked<ExpressionPtr> ExpressionAnalyser::type_cast(const Node& body, const Scope& scope) {
    SQL_TRY(const ColumnType type, analyse_type(*find(body, "typeName"), catalog_));
    const auto [kind, given] = open_node(*find(body, "arg"));
    const bool to_array = array_of(element_type(type.id)) == type.id;
    if (kind == "A_ArrayExpr" && to_array && !contains_array(list(*given, "elements"))) {
        SQL_TRY(std::vector<ExpressionPtr> elements, analyse_list(list(*given, "elements"), scope));
        return array_cast(std::move(elements), type.id, location(*given), parameters_);
    }
    SQL_TRY(ExpressionPtr argument, analyse(*find(body, "arg"), scope));
    const TypeId from = argument->type.id;
    if (type.id == TypeId::regclass && (from == TypeId::unknown || is_string(from)))
        return name_relation(argument);
    SQL_TRY(ExpressionPtr result,
            coerce(std::move(argument), type, CoercionContext::explicit_cast, parameters_));
    if (result == nullptr && (from == TypeId::single_char || type.id == TypeId::single_char))
        return not_covered("this cast of \"char\"", location(body));
    if (result == nullptr) {
        return sql_error_at(
            location(body), "42846",
            fmt::format("cannot cast type {} to {}", display_name(from), display_name(type.id)));
    }
    return result;
}

Checked<ExpressionPtr> ExpressionAnalyser::array(const Node& body, const Scope& scope) {
    SQL_TRY(std::vector<ExpressionPtr> elements, analyse_list(list(body, "elements"), scope));
    if (elements.empty()) {
        auto error = sql_error_at(location(body), "42P18", "cannot determine type of empty array");
        error.error()->hint =
            "Explicitly cast to the desired type, for example ARRAY[]::integer[].";
        return error;
    }
    SQL_TRY(const TypeId element, common_type(elements, "ARRAY"));
    if (array_of(element) == TypeId::none)
        return not_covered(fmt::format("arrays of {}", display_name(element)), location(body));
    for (ExpressionPtr& expression : elements) {
        SQL_TRY(expression,
                coerce_or_fail(std::move(expression), {element}, CoercionContext::implicit));
    }
    return make({.kind = ExpressionKind::array,
                 .type = {array_of(element)},
                 .arguments = std::move(elements),
                 .location = location(body)});
}

// a[i]; nothing is NULL, and so is what lies outside.
Checked<ExpressionPtr> ExpressionAnalyser::subscript(const Node& body, const Scope& scope) {
    const Node& steps = list(body, "indirection");
    const auto [kind, step] = open_node(steps.front());
    if (steps.size() != 1 || kind != "A_Indices" || flag(*step, "is_slice"))
        return not_covered("fields, slices and several subscripts", location(body));
    SQL_TRY(ExpressionPtr array, analyse(*find(body, "arg"), scope));
    const TypeId element = element_type(array->type.id);
    if (element == TypeId::none) {
        return sql_error_at(array->location, "42804",
                            fmt::format("cannot subscript type {} because it does not support "
                                        "subscripting",
                                        display_name(array->type.id)));
    }
    SQL_TRY(ExpressionPtr index, analyse(*find(*step, "uidx"), scope));
    const int place = index->location;
    SQL_TRY(index,
            coerce(std::move(index), {TypeId::int4}, CoercionContext::assignment, parameters_));
    if (index == nullptr)
        return sql_error_at(place, "42804", "array subscript must have type integer");
    return make({.kind = ExpressionKind::subscript,
                 .type = {element},
                 .arguments = {std::move(array), std::move(index)},
                 .location = location(body)});
}

}  // namespace atlas::sim::models::postgres
