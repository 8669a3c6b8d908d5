#pragma once
// Analysed scalar expressions: every name resolved, every type known, every coercion explicit.
// Immutable once made, so trees are shared between cached statements and the catalog.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/models/postgres/types/type.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

struct Function;
struct Expression;
struct Subquery;
using ExpressionPtr = std::shared_ptr<const Expression>;

enum class ExpressionKind : std::uint8_t {
    constant,
    parameter,
    column,  ///< Of a row of the range table.
    call,    ///< A function or operator.
    logical_and,
    logical_or,
    logical_not,
    is_null,
    is_not_null,
    boolean_test,  ///< IS [NOT] TRUE, FALSE, UNKNOWN.
    is_distinct,   ///< IS [NOT] DISTINCT FROM: `negated` says which.
    conditional,   ///< CASE: condition, result, ..., default.
    coalesce,
    null_if,  ///< Two of the same type.
    greatest,
    least,
    in_list,          ///< The first argument against the others; `negated` for NOT IN.
    any_element,      ///< operator ANY/ALL (array): `negated` for ALL.
    apply_modifier,   ///< varchar(n), timestamp(p): `explicit_cast` says which way it fails.
    convert_text,     ///< Through the input function of `type`.
    convert_to_text,  ///< Through the output function of the argument's type.
    convert_integer,  ///< A range check.
    array,            ///< ARRAY[...]
    subscript,        ///< array[index]
    aggregate,        ///< Its result's place in the aggregates of the query: `index`.
    window,           ///< Likewise in its window calls.
    subquery,         ///< `subquery` says how; an argument, if any, is its test of each row.
    subquery_column,  ///< Within such a test: the column `index` of the subquery's row.
};

/// How the statement wrote what the tree says in another way: for showing expressions of the
/// catalog as PostgreSQL does (system_catalog/deparse.hpp), and for nothing else.
struct Spelling {
    /// A cast of this to the expression's type...
    ExpressionPtr cast_of = {};
    /// ... that nobody wrote.
    bool implicit = false;
    /// CASE of this: the conditions compare with it.
    ExpressionPtr subject = {};
    /// CURRENT_TIMESTAMP and its like; what a call is written with that is no plain call.
    std::string words = {};
};

enum class BooleanTest : std::uint8_t { is_true, is_false, is_unknown };

struct Expression {
    ExpressionKind kind;
    ColumnType type;
    Value constant = Null{};
    /// A parameter ($1 is 0), a column's place in its row, an aggregate's place, or how many items
    /// of IN come before those that depend on a row.
    std::size_t index = 0;
    /// Which row of the range table a column is of.
    std::size_t relation = 0;
    /// How many queries further out the column's row is: 0 is the expression's own query.
    std::size_t levels_up = 0;
    const Function* function = nullptr;
    std::shared_ptr<const Subquery> subquery = {};
    std::vector<ExpressionPtr> arguments = {};
    bool negated = false;
    bool explicit_cast = false;
    /// A column that goes by another type than its own: the same value, but not the column.
    bool relabelled = false;
    /// Of IN: items before those are more than constants and parameters.
    bool computes_items = false;
    BooleanTest test = BooleanTest::is_true;
    /// Where it stands in the text, for errors of analysis; -1 if unknown.
    int location = -1;
    /// Null where the tree says it all.
    std::shared_ptr<const Spelling> spelling = {};
};

/// Whether both compute the same thing (where they stand apart). With a shift, the second is over
/// rows that are so many places further on in the range table of the first.
bool same_expression(const Expression& left, const Expression& right, std::size_t shift = 0);

/// Visits the expression and all below it.
template <typename Visitor>
void visit_expression(const Expression& expression, Visitor&& visitor) {
    visitor(expression);
    for (const ExpressionPtr& argument : expression.arguments)
        visit_expression(*argument, visitor);
}

}  // namespace atlas::sim::models::postgres
