// Subqueries in expressions: run for each row that they depend on, or once.

#include "sim/models/postgres/executor/query_run.hpp"
#include "sim/models/postgres/types/compared.hpp"

#include <algorithm>

namespace atlas::sim::models::postgres {
namespace {

// Uses columns of the row that the expression is computed over.
bool depends_on_row(const Query& query) {
    return std::ranges::any_of(query.outer_references, [](const ExpressionPtr& reference) {
        return reference->levels_up == 0;
    });
}

// No more rows than these decide it.
std::size_t rows_needed(SubqueryKind kind) {
    switch (kind) {
        case SubqueryKind::exists:
            return 1;
        case SubqueryKind::scalar:
        case SubqueryKind::row:
            return 2;
        default:
            return static_cast<std::size_t>(-1);
    }
}

std::unexpected<Failure> several_rows() {
    return sql_error("21000", "more than one row returned by a subquery used as an expression");
}

}  // namespace

QueryRun::SubqueryState& QueryRun::state_of(const Subquery& subquery) {
    for (const std::unique_ptr<SubqueryState>& each : subqueries_) {
        if (each->subquery == &subquery) return *each;
    }
    SubqueryState& made = *subqueries_.emplace_back(std::make_unique<SubqueryState>());
    made.subquery = &subquery;
    made.run = std::make_unique<QueryRun>(executor_, *subquery.query, this);
    return made;
}

Checked<Value> QueryRun::subquery(const Expression& expression, const EvaluationContext& context) {
    const Subquery& subquery = *expression.subquery;
    const bool of_row = depends_on_row(*subquery.query);
    if (rechecked_ != nullptr && !of_row) return rechecked_->subquery(expression, context);
    SubqueryState& state = state_of(subquery);
    // One that stands in an expression twice is run once for a row. If it had to wait, the
    // expression is computed from its beginning, where the first must not run it anew.
    const bool same_row = !of_row || state.changes == frame_.changes;
    if (!same_row) state.running = false;
    if (!state.finished || !same_row) {
        SQL_TRY(const bool ready, finish_subquery(state, expression, context));
        if (!ready) return must_wait();
    }
    switch (subquery.kind) {
        case SubqueryKind::exists:
            return !state.rows.empty();
        case SubqueryKind::scalar:
            if (state.rows.empty()) return Null{};
            return state.rows.front()[expression.index];
        case SubqueryKind::array:
            return state.value;
        case SubqueryKind::row: {
            if (state.rows.empty()) return Null{};
            EvaluationContext of_row_found = context;
            of_row_found.subquery_row = &state.rows.front();
            return evaluate(*expression.arguments.front(), of_row_found);
        }
        case SubqueryKind::any:
        case SubqueryKind::all:
            break;
    }
    if (!state.known.empty() || state.any_null) return look_up(state, subquery, context);
    return test_rows(state, expression, context);
}

// False if it has to wait.
Checked<bool> QueryRun::finish_subquery(SubqueryState& state, const Expression& expression,
                                        const EvaluationContext& context) {
    const Subquery& subquery = *expression.subquery;
    if (!state.running) {
        state.rows.clear();
        state.known.clear();
        state.any_null = false;
        state.finished = false;
        state.changes = frame_.changes;
        state.around = context;
        state.run->restart(&state.around);
    }
    state.running = true;
    while (state.rows.size() < rows_needed(subquery.kind)) {
        Checked<Pull> pull = state.run->next();
        if (!pull) {
            state.running = false;
            return std::unexpected(std::move(pull).error());
        }
        if (*pull == Pull::wait) return false;
        if (*pull == Pull::end) break;
        state.rows.push_back(state.run->row());
    }
    state.running = false;
    state.finished = true;
    const bool single = subquery.kind == SubqueryKind::scalar || subquery.kind == SubqueryKind::row;
    if (single && state.rows.size() > 1) return several_rows();
    if (subquery.kind == SubqueryKind::array) {
        auto array = std::make_shared<Array>();
        for (Row& row : state.rows)
            array->elements.push_back(std::move(row.front()));
        state.value = std::move(array);
    }
    // Worth it only for what is used again.
    if (subquery.kind == SubqueryKind::any && subquery.looked_up != nullptr &&
        !depends_on_row(*subquery.query)) {
        for (const Row& row : state.rows) {
            if (is_null(row.front())) {
                state.any_null = true;
            } else {
                const TypeId type = subquery.query->targets.front().expression->type.id;
                state.known.insert(compared_form(type, row.front()));
            }
        }
    }
    return true;
}

Checked<Value> QueryRun::look_up(const SubqueryState& state, const Subquery& subquery,
                                 const EvaluationContext& context) {
    SQL_TRY(Value wanted, evaluate(*subquery.looked_up, context));
    if (is_null(wanted)) return Null{};
    wanted = compared_form(subquery.looked_up->type.id, std::move(wanted));
    if (state.known.contains(wanted)) return true;
    if (state.any_null) return Null{};
    return false;
}

// ANY is settled by a row that passes, ALL by one that does not.
Checked<Value> QueryRun::test_rows(const SubqueryState& state, const Expression& expression,
                                   const EvaluationContext& context) {
    const bool settling = expression.subquery->kind == SubqueryKind::any;
    EvaluationContext of_row = context;
    bool any_null = false;
    for (const Row& row : state.rows) {
        of_row.subquery_row = &row;
        SQL_TRY(const Value passes, evaluate(*expression.arguments.front(), of_row));
        if (is_null(passes)) {
            any_null = true;
        } else if (std::get<bool>(passes) == settling) {
            return settling;
        }
    }
    if (any_null) return Null{};
    return !settling;
}

}  // namespace atlas::sim::models::postgres
