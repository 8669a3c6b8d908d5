// Calls of functions and aggregates: which one is meant, and what its arguments are converted to.

#include <algorithm>
#include <array>
#include <span>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/types/to_jsonb.hpp"

namespace atlas::sim::models::postgres {
namespace {

// What an expression is in: for the wording of errors.
constexpr std::string_view nested_in_aggregate = "an aggregate function";
constexpr std::string_view nested_in_window = "a window function";

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

ExpressionPtr spelled(Expression expression, std::string words) {
    expression.spelling = std::make_shared<const Spelling>(Spelling{.words = std::move(words)});
    return make(std::move(expression));
}

// As the statement writes it, and as names/lists.hpp has it.
struct CalledName {
    std::string shown;
    std::string listed;
};

Checked<CalledName> called_name(const Node& body) {
    std::vector<std::string> parts = strings(list(body, "funcname"));
    if (parts.size() > 2) return not_covered("names of three parts", location(body));
    CalledName name{joined(parts), parts.back()};
    if (parts.size() == 1 || parts.front() == "pg_catalog") return name;
    SQL_CHECK(check_schema(parts.front()));
    name.listed = name.shown;
    return name;
}

// Only an aggregate by any of its signatures, so that its arguments are analysed as such.
bool is_aggregate(std::span<const names::Function> known) {
    const auto aggregates = [](const names::Function& function) {
        return function.kind == 'a' || function.kind == 'o';
    };
    return !known.empty() && std::ranges::all_of(known, aggregates);
}

// A call that no choice among PostgreSQL's functions of the name can save.
std::unexpected<Failure> not_callable(names::Resolution::Outcome outcome,
                                      const std::string& signature, int place) {
    using enum names::Resolution::Outcome;
    if (outcome == cast)
        return not_covered(fmt::format("the cast {} written as a call", signature), place);
    if (outcome == ambiguous) {
        return with_hint(
            sql_error_at(place, "42725", fmt::format("function {} is not unique", signature)),
            "Could not choose a best candidate function. You might need to add "
            "explicit type casts.");
    }
    return with_hint(
        sql_error_at(place, "42883", fmt::format("function {} does not exist", signature)),
        "No function matches the given name and argument types. You might need to add explicit "
        "type casts.");
}

// What the call says beyond its arguments, against what kind of function it found.
Checked<> check_call(const Node& body, const std::string& name, char kind, bool no_arguments,
                     const Scope& scope) {
    const int place = location(body);
    const bool over = find(body, "over") != nullptr;
    if (kind == 'a' && no_arguments && !flag(body, "agg_star")) {
        return sql_error_at(
            place, "42809",
            fmt::format("{}(*) must be used to call a parameterless aggregate function", name));
    }
    if (kind == 'o' && !flag(body, "agg_within_group")) {
        return sql_error_at(
            place, "42809",
            fmt::format("WITHIN GROUP is required for ordered-set aggregate {}", name));
    }
    if (kind == 'a' && flag(body, "agg_within_group")) {
        return sql_error_at(
            place, "42809",
            fmt::format("{} is not an ordered-set aggregate, so it cannot have WITHIN GROUP",
                        name));
    }
    if (kind == 'w' && !over) {
        return sql_error_at(place, "42809",
                            fmt::format("window function {} requires an OVER clause", name));
    }
    if (kind != 'f' && (over ? scope.windows == nullptr : scope.aggregates == nullptr)) {
        if (scope.clause == nested_in_aggregate) {
            return sql_error_at(place, "42803",
                                over ? "aggregate function calls cannot contain window function "
                                       "calls"
                                     : "aggregate function calls cannot be nested");
        }
        if (scope.clause == nested_in_window && over)
            return sql_error_at(place, "42P20", "window function calls cannot be nested");
        return sql_error_at(place, over ? "42P20" : "42803",
                            fmt::format("{} functions are not allowed in {}",
                                        over ? "window" : "aggregate", scope.clause));
    }
    if (kind != 'f') return {};
    struct Clause {
        std::string_view member;
        std::string_view shown;
    };
    constexpr std::array clauses{Clause{"agg_star", "(*)"}, Clause{"agg_distinct", "DISTINCT"},
                                 Clause{"agg_within_group", "WITHIN GROUP"},
                                 Clause{"agg_order", "ORDER BY"}, Clause{"agg_filter", "FILTER"}};
    for (const Clause& clause : clauses) {
        if (find(body, clause.member) == nullptr) continue;
        const std::string given =
            clause.member == "agg_star" ? name + "(*)" : std::string(clause.shown);
        return sql_error_at(
            place, "42809",
            fmt::format("{} specified, but {} is not an aggregate function", given, name));
    }
    if (!over) return {};
    return sql_error_at(place, "42809",
                        fmt::format("OVER specified, but {} is not a window function nor an "
                                    "aggregate function",
                                    name));
}

// The model's own aggregate for what PostgreSQL would choose; null where the model has none.
const Aggregate* own_aggregate(std::string_view name, const names::Resolution& meant) {
    for (const Aggregate& candidate : aggregates_named(name)) {
        if (meant.arguments.empty()) {
            if (candidate.argument == TypeId::none) return &candidate;
        } else if (meant.arguments.size() == 1) {
            const names::Type& type = *meant.arguments.front();
            const bool takes_any =
                candidate.argument == TypeId::unknown &&
                (type.name == "any" || (names::is_polymorphic(type) && type.name != "anyarray"));
            if (takes_any || static_cast<std::uint32_t>(candidate.argument) == type.oid)
                return &candidate;
        } else if (candidate.kind == AggregateKind::joined_text &&
                   meant.arguments.front()->name == "text") {
            return &candidate;
        }
    }
    return nullptr;
}

// These take any number of arguments of any types, of which their evaluation sees nothing.
bool builds_json(std::string_view function) {
    return function == "jsonb_build_array" || function == "jsonb_build_object";
}

bool takes_json_apart(std::string_view function) {
    return function == "jsonb_array_elements" || function == "jsonb_array_elements_text";
}

}  // namespace

bool returns_set(std::string_view function) {
    return function == "generate_series" || function == "unnest" ||
           function == "pg_partition_ancestors" || takes_json_apart(function);
}

std::string set_column_name(std::string_view function) {
    return takes_json_apart(function) ? "value" : std::string(function);
}

const Function* own_function(std::span<const Function> candidates, const names::Resolution& meant,
                             std::span<const TypeId> given) {
    if (meant.outcome != names::Resolution::Outcome::found) return nullptr;
    const auto stands_for = [&](const Function& candidate) {
        if (candidate.arguments.size() != given.size()) return false;
        for (std::size_t i = 0; i < given.size(); ++i) {
            const TypeId own = candidate.arguments[i];
            const names::Type& wanted = *meant.arguments[i];
            const bool same = static_cast<std::uint32_t>(own) == wanted.oid;
            const bool one_of_many =
                names::is_polymorphic(wanted) && (given[i] == own || given[i] == TypeId::unknown);
            // The model has no floating point; where it has a function of another number instead,
            // the outcome is the same.
            const bool for_float =
                wanted.name == "float8" && ((own == TypeId::int8 && is_integer(given[i])) ||
                                            (own == TypeId::numeric && given[i] == own));
            if (!same && !one_of_many && !for_float) return false;
        }
        return true;
    };
    const auto found = std::ranges::find_if(candidates, stands_for);
    return found == candidates.end() ? nullptr : &*found;
}

std::unexpected<Failure> waits_elsewhere(const Function& function, int place) {
    return not_covered(fmt::format("{}() other than as a column of a SELECT", function.name),
                       place);
}

Checked<ExpressionPtr> ExpressionAnalyser::function_call(const Node& body, const Scope& scope) {
    const int place = location(body);
    SQL_TRY(const CalledName name, called_name(body));
    const std::span<const names::Function> known = names::functions_named(name.listed);
    Scope inner = scope;
    inner.may_wait = false;
    const bool over = find(body, "over") != nullptr;
    if (is_aggregate(known) && scope.aggregates != nullptr && !over) {
        inner.aggregates = nullptr;
        inner.windows = nullptr;
        inner.clause = nested_in_aggregate;
    } else if (over && scope.windows != nullptr) {
        inner.windows = nullptr;
        inner.clause = nested_in_window;
    }
    std::vector<ExpressionPtr> arguments;
    std::vector<TypeId> types;
    std::string signature;
    const bool within_group = flag(body, "agg_within_group");
    std::vector<const Node*> nodes;
    for (const Node& node : list(body, "args"))
        nodes.push_back(&node);
    // What an ordered-set aggregate orders by is among its arguments.
    for (const Node& node : list(body, "agg_order")) {
        if (within_group) nodes.push_back(find(*open_node(node).body, "node"));
    }
    for (const Node* node : nodes) {
        const auto [kind, argument] = open_node(*node);
        const bool named = kind == "NamedArgExpr";
        if (named && !known.empty()) return not_covered("named arguments", place);
        SQL_TRY(ExpressionPtr expression, analyse(named ? *find(*argument, "arg") : *node, inner));
        if (!signature.empty()) signature += ", ";
        if (named) signature += text(*argument, "name") + " => ";
        signature += display_name(expression->type.id);
        types.push_back(expression->type.id);
        arguments.push_back(std::move(expression));
    }
    signature = fmt::format("{}({})", name.shown, signature);
    constexpr std::size_t most_arguments = 100;
    if (arguments.size() > most_arguments) {
        return sql_error_at(
            place, "54023",
            fmt::format("cannot pass more than {} arguments to a function", most_arguments));
    }
    const names::Resolution meant =
        names::resolve_function(name.listed, types, flag(body, "func_variadic"));
    using enum names::Resolution::Outcome;
    if (meant.outcome != found && meant.outcome != undetermined)
        return not_callable(meant.outcome, signature, place);
    SQL_CHECK(check_call(body, name.shown, meant.kind, arguments.empty(), scope));
    if (meant.outcome == undetermined) return undetermined_type();
    if (within_group) return not_covered("WITHIN GROUP", place);
    if (meant.kind == 'w') {
        return window_call(body, name.listed, nullptr, std::move(arguments), scope);
    }
    if (meant.kind == 'a') {
        const Aggregate* const aggregate = own_aggregate(name.listed, meant);
        if (aggregate == nullptr)
            return not_covered(fmt::format("the aggregate {}", signature), place);
        if (over) return window_call(body, name.listed, aggregate, std::move(arguments), scope);
        return aggregate_call(body, *aggregate, std::move(arguments), scope);
    }
    SQL_CHECK(only_members(body, {"funcname", "args", "funcformat"},
                           fmt::format("a call of {}()", name.shown)));
    if (builds_json(name.listed)) return json_builder(name.listed, std::move(arguments), place);
    const Function* const own = own_function(functions_named(name.listed), meant, types);
    if (own == nullptr) return not_covered(fmt::format("the function {}", signature), place);
    if (own->waits && !scope.may_wait) return waits_elsewhere(*own, place);
    SQL_TRY(ExpressionPtr result, call(*own, std::move(arguments), place));
    if (text(body, "funcformat") != "COERCE_SQL_SYNTAX") return result;
    return spelled(*result, name.listed);
}

// Each argument becomes jsonb first, by the to_jsonb() of its type. A literal stays one of no type,
// which definitions show, and is taken for text.
Checked<ExpressionPtr> ExpressionAnalyser::json_builder(std::string_view name,
                                                        std::vector<ExpressionPtr> arguments,
                                                        int place) {
    const bool has_keys = name == "jsonb_build_object";
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const TypeId type = arguments[i]->type.id;
        const bool is_key = has_keys && i % 2 == 0;
        if (is_key && (type == TypeId::json || type == TypeId::jsonb))
            return not_covered("JSON as a key of jsonb_build_object()", place);
        const auto conversions = functions_named("to_jsonb");
        const auto conversion =
            std::ranges::find(conversions, type == TypeId::unknown ? TypeId::text : type,
                              [](const Function& to) { return to.arguments[0]; });
        if (conversion == conversions.end())
            return not_covered(fmt::format("{} as jsonb", display_name(type)), place);
        arguments[i] = make({.kind = ExpressionKind::call,
                             .type = {TypeId::jsonb},
                             .function = &*conversion,
                             .arguments = {arguments[i]},
                             .location = arguments[i]->location});
    }
    const Function& builder = functions_named(name).front();
    return make({.kind = ExpressionKind::call,
                 .type = {builder.result},
                 .function = &builder,
                 .arguments = std::move(arguments),
                 .location = place});
}

Checked<ExpressionPtr> ExpressionAnalyser::aggregate_call(const Node& body, const Aggregate& chosen,
                                                          std::vector<ExpressionPtr> arguments,
                                                          const Scope& scope) {
    SQL_CHECK(only_members(
        body,
        {"funcname", "args", "funcformat", "agg_star", "agg_distinct", "agg_filter", "agg_order"},
        fmt::format("{}()", chosen.name)));
    bool any_own = arguments.empty();
    bool any_outer = false;
    for (const ExpressionPtr& argument : arguments) {
        visit_columns(*argument, [&](const Expression& column) {
            any_own |= column.levels_up == 0;
            any_outer |= column.levels_up > 0;
        });
    }
    if (any_outer && !any_own) return not_covered("an aggregate of an outer query", location(body));
    Scope inner = scope;
    inner.aggregates = nullptr;
    inner.windows = nullptr;
    inner.may_wait = false;
    inner.clause = "FILTER";
    SQL_TRY(AggregateCall aggregate, filled_aggregate(body, chosen, std::move(arguments), inner));
    const TypeId result = aggregate.result;
    scope.aggregates->push_back(std::move(aggregate));
    return make({.kind = ExpressionKind::aggregate,
                 .type = {result},
                 .index = scope.aggregates->size() - 1,
                 .location = location(body)});
}

Checked<AggregateCall> ExpressionAnalyser::filled_aggregate(const Node& body,
                                                            const Aggregate& chosen,
                                                            std::vector<ExpressionPtr> arguments,
                                                            const Scope& inner) {
    AggregateCall aggregate{
        .kind = chosen.kind, .distinct = flag(body, "agg_distinct"), .result = chosen.result};
    if (const Node* filter = find(body, "agg_filter")) {
        SQL_TRY(aggregate.filter, analyse_condition(*filter, inner));
    }
    if (const Node& order = list(body, "agg_order"); !order.empty()) {
        Scope of_order = inner;
        of_order.clause = nested_in_aggregate;
        SQL_TRY(aggregate.order_by, subqueries_->sorting(order, of_order));
    }
    if (arguments.size() == 2) {
        SQL_TRY(aggregate.delimiter,
                coerce_or_fail(arguments.back(), {TypeId::text}, CoercionContext::implicit));
    }
    bool waits = aggregate.filter != nullptr && has_waiting_subquery(*aggregate.filter);
    for (const ExpressionPtr& argument : arguments)
        waits |= has_waiting_subquery(*argument);
    for (const SortKey& key : aggregate.order_by)
        waits |= has_waiting_subquery(*key.expression);
    if (waits) return not_covered("a subquery that may wait in an aggregate", location(body));
    if (arguments.empty()) return aggregate;
    const TypeId given = arguments.front()->type.id;
    const TypeId wanted = chosen.argument == TypeId::unknown ? given : chosen.argument;
    SQL_TRY(aggregate.argument,
            coerce_or_fail(arguments.front(), {wanted == TypeId::unknown ? TypeId::text : wanted},
                           CoercionContext::implicit));
    if (chosen.kind == AggregateKind::json && !has_jsonb_form(given))
        return not_covered(fmt::format("{} as jsonb", display_name(given)), location(body));
    if (aggregate.result == TypeId::unknown) aggregate.result = array_of(given);
    if (aggregate.result == TypeId::none)
        return not_covered(fmt::format("arrays of {}", display_name(given)), location(body));
    if (!aggregate.distinct) return aggregate;
    if (aggregate.delimiter != nullptr && aggregate.delimiter->kind != ExpressionKind::constant)
        return not_covered("DISTINCT over several arguments", location(body));
    if (given == TypeId::json) {
        return sql_error_at(arguments.front()->location, "42883",
                            "could not identify an equality operator for type json");
    }
    const bool sorted_otherwise =
        !aggregate.order_by.empty() &&
        (aggregate.order_by.size() > 1 ||
         !same_expression(*aggregate.order_by.front().expression, *aggregate.argument));
    if (sorted_otherwise) {
        return sql_error_at(aggregate.order_by.front().expression->location, "42P10",
                            "in an aggregate with DISTINCT, ORDER BY expressions must appear in "
                            "argument list");
    }
    // Finding the duplicates sorts them.
    if (aggregate.order_by.empty()) aggregate.order_by.push_back({aggregate.argument});
    return aggregate;
}

Checked<SetFunctionCall> ExpressionAnalyser::set_function(const Node& body, const Scope& scope,
                                                          ColumnType& type) {
    const auto [kind, call_body] = open_node(body);
    const bool is_call = kind == "FuncCall";
    const std::vector<std::string> names =
        is_call ? strings(list(*call_body, "funcname")) : std::vector<std::string>();
    const std::string name = is_call ? names.back() : std::string();
    const bool in_catalog = names.size() == 1 || (is_call && names.front() == "pg_catalog");
    if (!in_catalog || !returns_set(name)) {
        Scope plain = scope;
        plain.may_wait = false;
        SQL_TRY(ExpressionPtr value, analyse_output(body, plain));
        type = value->type;
        return SetFunctionCall{.function = SetFunction::scalar, .arguments = {std::move(value)}};
    }
    SQL_CHECK(only_members(*call_body, {"funcname", "args", "funcformat"},
                           fmt::format("{}() in FROM", name)));
    const int place = location(*call_body);
    SQL_TRY(std::vector<ExpressionPtr> arguments, analyse_list(list(*call_body, "args"), scope));
    std::vector<TypeId> types;
    std::string signature;
    for (const ExpressionPtr& argument : arguments) {
        if (!signature.empty()) signature += ", ";
        signature += display_name(argument->type.id);
        types.push_back(argument->type.id);
    }
    signature = fmt::format("{}({})", name, signature);
    const names::Resolution meant = names::resolve_function(name, types);
    using enum names::Resolution::Outcome;
    if (meant.outcome == undetermined) return undetermined_type();
    if (meant.outcome != found) return not_callable(meant.outcome, signature, place);
    SetFunctionCall call{.function = SetFunction::unnest};
    const auto not_own = [&] {
        return not_covered(fmt::format("the function {}", signature), place);
    };
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        TypeId wanted = TypeId::none;
        if (name == "pg_partition_ancestors") {
            wanted = type.id = TypeId::regclass;
        } else if (name == "unnest") {
            wanted = types[i];
            if (category(wanted) != TypeCategory::array) return not_own();
            type = {element_type(wanted)};
        } else {
            const auto own = type_of_oid(meant.arguments[i]->oid);
            if (!own) return not_own();
            wanted = *own;
            if (i == 0) type = {wanted};
        }
        SQL_TRY(ExpressionPtr argument,
                coerce_or_fail(arguments[i], {wanted}, CoercionContext::implicit));
        call.arguments.push_back(std::move(argument));
    }
    if (name == "unnest") return call;
    if (takes_json_apart(name)) {
        const bool as_text = name != "jsonb_array_elements";
        call.function = as_text ? SetFunction::json_elements_text : SetFunction::json_elements;
        if (as_text) type = {TypeId::text};
        return call;
    }
    // No table is a partition.
    if (name == "pg_partition_ancestors") {
        call.function = SetFunction::nothing;
        return call;
    }
    call.function = is_integer(type.id) ? SetFunction::series : SetFunction::time_series;
    const bool is_time = type.id == TypeId::timestamp || type.id == TypeId::timestamptz;
    if (!is_integer(type.id) && !is_time) return not_own();
    return call;
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
        Meaning{"SVFOP_CURRENT_DATE", "now", TypeId::date},
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
        std::string words = operation.substr(std::string_view("SVFOP_").size());
        if (words.ends_with("_N")) {
            type.modifier = body.value("typmod", 0);
            words = fmt::format("{}({})", words.substr(0, words.size() - 2), type.modifier);
        }
        SQL_TRY(result, coerce_or_fail(std::move(result), type, CoercionContext::explicit_cast));
        return spelled(*result, std::move(words));
    }
    return not_covered(operation, location(body));
}

}  // namespace atlas::sim::models::postgres
