// Functions about what is in the catalog, and the operators that psql looks for names with.

#include "sim/models/postgres/functions/environment.hpp"
#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/functions/pattern.hpp"
#include "sim/models/postgres/system_catalog/definitions.hpp"
#include "sim/models/postgres/system_catalog/deparse.hpp"
#include "sim/models/postgres/system_catalog/named_oid.hpp"
#include "sim/models/postgres/system_catalog/stored_node.hpp"

namespace atlas::sim::models::postgres {
namespace {

template <bool Wanted>
Checked<Value> match(const EvaluationContext&, Arguments arguments) {
    SQL_TRY(const bool matched, matches_pattern(argument<std::string>(arguments, 0),
                                                argument<std::string>(arguments, 1)));
    return matched == Wanted;
}

Checked<Value> user_by_id(const EvaluationContext&, Arguments arguments) {
    return role_name(argument<std::int64_t>(arguments, 0));
}

Oid oid_of(Arguments arguments, std::size_t i) {
    return static_cast<Oid>(argument<std::int64_t>(arguments, i));
}

// All that there is is in a schema of the search path.
Checked<Value> is_visible(const EvaluationContext& context, Arguments arguments) {
    if (relation_name(oid_of(arguments, 0), context.environment->catalog()).empty()) return Null{};
    return true;
}

Checked<Value> type_name(const EvaluationContext&, Arguments arguments) {
    if (is_null(*arguments[0])) return Null{};
    std::optional<std::int32_t> modifier;
    if (!is_null(*arguments[1]))
        modifier = static_cast<std::int32_t>(argument<std::int64_t>(arguments, 1));
    return format_type(argument<std::int64_t>(arguments, 0), modifier);
}

Checked<Value> or_null(Checked<std::optional<std::string>> text) {
    if (!text) return std::unexpected(std::move(text).error());
    return *text ? Value(**std::move(text)) : Value(Null{});
}

bool is_pretty(Arguments arguments, std::size_t place) {
    return arguments.size() > place && argument<bool>(arguments, place);
}

Checked<Value> expression_text(const EvaluationContext& context, Arguments arguments) {
    const CatalogView catalog = context.environment->catalog();
    const ExpressionPtr expression = find_stored_node(argument<std::string>(arguments, 0), catalog);
    const TablePtr table = catalog.find_table(oid_of(arguments, 1));
    if (expression == nullptr || table == nullptr) return Null{};
    SQL_TRY(std::string text,
            deparse(*expression, {table.get(), &catalog, is_pretty(arguments, 2)}));
    return text;
}

Checked<Value> index_text(const EvaluationContext& context, Arguments arguments) {
    const std::int64_t column =
        arguments.size() > 1 ? argument<std::int64_t>(arguments, 1) : std::int64_t{0};
    return or_null(index_definition(oid_of(arguments, 0), column, is_pretty(arguments, 2),
                                    context.environment->catalog()));
}

Checked<Value> constraint_text(const EvaluationContext& context, Arguments arguments) {
    return or_null(constraint_definition(oid_of(arguments, 0), is_pretty(arguments, 1),
                                         context.environment->catalog()));
}

Checked<Value> is_publishable(const EvaluationContext& context, Arguments arguments) {
    const TablePtr table = context.environment->catalog().find_table(oid_of(arguments, 0));
    return table != nullptr && !table->sequence && !table->view;
}

Checked<Value> quoted_name(const EvaluationContext&, Arguments arguments) {
    return quote_identifier(argument<std::string>(arguments, 0));
}

// Comments, triggers, statistics: there are none of that OID.
Checked<Value> nothing(const EvaluationContext&, Arguments) {
    return Null{};
}

}  // namespace

std::vector<Function> pattern_operators() {
    using enum TypeId;
    return {
        {"~", {text, text}, boolean, match<true>},
        {"~", {name, text}, boolean, match<true>},
        {"!~", {text, text}, boolean, match<false>},
        {"!~", {name, text}, boolean, match<false>},
    };
}

std::vector<Function> system_catalog_functions() {
    using enum TypeId;
    return {
        {"pg_get_userbyid", {oid}, name, user_by_id, Volatility::stable},
        {"pg_table_is_visible", {oid}, boolean, is_visible, Volatility::stable},
        {"format_type", {oid, int4}, text, type_name, Volatility::stable, false},
        {"pg_get_expr", {node_tree, oid}, text, expression_text, Volatility::stable},
        {"pg_get_expr", {node_tree, oid, boolean}, text, expression_text, Volatility::stable},
        {"pg_get_indexdef", {oid}, text, index_text, Volatility::stable},
        {"pg_get_indexdef", {oid, int4, boolean}, text, index_text, Volatility::stable},
        {"pg_get_constraintdef", {oid}, text, constraint_text, Volatility::stable},
        {"pg_get_constraintdef", {oid, boolean}, text, constraint_text, Volatility::stable},
        {"pg_get_triggerdef", {oid}, text, nothing, Volatility::stable},
        {"pg_get_triggerdef", {oid, boolean}, text, nothing, Volatility::stable},
        {"pg_get_statisticsobjdef_columns", {oid}, text, nothing, Volatility::stable},
        {"col_description", {oid, int4}, text, nothing, Volatility::stable},
        {"obj_description", {oid, name}, text, nothing, Volatility::stable},
        {"pg_relation_is_publishable", {regclass}, boolean, is_publishable, Volatility::stable},
        {"quote_ident", {text}, text, quoted_name},
    };
}

}  // namespace atlas::sim::models::postgres
