#include "sim/models/postgres/functions/evaluate.hpp"

#include <limits>

#include "sim/models/postgres/functions/environment.hpp"
#include "sim/models/postgres/system_catalog/named_oid.hpp"
#include "sim/models/postgres/types/text_format.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Reference = Checked<const Value*>;

constexpr std::size_t most_arguments = 4;

// Where the value is, without a copy if it is somewhere already; computed into `scratch` if not.
Reference refer(const Expression& expression, const EvaluationContext& context, Value& scratch) {
    switch (expression.kind) {
        case ExpressionKind::constant:
            return &expression.constant;
        case ExpressionKind::parameter:
            return &context.parameters[expression.index];
        case ExpressionKind::column: {
            const EvaluationContext* level = &context;
            for (std::size_t up = expression.levels_up; up > 0; --up)
                level = level->outer;
            const Row* row = level->rows[expression.relation];
            static const Value nothing = Null{};
            if (row == nullptr) return &nothing;
            ATLAS_CHECK(expression.index < row->size(),
                        "analysis lets a column be used only where its row is");
            return &(*row)[expression.index];
        }
        case ExpressionKind::aggregate:
            return &context.aggregates[expression.index];
        case ExpressionKind::window:
            return &context.windows[expression.index];
        case ExpressionKind::subquery_column:
            return &(*context.subquery_row)[expression.index];
        default:
            break;
    }
    SQL_TRY(scratch, evaluate(expression, context));
    return &scratch;
}

Checked<Value> evaluate_call(const Expression& expression, const EvaluationContext& context,
                             std::span<Value> scratch, std::span<const Value*> arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        SQL_TRY(arguments[i], refer(*expression.arguments[i], context, scratch[i]));
    }
    if (expression.function->strict) {
        for (const Value* argument : arguments) {
            if (is_null(*argument)) return Null{};
        }
    }
    return expression.function->evaluate(context, arguments);
}

Checked<Value> evaluate_call(const Expression& expression, const EvaluationContext& context) {
    if (expression.function->waits) return context.support->waiting_call(expression, context);
    const std::size_t count = expression.arguments.size();
    if (count > most_arguments) {
        std::vector<Value> scratch(count);
        std::vector<const Value*> arguments(count);
        return evaluate_call(expression, context, scratch, arguments);
    }
    std::array<Value, most_arguments> scratch;
    std::array<const Value*, most_arguments> arguments{};
    return evaluate_call(expression, context, scratch, {arguments.data(), count});
}

// AND and OR: `decisive` is the value that settles it, whatever the others are.
Checked<Value> evaluate_connective(const Expression& expression, const EvaluationContext& context,
                                   bool decisive) {
    bool any_null = false;
    for (const ExpressionPtr& argument : expression.arguments) {
        Value scratch;
        SQL_TRY(const Value* value, refer(*argument, context, scratch));
        if (is_null(*value)) {
            any_null = true;
        } else if (std::get<bool>(*value) == decisive) {
            return decisive;
        }
    }
    if (any_null) return Null{};
    return !decisive;
}

Checked<Value> evaluate_conditional(const Expression& expression,
                                    const EvaluationContext& context) {
    std::size_t i = 0;
    for (; i + 1 < expression.arguments.size(); i += 2) {
        SQL_TRY(const bool holds, evaluate_condition(*expression.arguments[i], context));
        if (holds) return evaluate(*expression.arguments[i + 1], context);
    }
    return evaluate(*expression.arguments[i], context);
}

Checked<Value> evaluate_coalesce(const Expression& expression, const EvaluationContext& context) {
    for (const ExpressionPtr& argument : expression.arguments) {
        SQL_TRY(Value value, evaluate(*argument, context));
        if (!is_null(value)) return value;
    }
    return Null{};
}

// NULLs do not take part.
Checked<Value> evaluate_extreme(const Expression& expression, const EvaluationContext& context,
                                bool greatest) {
    Value best = Null{};
    for (const ExpressionPtr& argument : expression.arguments) {
        SQL_TRY(Value value, evaluate(*argument, context));
        if (is_null(value)) continue;
        const std::strong_ordering order = compare(value, best);
        if (is_null(best) || (greatest ? order > 0 : order < 0)) best = std::move(value);
    }
    return best;
}

// By the operator where equal values may be kept differently: numbers inside jsonb.
bool are_equal(const Expression& expression, const Value& left, const Value& right) {
    const bool by_operator =
        expression.function != nullptr && expression.function->arguments.front() == TypeId::jsonb;
    if (!by_operator) return compare(left, right) == std::strong_ordering::equal;
    const std::array<const Value*, 2> sides{&left, &right};
    const Checked<Value> equal = expression.function->evaluate({}, sides);
    return equal && std::get<bool>(*equal);
}

// The items in front that need no row are an array to PostgreSQL: each is computed, whatever the
// others are. The rest are comparisons one after the other.
Checked<Value> evaluate_in_list(const Expression& expression, const EvaluationContext& context) {
    Value scratch;
    SQL_TRY(const Value* wanted, refer(*expression.arguments.front(), context, scratch));
    const std::size_t rest = 1 + expression.index;
    std::vector<Value> computed(expression.computes_items ? rest : 0);
    for (std::size_t i = 1; i < computed.size(); ++i) {
        SQL_TRY(computed[i], evaluate(*expression.arguments[i], context));
    }
    bool any_null = false;
    for (std::size_t i = 1; i < expression.arguments.size(); ++i) {
        Value item_scratch;
        const Value* item = i < computed.size() ? &computed[i] : nullptr;
        if (item == nullptr) {
            SQL_TRY(item, refer(*expression.arguments[i], context, item_scratch));
        }
        if (is_null(*wanted) || is_null(*item)) {
            any_null = true;
        } else if (are_equal(expression, *wanted, *item)) {
            return !expression.negated;
        }
    }
    if (any_null) return Null{};
    return expression.negated;
}

// ANY is settled by a true comparison, ALL by a false one.
Checked<Value> evaluate_any_element(const Expression& expression,
                                    const EvaluationContext& context) {
    const bool settling = !expression.negated;
    SQL_TRY(const Value left, evaluate(*expression.arguments[0], context));
    SQL_TRY(const Value right, evaluate(*expression.arguments[1], context));
    if (is_null(right)) return Null{};
    bool any_null = false;
    for (const Value& element : std::get<std::shared_ptr<const Array>>(right)->elements) {
        if (is_null(left) || is_null(element)) {
            any_null = true;
            continue;
        }
        const std::array<const Value*, 2> arguments{&left, &element};
        SQL_TRY(const Value holds, expression.function->evaluate(context, arguments));
        if (is_null(holds)) {
            any_null = true;
        } else if (std::get<bool>(holds) == settling) {
            return settling;
        }
    }
    if (any_null) return Null{};
    return !settling;
}

Checked<Value> evaluate_distinct(const Expression& expression, const EvaluationContext& context) {
    SQL_TRY(const Value left, evaluate(*expression.arguments[0], context));
    SQL_TRY(const Value right, evaluate(*expression.arguments[1], context));
    const bool distinct =
        is_null(left) != is_null(right) || (!is_null(left) && !are_equal(expression, left, right));
    return distinct != expression.negated;
}

Checked<Value> evaluate_null_if(const Expression& expression, const EvaluationContext& context) {
    SQL_TRY(Value left, evaluate(*expression.arguments[0], context));
    SQL_TRY(const Value right, evaluate(*expression.arguments[1], context));
    if (!is_null(left) && !is_null(right) && are_equal(expression, left, right)) return Null{};
    return left;
}

Checked<Value> evaluate_boolean_test(const Expression& expression,
                                     const EvaluationContext& context) {
    SQL_TRY(const Value value, evaluate(*expression.arguments.front(), context));
    bool holds = false;
    switch (expression.test) {
        case BooleanTest::is_true:
            holds = !is_null(value) && std::get<bool>(value);
            break;
        case BooleanTest::is_false:
            holds = !is_null(value) && !std::get<bool>(value);
            break;
        case BooleanTest::is_unknown:
            holds = is_null(value);
            break;
    }
    return holds != expression.negated;
}

template <typename Integer>
bool fits(std::int64_t number) {
    return number >= std::numeric_limits<Integer>::min() &&
           number <= std::numeric_limits<Integer>::max();
}

Checked<Value> convert_integer(TypeId type, Value value) {
    if (is_null(value)) return value;
    const std::int64_t number = std::get<std::int64_t>(value);
    const bool in_range = type == TypeId::int2   ? fits<std::int16_t>(number)
                          : type == TypeId::int4 ? fits<std::int32_t>(number)
                          : type == TypeId::oid  ? fits<std::uint32_t>(number)
                                                 : true;
    if (!in_range)
        return sql_error("22003", fmt::format("{} out of range",
                                              type == TypeId::oid ? "OID" : display_name(type)));
    return value;
}

Checked<Value> evaluate_array(const Expression& expression, const EvaluationContext& context) {
    auto array = std::make_shared<Array>();
    for (const ExpressionPtr& argument : expression.arguments) {
        SQL_TRY(Value value, evaluate(*argument, context));
        array->elements.push_back(std::move(value));
    }
    return array;
}

Checked<Value> evaluate_subscript(const Expression& expression, const EvaluationContext& context) {
    SQL_TRY(const Value array, evaluate(*expression.arguments[0], context));
    SQL_TRY(const Value index, evaluate(*expression.arguments[1], context));
    if (is_null(array) || is_null(index)) return Null{};
    const std::vector<Value>& elements = std::get<std::shared_ptr<const Array>>(array)->elements;
    const std::int64_t place = std::get<std::int64_t>(index);
    if (place < 1 || place > static_cast<std::int64_t>(elements.size())) return Null{};
    return elements[static_cast<std::size_t>(place - 1)];
}

Checked<Value> evaluate_conversion(const Expression& expression, const EvaluationContext& context) {
    const Expression& argument = *expression.arguments.front();
    SQL_TRY(Value value, evaluate(argument, context));
    if (is_null(value)) return value;
    switch (expression.kind) {
        case ExpressionKind::apply_modifier:
            return apply_modifier(expression.type, std::move(value), expression.explicit_cast);
        case ExpressionKind::convert_text:
            return parse_value({expression.type.id}, std::get<std::string>(value));
        case ExpressionKind::convert_to_text: {
            // A cast of bool to text spells it out; its output function does not.
            if (const bool* boolean = std::get_if<bool>(&value))
                return std::string(*boolean ? "true" : "false");
            if (is_named_oid(argument.type.id))
                return named_oid(argument.type.id, std::get<std::int64_t>(value),
                                 context.environment->catalog());
            return format_value(argument.type.id, value);
        }
        default:
            return convert_integer(expression.type.id, std::move(value));
    }
}

}  // namespace

Checked<Value> evaluate(const Expression& expression, const EvaluationContext& context) {
    switch (expression.kind) {
        case ExpressionKind::constant:
        case ExpressionKind::parameter:
        case ExpressionKind::column:
        case ExpressionKind::aggregate:
        case ExpressionKind::window:
        case ExpressionKind::subquery_column: {
            Value scratch;
            SQL_TRY(const Value* value, refer(expression, context, scratch));
            return *value;
        }
        case ExpressionKind::call:
            return evaluate_call(expression, context);
        case ExpressionKind::logical_and:
            return evaluate_connective(expression, context, false);
        case ExpressionKind::logical_or:
            return evaluate_connective(expression, context, true);
        case ExpressionKind::logical_not: {
            SQL_TRY(Value value, evaluate(*expression.arguments.front(), context));
            if (is_null(value)) return value;
            return !std::get<bool>(value);
        }
        case ExpressionKind::is_null:
        case ExpressionKind::is_not_null: {
            Value scratch;
            SQL_TRY(const Value* value, refer(*expression.arguments.front(), context, scratch));
            return is_null(*value) == (expression.kind == ExpressionKind::is_null);
        }
        case ExpressionKind::boolean_test:
            return evaluate_boolean_test(expression, context);
        case ExpressionKind::is_distinct:
            return evaluate_distinct(expression, context);
        case ExpressionKind::conditional:
            return evaluate_conditional(expression, context);
        case ExpressionKind::coalesce:
            return evaluate_coalesce(expression, context);
        case ExpressionKind::null_if:
            return evaluate_null_if(expression, context);
        case ExpressionKind::greatest:
            return evaluate_extreme(expression, context, true);
        case ExpressionKind::least:
            return evaluate_extreme(expression, context, false);
        case ExpressionKind::in_list:
            return evaluate_in_list(expression, context);
        case ExpressionKind::any_element:
            return evaluate_any_element(expression, context);
        case ExpressionKind::array:
            return evaluate_array(expression, context);
        case ExpressionKind::subscript:
            return evaluate_subscript(expression, context);
        case ExpressionKind::subquery:
            return context.support->subquery(expression, context);
        case ExpressionKind::apply_modifier:
        case ExpressionKind::convert_text:
        case ExpressionKind::convert_to_text:
        case ExpressionKind::convert_integer:
            return evaluate_conversion(expression, context);
    }
    return Null{};
}

Checked<bool> evaluate_condition(const Expression& expression, const EvaluationContext& context) {
    Value scratch;
    SQL_TRY(const Value* value, refer(expression, context, scratch));
    return !is_null(*value) && std::get<bool>(*value);
}

}  // namespace atlas::sim::models::postgres
