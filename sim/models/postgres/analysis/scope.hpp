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

/// A name and what it stands for.
struct NamedExpression {
    std::string name;
    ExpressionPtr expression;
};

/// A row that column names may refer to. Of a table alone its place in the list is
/// Expression::relation; an item of FROM has its columns spelt out, because a column of a join may
/// be one of two or computed from both.
struct Relation {
    const TableDefinition* table = nullptr;
    std::string alias;
    /// Only by qualified name, as `excluded` is.
    bool qualified_only = false;
    std::shared_ptr<const std::vector<NamedExpression>> columns = {};
    /// A join without a name of its own: its columns have no qualified names.
    bool nameless = false;
    /// The left side of a RIGHT or FULL join, seen from its right.
    bool beside_outer_join = false;
};

struct Scope {
    std::vector<Relation> relations = {};
    /// Where aggregates go; null where they are not allowed.
    std::vector<AggregateCall>* aggregates = nullptr;
    /// The same for window calls, and for what they are over: that is analysed when all else of the
    /// query has been.
    std::vector<WindowCall>* windows = nullptr;
    std::vector<const Node*>* window_definitions = nullptr;
    /// "WHERE", "RETURNING", "DEFAULT": for messages.
    std::string_view clause = {};
    /// A function that waits (pg_sleep, advisory locks) may be what is analysed, not part of it.
    bool may_wait = false;
    /// Of the query around this one; null for the outermost.
    const Scope* outer = nullptr;
    /// What the expressions are part of; null for those that the catalog keeps.
    Query* query = nullptr;
    /// Items of FROM that may not be named from here: for the wording of errors.
    std::vector<Relation> hidden = {};
    /// WINDOW: names and their definitions.
    const Node* named_windows = nullptr;
};

class ExpressionAnalyser;

/// Counts how deep the analysis is, so that no statement overflows the stack.
class DepthGuard {
  public:
    /// A query needs as much of the stack as a few expressions within each other.
    static constexpr int of_query = 3;

    explicit DepthGuard(int& depth, int weight = 1) : depth_(depth), weight_(weight) {
        depth_ += weight_;
    }
    DepthGuard(const DepthGuard&) = delete;
    DepthGuard& operator=(const DepthGuard&) = delete;
    ~DepthGuard() { depth_ -= weight_; }

    /// Errors: 54001.
    Checked<> check() const {
        constexpr int limit = 1000;
        if (depth_ <= limit) return {};
        return sql_error("54001", "stack depth limit exceeded");
    }

  private:
    int& depth_;
    int weight_;
};

/// Analyses the queries inside expressions; the analyser of statements does.
class SubqueryAnalyser {
  public:
    virtual ~SubqueryAnalyser() = default;
    virtual Checked<QueryPtr> subquery(const Node& select, const Scope& outer) = 0;
    virtual Checked<std::vector<SortKey>> sorting(const Node& nodes, const Scope& scope) = 0;
};

/// Analyses expressions in a scope. One analyser a statement, so that its parameters agree.
class ExpressionAnalyser {
  public:
    /// The catalog is asked for row types; null where none can be named.
    ExpressionAnalyser(ParameterTypes& parameters, const CatalogView* catalog,
                       SubqueryAnalyser* subqueries = nullptr)
        : parameters_(parameters), catalog_(catalog), subqueries_(subqueries) {}

    /// Literals and parameters whose type nothing has decided keep the type unknown.
    Checked<ExpressionPtr> analyse(const Node& node, const Scope& scope);

    /// What is still unknown becomes text.
    Checked<ExpressionPtr> analyse_output(const Node& node, const Scope& scope);

    /// "argument of WHERE must be type boolean" otherwise.
    /// The construct is the scope's clause unless it is called otherwise.
    Checked<ExpressionPtr> analyse_condition(const Node& node, const Scope& scope,
                                             std::string_view construct = {});

    /// For LIMIT and OFFSET.
    Checked<ExpressionPtr> analyse_bigint(const Node& node, const Scope& scope);

    /// As stored into a column. Errors: 42804.
    Checked<ExpressionPtr> assign(ExpressionPtr expression, const Column& column);

    Checked<ExpressionPtr> coerce_or_fail(ExpressionPtr expression, ColumnType type,
                                          CoercionContext context);

    ParameterTypes& parameters() { return parameters_; }
    /// Shared by all that may be within each other.
    int& depth() { return depth_; }

    /// What the window calls of the scope are over. Errors: 42P20, and those of expressions.
    Checked<> define_windows(const Scope& scope);

    /// A literal as a regclass: the relation of that name. Errors: 42P01, 0A000.
    Checked<ExpressionPtr> name_relation(const ExpressionPtr& literal);
    /// Those that were named so: each once.
    const std::vector<Oid>& named_relations() const { return named_relations_; }
    void note_relations(const Expression& expression);

    /// "=", "<", ... of two expressions.
    Checked<ExpressionPtr> compare_with(std::string_view name, ExpressionPtr left,
                                        ExpressionPtr right, int location) {
        return apply_operator(name, {std::move(left), std::move(right)}, location);
    }

    /// unnest(a), generate_series(1, 3): an item of FROM. What returns one value is one row.
    Checked<SetFunctionCall> set_function(const Node& body, const Scope& scope, ColumnType& type);

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
    Checked<ExpressionPtr> json_builder(std::string_view name, std::vector<ExpressionPtr> arguments,
                                        int location);
    Checked<ExpressionPtr> aggregate_call(const Node& body, const Aggregate& aggregate,
                                          std::vector<ExpressionPtr> arguments, const Scope& scope);
    Checked<AggregateCall> filled_aggregate(const Node& body, const Aggregate& chosen,
                                            std::vector<ExpressionPtr> arguments,
                                            const Scope& inner);
    /// windows.cpp
    Checked<ExpressionPtr> window_call(const Node& body, std::string_view name,
                                       const Aggregate* aggregate,
                                       std::vector<ExpressionPtr> arguments, const Scope& scope);
    Checked<> window_definition(const Node& body, const Scope& scope, WindowCall& call);
    /// subqueries.cpp
    Checked<ExpressionPtr> subquery(const Node& body, const Scope& scope);
    /// left operator ANY, ALL or nothing (subquery): `left` is as wide as the subquery.
    Checked<ExpressionPtr> compared_subquery(const Node& body, SubqueryKind kind,
                                             std::string_view name, std::vector<ExpressionPtr> left,
                                             int location, const Scope& scope);
    Checked<ExpressionPtr> row_comparison(std::string_view name, std::vector<ExpressionPtr> left,
                                          std::vector<ExpressionPtr> right, int location);
    Checked<std::vector<ExpressionPtr>> row_elements(const Node& node, const Scope& scope);
    Checked<ExpressionPtr> rows_in_list(const Node& body, const Scope& scope);
    /// names.cpp
    Checked<ExpressionPtr> found_column(const Scope& scope, std::span<const std::string> names,
                                        int location);
    std::unexpected<Failure> no_such_column(const Scope& scope, std::span<const std::string> names,
                                            int location);
    Checked<ExpressionPtr> sql_value_function(const Node& body);
    Checked<ExpressionPtr> in_list(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> between(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> any_element(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> distinct_test(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> null_if(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> array(const Node& body, const Scope& scope);
    Checked<ExpressionPtr> subscript(const Node& body, const Scope& scope);

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
    SubqueryAnalyser* subqueries_;
    std::vector<Oid> named_relations_;
    int depth_ = 0;
};

/// An expression as the catalog keeps it: relations that it names as regclass are numbers there, so
/// that they may be renamed.
std::string stored_text(const Node& expression, const CatalogView& catalog);

/// The columns that `relation` has, by name: `place` is its own in the scope's list.
std::vector<NamedExpression> columns_of(const Relation& relation, std::size_t place);

/// 42P01, with what PostgreSQL has to say about other items of that name.
std::unexpected<Failure> no_such_relation(const Scope& scope, std::string_view name, int location);

/// A TypeName node. Errors: 42704; 0A000 for types that the model has not.
Checked<ColumnType> analyse_type(const Node& body, const CatalogView* catalog);

/// The model's own for what PostgreSQL would choose; null where the model has none.
const Function* own_function(std::span<const Function> candidates, const names::Resolution& meant,
                             std::span<const TypeId> given);

/// Of the functions in FROM: those that give any number of rows.
bool returns_set(std::string_view function);
/// What its column is called where nobody says otherwise.
std::string set_column_name(std::string_view function);

/// 0A000: the executor runs functions that wait as columns of a SELECT without FROM alone.
std::unexpected<Failure> waits_elsewhere(const Function& function, int location);

/// Plain expressions as ORDER BY would have them.
Node as_sorts(const Node& expressions);

/// The name that PostgreSQL gives an unnamed output column.
std::string output_name(const Node& node);

}  // namespace atlas::sim::models::postgres
