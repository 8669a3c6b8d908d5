#include "sim/models/postgres/plan/folding.hpp"

#include <algorithm>

#include "sim/models/postgres/analysis/coercion.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Arguments = std::vector<ExpressionPtr>;

bool is_constant(const ExpressionPtr& expression) {
    return expression->kind == ExpressionKind::constant;
}

bool is_null_constant(const ExpressionPtr& expression) {
    return is_constant(expression) && is_null(expression->constant);
}

bool is_true_constant(const ExpressionPtr& expression) {
    return is_constant(expression) && !is_null(expression->constant) &&
           std::get<bool>(expression->constant);
}

bool has_constant_arguments(const Expression& expression) {
    return std::ranges::all_of(expression.arguments, is_constant);
}

// In the expression's place.
ExpressionPtr constant(const Expression& expression, Value value) {
    return std::make_shared<const Expression>(Expression{.kind = ExpressionKind::constant,
                                                         .type = expression.type,
                                                         .constant = std::move(value),
                                                         .location = expression.location});
}

ExpressionPtr in_place_of(const Expression& expression, const ExpressionPtr& part) {
    return part->type == expression.type ? part : relabelled(part, expression.type);
}

ExpressionPtr with_arguments(const ExpressionPtr& given, Arguments arguments) {
    if (arguments == given->arguments) return given;
    Expression copy = *given;
    copy.arguments = std::move(arguments);
    return std::make_shared<const Expression>(std::move(copy));
}

// Nothing of it depends on where it is computed.
Folded compute(const Expression& expression) {
    Checked<Value> value = evaluate(expression, {});
    if (!value) return std::unexpected(std::make_shared<const Expression>(expression));
    return constant(expression, *std::move(value));
}

// All of them, in their order, whatever the others are.
Folded fold_arguments(const ExpressionPtr& given) {
    Arguments arguments = given->arguments;
    for (ExpressionPtr& argument : arguments) {
        SQL_TRY(argument, fold(argument));
    }
    return with_arguments(given, std::move(arguments));
}

Folded fold_if_constant(const ExpressionPtr& given, bool is_immutable = true) {
    SQL_TRY(ExpressionPtr folded, fold_arguments(given));
    if (!is_immutable || !has_constant_arguments(*folded)) return folded;
    return compute(*folded);
}

// A strict function of NULL is NULL, even one that is volatile, and the other arguments are not
// looked at any more.
Folded fold_strict(const ExpressionPtr& given, bool is_immutable) {
    SQL_TRY(ExpressionPtr folded, fold_arguments(given));
    if (std::ranges::any_of(folded->arguments, is_null_constant)) return constant(*given, Null{});
    if (!is_immutable || !has_constant_arguments(*folded)) return folded;
    return compute(*folded);
}

Folded fold_call(const ExpressionPtr& given) {
    const Function& function = *given->function;
    // The executor runs it, and looks for it by its name.
    if (function.waits) return fold_arguments(given);
    const bool is_immutable = function.volatility == Volatility::immutable;
    return function.strict ? fold_strict(given, is_immutable)
                           : fold_if_constant(given, is_immutable);
}

// AND and OR: `decisive` is the value that settles it. What comes after that is not looked at, what
// came before is dropped.
Folded fold_connective(const ExpressionPtr& given, bool decisive) {
    Arguments kept;
    ExpressionPtr unknown;
    for (const ExpressionPtr& argument : given->arguments) {
        SQL_TRY(ExpressionPtr folded, fold(argument));
        if (!is_constant(folded)) {
            kept.push_back(std::move(folded));
        } else if (is_null(folded->constant)) {
            unknown = std::move(folded);
        } else if (std::get<bool>(folded->constant) == decisive) {
            return constant(*given, decisive);
        }
    }
    if (unknown != nullptr) kept.push_back(std::move(unknown));
    if (kept.empty()) return constant(*given, !decisive);
    return kept.size() == 1 ? kept.front() : with_arguments(given, std::move(kept));
}

// Branches that cannot be taken are dropped, and so is all that comes after one that must be.
Folded fold_conditional(const ExpressionPtr& given) {
    const Arguments& arguments = given->arguments;
    Arguments kept;
    bool decided = false;
    for (std::size_t i = 0; i + 1 < arguments.size() && !decided; i += 2) {
        SQL_TRY(ExpressionPtr condition, fold(arguments[i]));
        decided = is_true_constant(condition);
        if (is_constant(condition) && !decided) continue;
        SQL_TRY(ExpressionPtr result, fold(arguments[i + 1]));
        if (!decided) kept.push_back(std::move(condition));
        kept.push_back(std::move(result));
    }
    if (!decided) {
        SQL_TRY(ExpressionPtr otherwise, fold(arguments.back()));
        kept.push_back(std::move(otherwise));
    }
    if (kept.size() == 1) return in_place_of(*given, kept.front());
    return with_arguments(given, std::move(kept));
}

Folded fold_coalesce(const ExpressionPtr& given) {
    Arguments kept;
    for (const ExpressionPtr& argument : given->arguments) {
        SQL_TRY(ExpressionPtr folded, fold(argument));
        if (is_null_constant(folded)) continue;
        kept.push_back(std::move(folded));
        if (is_constant(kept.back())) break;
    }
    if (kept.empty()) return constant(*given, Null{});
    if (is_constant(kept.front())) return in_place_of(*given, kept.front());
    return with_arguments(given, std::move(kept));
}

// What is NULL equals nothing.
Folded fold_null_if(const ExpressionPtr& given) {
    SQL_TRY(ExpressionPtr folded, fold_arguments(given));
    if (std::ranges::any_of(folded->arguments, is_null_constant))
        return in_place_of(*given, folded->arguments.front());
    return has_constant_arguments(*folded) ? compute(*folded) : folded;
}

// IN: several items in front are an array, compared as one; each of the others is an equality, and
// all that is joined by OR.
class InListFolding {
  public:
    explicit InListFolding(const Expression& list) : list_(list), rest_(list) {
        rest_.arguments = {wanted()};
        rest_.index = 0;
    }

    ExpressionPtr fold() {
        const std::size_t array_size = list_.index > 1 ? list_.index : 0;
        if (array_size > 0) add(1, array_size);
        for (std::size_t at = 1 + array_size; at < list_.arguments.size(); ++at)
            add(at, 1);
        if (found_) return constant(list_, !list_.negated);
        if (rest_.arguments.size() == 1)
            return constant(list_, any_null_ ? Value(Null{}) : Value(list_.negated));
        if (any_null_) rest_.arguments.push_back(constant(*wanted(), Null{}));
        return std::make_shared<const Expression>(std::move(rest_));
    }

  private:
    const ExpressionPtr& wanted() const { return list_.arguments.front(); }

    // So many items that are compared together: what comes of it, or that it is left to be done.
    void add(std::size_t begin, std::size_t count) {
        Expression part = list_;
        part.arguments = {wanted()};
        for (std::size_t at = begin; at < begin + count; ++at)
            part.arguments.push_back(list_.arguments[at]);
        const bool is_unknown = count == 1 && std::ranges::any_of(part.arguments, is_null_constant);
        if (!is_unknown && !has_constant_arguments(part)) {
            if (count > 1) rest_.index = count;
            rest_.arguments.insert(rest_.arguments.end(), part.arguments.begin() + 1,
                                   part.arguments.end());
            return;
        }
        const Value value = is_unknown ? Value(Null{}) : *evaluate(part, {});
        any_null_ |= is_null(value);
        found_ |= !is_null(value) && std::get<bool>(value) != list_.negated;
    }

    const Expression& list_;
    Expression rest_;
    bool any_null_ = false;
    bool found_ = false;
};

Folded fold_in_list(const ExpressionPtr& given) {
    SQL_TRY(const ExpressionPtr folded, fold_arguments(given));
    return InListFolding(*folded).fold();
}

// Its test is left as it is: rows are looked up by its parts.
Folded fold_subquery(const ExpressionPtr& given) {
    SQL_CHECK(fold_arguments(given));
    return given;
}

void fold_in_place(ExpressionPtr& expression) {
    if (expression == nullptr) return;
    if (Folded folded = fold(expression)) expression = *std::move(folded);
}

void fold_join(JoinTree& tree) {
    if (!tree.is_item()) {
        fold_join(*tree.left);
        fold_join(*tree.right);
    }
    fold_in_place(tree.condition);
}

}  // namespace

bool has_immutable_text(TypeId type) {
    switch (type) {
        case TypeId::date:
        case TypeId::timestamp:
        case TypeId::timestamptz:
        case TypeId::interval:
            return false;
        case TypeId::int2vector:
            return true;
        default:
            return !is_named_oid(type) && element_type(type) == TypeId::none;
    }
}

Folded fold(const ExpressionPtr& expression) {
    switch (expression->kind) {
        case ExpressionKind::constant:
        case ExpressionKind::parameter:
        case ExpressionKind::column:
        case ExpressionKind::aggregate:
        case ExpressionKind::window:
        case ExpressionKind::subquery_column:
            return expression;
        case ExpressionKind::call:
            return fold_call(expression);
        case ExpressionKind::logical_and:
            return fold_connective(expression, false);
        case ExpressionKind::logical_or:
            return fold_connective(expression, true);
        case ExpressionKind::conditional:
            return fold_conditional(expression);
        case ExpressionKind::coalesce:
            return fold_coalesce(expression);
        case ExpressionKind::null_if:
            return fold_null_if(expression);
        case ExpressionKind::in_list:
            return fold_in_list(expression);
        case ExpressionKind::subquery:
            return fold_subquery(expression);
        case ExpressionKind::convert_text:
            return fold_strict(expression, has_immutable_text(expression->type.id));
        case ExpressionKind::convert_to_text:
            return fold_strict(expression,
                               has_immutable_text(expression->arguments.front()->type.id));
        case ExpressionKind::any_element:
            return fold_if_constant(expression,
                                    expression->function->volatility == Volatility::immutable);
        case ExpressionKind::logical_not:
        case ExpressionKind::is_null:
        case ExpressionKind::is_not_null:
        case ExpressionKind::boolean_test:
        case ExpressionKind::is_distinct:
        case ExpressionKind::greatest:
        case ExpressionKind::least:
        case ExpressionKind::apply_modifier:
        case ExpressionKind::convert_integer:
        case ExpressionKind::array:
        case ExpressionKind::subscript:
            return fold_if_constant(expression);
    }
    return expression;
}

void fold_query(Query& query, const std::vector<std::unique_ptr<JoinTree>>& from,
                ExpressionPtr& condition, const std::vector<ExpressionPtr*>& others) {
    visit_clauses(query, fold_in_place);
    for (ExpressionPtr* other : others)
        fold_in_place(*other);
    for (const auto& tree : from)
        fold_join(*tree);
    fold_in_place(condition);
    for (RangeEntry& entry : query.range)
        visit_entry(entry, fold_in_place);
}

void fold_insert(InsertStatement& insert) {
    for (std::vector<ExpressionPtr>& row : insert.rows)
        std::ranges::for_each(row, fold_in_place);
    std::ranges::for_each(insert.from_source, fold_in_place);
    for (Target& target : insert.returning)
        fold_in_place(target.expression);
    if (!insert.on_conflict) return;
    for (Assignment& assignment : insert.on_conflict->assignments)
        fold_in_place(assignment.value);
    fold_in_place(insert.on_conflict->condition);
}

}  // namespace atlas::sim::models::postgres
