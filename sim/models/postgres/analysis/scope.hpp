#pragma once
// What names mean at one place of a statement, and the analyser of scalar expressions over it.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/analysis/coercion.hpp"
#include "sim/models/postgres/analysis/node.hpp"
#include "sim/models/postgres/analysis/statement.hpp"
#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/names/resolution.hpp"

namespace atlas::sim::models::postgres {

/// A row that column names may refer to; its place in the list is Expression::relation.
struct Relation {
    const TableDefinition* table = nullptr;
    std::string alias;
    /// Only by qualified name, as `excluded` is.
    bool qualified_only = false;
};

struct Scope {
    std::vector<Relation> relations = {};
    /// Where aggregates go; null where they are not allowed.
    std::vector<AggregateCall>* aggregates = nullptr;
    /// "WHERE", "RETURNING", "DEFAULT": for messages.
    std::string_view clause = {};
    /// A function that waits (pg_sleep, advisory locks) may be what is analysed, not part of it.
    bool may_wait = false;
};

/// Analyses expressions in a scope. One analyser a statement, so that its parameters agree.
class ExpressionAnalyser {
  public:
    /// The catalog is asked for row types; null where none can be named.
    ExpressionAnalyser(ParameterTypes& parameters, const CatalogView* catalog)
        : parameters_(parameters), catalog_(catalog) {}

    /// Literals and parameters whose type nothing has decided keep the type unknown.
    Checked<ExpressionPtr> analyse(const Node& node, const Scope& scope);

    /// What is still unknown becomes text.
    Checked<ExpressionPtr> analyse_output(const Node& node, const Scope& scope);

    /// "argument of WHERE must be type boolean" otherwise.
    Checked<ExpressionPtr> analyse_condition(const Node& node, const Scope& scope);

    /// For LIMIT and OFFSET.
    Checked<ExpressionPtr> analyse_bigint(const Node& node, const Scope& scope);

    /// As stored into a column. Errors: 42804.
    Checked<ExpressionPtr> assign(ExpressionPtr expression, const Column& column);

    Checked<ExpressionPtr> coerce_or_fail(ExpressionPtr expression, ColumnType type,
                                          CoercionContext context);

    ParameterTypes& parameters() { return parameters_; }

  private:
    Checked<ExpressionPtr> constant(const Node& body);
    Checked<ExpressionPtr> column(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> parameter(const Node& body);
    Checked<ExpressionPtr> operator_expression(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> boolean_expression(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> null_test(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> boolean_test(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> case_expression(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> same_type_list(ExpressionKind kind, std::string_view construct,
                                          const Node& arguments, int location, const Scope& scope);
    Checked<ExpressionPtr> type_cast(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> function_call(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> aggregate_call(const Node& body, const Aggregate& aggregate,
                                          std::vector<ExpressionPtr> arguments, const Scope& scope);
    Checked<ExpressionPtr> sql_value_function(const Node& body);
    Checked<ExpressionPtr> in_list(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> between(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> any_element(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> distinct_test(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> null_if(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> array(const Node& body, const Scope& scope);

    Checked<std::vector<ExpressionPtr>> analyse_list(const Node& nodes, const Scope& scope);
    /// One operand is a prefix operator's.
    Checked<ExpressionPtr> apply_operator(std::string_view name,
                                          std::vector<ExpressionPtr> operands, int location);
    Checked<ExpressionPtr> call(const Function& function, std::vector<ExpressionPtr> arguments,
                                int location);
    Checked<ExpressionPtr> require_boolean(ExpressionPtr expression, std::string_view construct);
    Checked<ExpressionPtr> logical_not(ExpressionPtr expression);

    ParameterTypes& parameters_;
    const CatalogView* catalog_;
    int depth_ = 0;
};

/// A TypeName node. Errors: 42704; 0A000 for types that the model has not.
Checked<ColumnType> analyse_type(const Node& body, const CatalogView* catalog);

/// The model's own for what PostgreSQL would choose; null where the model has none.
const Function* own_function(std::span<const Function> candidates, const names::Resolution& meant,
                             std::span<const TypeId> given);

/// 0A000: the executor runs functions that wait as columns of a SELECT without FROM alone.
std::unexpected<Failure> waits_elsewhere(const Function& function, int location);

/// The name that PostgreSQL gives an unnamed output column.
std::string output_name(const Node& node);

}  // namespace atlas::sim::models::postgres
