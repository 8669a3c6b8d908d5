#pragma once
// An analysed query: its range table, what is computed over it, and the plan of its FROM. Names,
// types and levels are resolved; what is left to do is to run it. UPDATE and DELETE have one too:
// their table is the first of its range table.
//
// A column of an expression is (levels up, place in the range table, place in the row).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/models/postgres/analysis/expression.hpp"
#include "sim/models/postgres/catalog/table.hpp"
#include "sim/models/postgres/functions/function.hpp"
#include "sim/models/postgres/locks/lock_mode.hpp"

namespace atlas::sim::models::postgres {

struct Query;
using QueryPtr = std::shared_ptr<const Query>;
struct Plan;
using PlanPtr = std::shared_ptr<const Plan>;
struct ModifyStatement;

/// A column of a result.
struct Target {
    std::string name;
    ExpressionPtr expression;
    /// The table's column it is, for RowDescription; 0 where it is none.
    Oid table_oid = 0;
    std::int16_t column_number = 0;
};

struct SortKey {
    ExpressionPtr expression = {};
    bool descending = false;
    bool nulls_first = false;
};

struct AggregateCall {
    AggregateKind kind = AggregateKind::count_rows;
    ExpressionPtr argument = {};   ///< Null for count(*).
    ExpressionPtr delimiter = {};  ///< Of string_agg.
    ExpressionPtr filter = {};     ///< FILTER (WHERE ...), may be null.
    bool distinct = false;
    std::vector<SortKey> order_by = {};
    TypeId result = TypeId::none;
};

enum class WindowFunction : std::uint8_t {
    aggregate,
    row_number,
    rank,
    dense_rank,
    lag,
    lead,
    first_value,
    last_value,
};

struct WindowFrame {
    enum class Bound : std::uint8_t {
        unbounded_preceding,
        preceding,
        current_row,
        following,
        unbounded_following,
    };
    bool rows = false;  ///< ROWS; or RANGE, whose current row is all its peers.
    Bound start = Bound::unbounded_preceding;
    Bound end = Bound::current_row;
    ExpressionPtr start_offset = {};
    ExpressionPtr end_offset = {};
};

struct WindowCall {
    WindowFunction function = WindowFunction::aggregate;
    AggregateCall aggregate = {};
    std::vector<ExpressionPtr> arguments = {};
    std::vector<SortKey> partition_by = {};
    std::vector<SortKey> order_by = {};
    WindowFrame frame = {};
};

enum class WaitPolicy : std::uint8_t { wait, skip_locked, no_wait };

struct RowLocking {
    RowLockStrength strength = RowLockStrength::update;
    WaitPolicy policy = WaitPolicy::wait;
};

/// A column of an item of FROM, under the name that it has there.
struct RangeColumn {
    std::string name;
    ColumnType type;
    Oid table_oid = 0;
    std::int16_t column_number = 0;
    /// By DROP COLUMN: keeps its place in the row, and has no name.
    bool dropped = false;
};

enum class SetFunction : std::uint8_t {
    scalar,
    series,
    time_series,
    unnest,
    json_elements,
    json_elements_text,
    nothing,  ///< No rows, whatever the arguments.
};

struct SetFunctionCall {
    SetFunction function = SetFunction::scalar;
    /// Of a scalar function: the call itself.
    std::vector<ExpressionPtr> arguments = {};
};

enum class SetOperator : std::uint8_t { union_, intersect, except };

struct SetOperation {
    SetOperator operation = SetOperator::union_;
    bool all = false;
    /// As wide as each other, their columns of the same types.
    QueryPtr left, right;
};

/// WITH: computed once for the query that it is of. One of `query`, `recursion` and `modify` is
/// set.
struct CommonTable {
    std::string name;
    std::vector<RangeColumn> columns;
    QueryPtr query = {};
    std::optional<SetOperation> recursion = {};
    std::shared_ptr<const ModifyStatement> modify = {};
    bool may_wait = false;
    /// AS MATERIALIZED: kept as it is, even if it is read once.
    bool materialized = false;
    /// In how many places it is read.
    std::size_t uses = 0;
};

enum class RangeKind : std::uint8_t {
    table,
    subquery,
    functions,
    values,
    common_table,
    working_table,  ///< The rows that the last round of WITH RECURSIVE found.
    set_operation,
    taken_in,  ///< A query that has become part of this one: nothing means it any more.
};

struct RangeEntry {
    RangeKind kind = RangeKind::table;
    std::string alias = {};
    std::vector<RangeColumn> columns = {};
    TablePtr table = {};
    QueryPtr query = {};
    std::vector<SetFunctionCall> functions = {};
    bool with_ordinality = false;
    std::vector<std::vector<ExpressionPtr>> values = {};
    std::optional<SetOperation> set_operation = {};
    /// Of a common or working table: of which query around this one, and which of its WITH.
    std::size_t levels_up = 0;
    std::size_t common_table = 0;
    /// Of a table; and of a query, whose tables have it as well.
    std::optional<RowLocking> locking = {};

    bool locks_rows() const { return locking && table != nullptr; }
};

enum class JoinType : std::uint8_t { inner, left, right, full };

/// FROM as it is written: an item, or a join of two.
struct JoinTree {
    std::size_t relation = 0;  ///< Of an item.
    JoinType type = JoinType::inner;
    std::unique_ptr<JoinTree> left = {}, right = {};
    /// ON; of an item, what its rows must pass to be there at all.
    ExpressionPtr condition = {};

    bool is_item() const { return left == nullptr; }
};

struct Query {
    std::vector<RangeEntry> range = {};
    std::vector<CommonTable> common_tables = {};
    PlanPtr plan = {};
    std::vector<Target> targets = {};
    /// Rows are put in groups, if only in one that has them all.
    bool grouped = false;
    std::vector<ExpressionPtr> group_by = {};
    std::vector<AggregateCall> aggregates = {};
    ExpressionPtr having = {};
    std::vector<WindowCall> windows = {};
    bool distinct = false;
    std::vector<ExpressionPtr> distinct_on = {};
    std::vector<SortKey> order_by = {};
    ExpressionPtr limit = {};
    ExpressionPtr offset = {};
    /// Columns of the queries around that this one uses, seen from the next one out: of that
    /// query itself they are no levels up.
    std::vector<ExpressionPtr> outer_references = {};
    /// Uses what an outer query's WITH computes, which may differ from run to run.
    bool uses_outer_common_table = false;
    /// Locks rows, changes them or calls what waits, itself or in a query within.
    bool may_wait = false;
    bool locks_rows = false;
    /// Some part of it, or of a query within, is volatile.
    bool has_volatile = false;
    /// Nothing but FROM, WHERE and columns, so that the query around it may take it in: then it has
    /// them still (pull_up.hpp).
    bool is_simple = false;
    std::vector<std::shared_ptr<const JoinTree>> from = {};
    ExpressionPtr where = {};

    bool depends_on_outer() const { return !outer_references.empty() || uses_outer_common_table; }
};

enum class SubqueryKind : std::uint8_t {
    exists,
    scalar,
    array,
    any,  ///< Some row passes the test.
    all,  ///< Every row does.
    row,  ///< The one row does; NULL without a row.
};

struct Subquery {
    SubqueryKind kind = SubqueryKind::scalar;
    QueryPtr query;
    /// The test is one equality, its left side this expression: rows can be looked up.
    ExpressionPtr looked_up = {};
};

/// Each column of the query's own rows in the expression, subqueries in it included: what they use
/// of this query's. Columns of queries further out are visited as well.
template <typename Visitor>
void visit_columns(const Expression& expression, Visitor&& visitor) {
    visit_expression(expression, [&](const Expression& part) {
        if (part.kind == ExpressionKind::column) visitor(part);
        if (part.subquery == nullptr) return;
        for (const ExpressionPtr& reference : part.subquery->query->outer_references)
            visitor(*reference);
    });
}

/// Itself or in a query within.
bool is_volatile(const Expression& expression);
/// Some query in it has to be waited for.
bool has_waiting_subquery(const Expression& expression);

/// Each expression of an item of FROM, but for those of the queries in it; some are null.
template <typename Entry, typename Visitor>
void visit_entry(Entry& entry, Visitor&& visitor) {
    for (auto& call : entry.functions)
        for (auto& argument : call.arguments)
            visitor(argument);
    for (auto& row : entry.values)
        for (auto& value : row)
            visitor(value);
}

/// Each expression of a query other than FROM, WHERE and its plan's; some are null.
template <typename AnyQuery, typename Visitor>
void visit_clauses(AnyQuery& query, Visitor&& visitor) {
    const auto all = [&](auto& expressions) {
        for (auto& each : expressions)
            visitor(each);
    };
    const auto keys = [&](auto& order) {
        for (auto& key : order)
            visitor(key.expression);
    };
    const auto aggregate = [&](auto& call) {
        visitor(call.argument);
        visitor(call.delimiter);
        visitor(call.filter);
        keys(call.order_by);
    };
    for (auto& target : query.targets)
        visitor(target.expression);
    all(query.group_by);
    for (auto& call : query.aggregates)
        aggregate(call);
    visitor(query.having);
    for (auto& call : query.windows) {
        aggregate(call.aggregate);
        all(call.arguments);
        keys(call.partition_by);
        keys(call.order_by);
        visitor(call.frame.start_offset);
        visitor(call.frame.end_offset);
    }
    all(query.distinct_on);
    keys(query.order_by);
    visitor(query.limit);
    visitor(query.offset);
}

}  // namespace atlas::sim::models::postgres
