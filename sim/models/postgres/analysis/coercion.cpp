#include "sim/models/postgres/analysis/coercion.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

enum class CastMethod : std::uint8_t {
    relabel,
    integer,
    boolean_to_integer,
    integer_to_boolean,
    from_text,
    to_text,
    through_text,
    function,  ///< The function named as the type.
};

struct Cast {
    TypeId from;
    TypeId to;
    CoercionContext context;
    CastMethod method;
};

using enum TypeId;
using enum CoercionContext;

// pg_cast, for the model's types. Time stamps with and without zone are the same number in UTC.
constexpr std::array casts{
    Cast{int2, int4, implicit, CastMethod::relabel},
    Cast{int2, int8, implicit, CastMethod::relabel},
    Cast{int4, int8, implicit, CastMethod::relabel},
    Cast{int4, int2, assignment, CastMethod::integer},
    Cast{int8, int2, assignment, CastMethod::integer},
    Cast{int8, int4, assignment, CastMethod::integer},
    Cast{int2, oid, implicit, CastMethod::integer},
    Cast{int4, oid, implicit, CastMethod::integer},
    Cast{int8, oid, implicit, CastMethod::integer},
    Cast{int2, regclass, implicit, CastMethod::relabel},
    Cast{int4, regclass, implicit, CastMethod::relabel},
    Cast{int8, regclass, implicit, CastMethod::integer},
    Cast{oid, regclass, implicit, CastMethod::relabel},
    Cast{regclass, oid, implicit, CastMethod::relabel},
    Cast{regclass, int8, assignment, CastMethod::relabel},
    Cast{regclass, int4, assignment, CastMethod::integer},
    Cast{oid, regtype, implicit, CastMethod::relabel},
    Cast{regtype, oid, implicit, CastMethod::relabel},
    Cast{oid, regnamespace, implicit, CastMethod::relabel},
    Cast{regnamespace, oid, implicit, CastMethod::relabel},
    Cast{int2vector, int2_array, implicit, CastMethod::relabel},
    Cast{oid, int4, assignment, CastMethod::integer},
    Cast{oid, int8, assignment, CastMethod::relabel},
    Cast{numeric, int8, assignment, CastMethod::function},
    Cast{numeric, int4, assignment, CastMethod::function},
    Cast{numeric, int2, assignment, CastMethod::function},
    Cast{int8, numeric, implicit, CastMethod::function},
    Cast{int4, numeric, implicit, CastMethod::function},
    Cast{int2, numeric, implicit, CastMethod::function},
    Cast{date, timestamp, implicit, CastMethod::function},
    Cast{date, timestamptz, implicit, CastMethod::function},
    Cast{timestamp, date, assignment, CastMethod::function},
    Cast{timestamptz, date, assignment, CastMethod::function},
    Cast{bpchar, text, implicit, CastMethod::function},
    Cast{bpchar, varchar, implicit, CastMethod::function},
    Cast{bpchar, name, implicit, CastMethod::function},
    Cast{text, bpchar, implicit, CastMethod::relabel},
    Cast{varchar, bpchar, implicit, CastMethod::relabel},
    Cast{boolean, int4, explicit_cast, CastMethod::boolean_to_integer},
    Cast{int4, boolean, explicit_cast, CastMethod::integer_to_boolean},
    Cast{boolean, text, assignment, CastMethod::to_text},
    Cast{boolean, varchar, assignment, CastMethod::to_text},
    Cast{text, varchar, implicit, CastMethod::relabel},
    Cast{varchar, text, implicit, CastMethod::relabel},
    Cast{name, text, implicit, CastMethod::relabel},
    Cast{name, varchar, assignment, CastMethod::relabel},
    Cast{text, name, implicit, CastMethod::relabel},
    Cast{varchar, name, implicit, CastMethod::relabel},
    Cast{single_char, text, implicit, CastMethod::relabel},
    Cast{single_char, varchar, assignment, CastMethod::relabel},
    Cast{single_char, bpchar, assignment, CastMethod::relabel},
    Cast{text, single_char, assignment, CastMethod::from_text},
    Cast{timestamp, timestamptz, implicit, CastMethod::relabel},
    Cast{timestamptz, timestamp, assignment, CastMethod::relabel},
    Cast{jsonb, boolean, explicit_cast, CastMethod::function},
    Cast{jsonb, int2, explicit_cast, CastMethod::function},
    Cast{jsonb, int4, explicit_cast, CastMethod::function},
    Cast{jsonb, int8, explicit_cast, CastMethod::function},
    Cast{jsonb, numeric, explicit_cast, CastMethod::function},
    Cast{json, jsonb, assignment, CastMethod::through_text},
    Cast{jsonb, json, assignment, CastMethod::relabel},
};

std::optional<Cast> find_cast(TypeId from, TypeId to) {
    for (const Cast& cast : casts) {
        if (cast.from == from && cast.to == to) return cast;
    }
    if (from == void_type || to == void_type || to == unknown || is_named_oid(to) ||
        from == node_tree || to == node_tree)
        return std::nullopt;
    // Any type converts to and from text by its input and output functions.
    if (category(to) == TypeCategory::string)
        return Cast{from, to, assignment, CastMethod::to_text};
    if (category(from) == TypeCategory::string)
        return Cast{from, to, explicit_cast, CastMethod::from_text};
    return std::nullopt;
}

ExpressionPtr make(Expression expression) {
    return std::make_shared<const Expression>(std::move(expression));
}

// The same, which has come about by a cast of another.
ExpressionPtr as_cast(const ExpressionPtr& result, const ExpressionPtr& from,
                      CoercionContext context) {
    if (result == nullptr) return result;
    Expression copy = *result;
    copy.spelling = std::make_shared<const Spelling>(
        Spelling{.cast_of = from, .implicit = context != explicit_cast});
    return make(std::move(copy));
}

ExpressionPtr convert(ExpressionKind kind, const ExpressionPtr& argument, TypeId type) {
    return make(
        {.kind = kind, .type = {type}, .arguments = {argument}, .location = argument->location});
}

// CASE WHEN b THEN 1 WHEN NOT b THEN 0 END keeps NULL.
ExpressionPtr boolean_to_integer(const ExpressionPtr& argument) {
    const auto constant = [](std::int64_t number) {
        return make({.kind = ExpressionKind::constant, .type = {int4}, .constant = number});
    };
    ExpressionPtr negation = convert(ExpressionKind::logical_not, argument, boolean);
    ExpressionPtr nothing = make({.kind = ExpressionKind::constant, .type = {int4}});
    return make({.kind = ExpressionKind::conditional,
                 .type = {int4},
                 .arguments = {argument, constant(1), negation, constant(0), nothing},
                 .location = argument->location});
}

ExpressionPtr integer_to_boolean(const ExpressionPtr& argument) {
    ExpressionPtr zero =
        make({.kind = ExpressionKind::constant, .type = {int4}, .constant = std::int64_t{0}});
    return make({.kind = ExpressionKind::call,
                 .type = {boolean},
                 .function = find_operator("<>", int4, int4),
                 .arguments = {argument, zero},
                 .location = argument->location});
}

ExpressionPtr apply_cast(const Cast& cast, const ExpressionPtr& expression) {
    switch (cast.method) {
        case CastMethod::relabel:
            return relabelled(expression, {cast.to});
        case CastMethod::integer:
            return convert(ExpressionKind::convert_integer, expression, cast.to);
        case CastMethod::boolean_to_integer:
            return boolean_to_integer(expression);
        case CastMethod::integer_to_boolean:
            return integer_to_boolean(expression);
        case CastMethod::from_text:
            return convert(ExpressionKind::convert_text, expression, cast.to);
        case CastMethod::to_text:
            return convert(ExpressionKind::convert_to_text, expression, cast.to);
        case CastMethod::function: {
            // All of the strings strip a char(n) in the same way.
            const TypeId named = is_string(cast.to) ? text : cast.to;
            for (const Function& candidate : functions_named(internal_name(named))) {
                if (candidate.arguments.size() != 1 || candidate.arguments[0] != cast.from)
                    continue;
                return make({.kind = ExpressionKind::call,
                             .type = {cast.to},
                             .function = &candidate,
                             .arguments = {expression},
                             .location = expression->location});
            }
            return nullptr;
        }
        case CastMethod::through_text:
            return convert(ExpressionKind::convert_text,
                           convert(ExpressionKind::convert_to_text, expression, text), cast.to);
    }
    return nullptr;
}

bool has_modifier(TypeId type) {
    return type == varchar || type == bpchar || type == numeric || type == timestamp ||
           type == timestamptz || type == interval;
}

Checked<ExpressionPtr> with_modifier(ExpressionPtr expression, ColumnType type,
                                     bool is_explicit_cast) {
    if (!has_modifier(type.id) || type.modifier < 0 || expression->type.modifier == type.modifier)
        return expression;
    return as_cast(make({.kind = ExpressionKind::apply_modifier,
                         .type = type,
                         .arguments = {expression},
                         .explicit_cast = is_explicit_cast,
                         .location = expression->location}),
                   expression, is_explicit_cast ? explicit_cast : assignment);
}

// An interval is read as its modifier says: in "interval day" a bare number is days.
Checked<ExpressionPtr> coerce_literal(const Expression& literal, ColumnType wanted) {
    const ColumnType type = wanted.id == interval ? wanted : ColumnType{wanted.id};
    if (is_null(literal.constant)) {
        return make({.kind = ExpressionKind::constant, .type = type, .location = literal.location});
    }
    Checked<Value> value = parse_value(type, std::get<std::string>(literal.constant));
    if (!value) {
        if (literal.location >= 0)
            value.error()->position = static_cast<std::uint32_t>(literal.location) + 1;
        return std::unexpected(std::move(value).error());
    }
    return make({.kind = ExpressionKind::constant,
                 .type = type,
                 .constant = *std::move(value),
                 .location = literal.location});
}

}  // namespace

Checked<TypeId> ParameterTypes::type_of(std::size_t index, int location) {
    if (fixed_ && index >= types_.size())
        return sql_error_at(location, "42P02", fmt::format("there is no parameter ${}", index + 1));
    if (index >= types_.size()) types_.resize(index + 1, none);
    return types_[index] == none ? unknown : types_[index];
}

Checked<> ParameterTypes::decide(std::size_t index, TypeId type, int location) {
    TypeId& known = types_[index];
    if (known == none || known == unknown) {
        known = type;
        return {};
    }
    if (known == type) return {};
    auto error = sql_error_at(
        location, "42P08", fmt::format("inconsistent types deduced for parameter ${}", index + 1));
    error.error()->detail = fmt::format("{} versus {}", display_name(known), display_name(type));
    return error;
}

Checked<std::vector<TypeId>> ParameterTypes::finish() const {
    for (std::size_t i = 0; i < types_.size(); ++i) {
        if (types_[i] == none || types_[i] == unknown) {
            return sql_error("42P18",
                             fmt::format("could not determine data type of parameter ${}", i + 1));
        }
    }
    return types_;
}

bool can_coerce(TypeId from, TypeId to, CoercionContext context) {
    if (from == to || from == unknown) return true;
    const auto cast = find_cast(from, to);
    return cast && cast->context <= context;
}

Checked<ExpressionPtr> coerce(ExpressionPtr expression, ColumnType type, CoercionContext context,
                              ParameterTypes& parameters) {
    const bool is_explicit_cast = context == explicit_cast;
    if (expression->type.id == type.id) return with_modifier(expression, type, is_explicit_cast);
    if (expression->type.id == unknown) {
        if (expression->kind == ExpressionKind::parameter) {
            SQL_CHECK(parameters.decide(expression->index, type.id, expression->location));
            return with_modifier(relabelled(expression, {type.id}), type, is_explicit_cast);
        }
        SQL_TRY(ExpressionPtr typed, coerce_literal(*expression, type));
        return with_modifier(typed, type, is_explicit_cast);
    }
    const auto cast = find_cast(expression->type.id, type.id);
    if (!cast || cast->context > context) return ExpressionPtr{};
    return with_modifier(as_cast(apply_cast(*cast, expression), expression, context), type,
                         is_explicit_cast);
}

Checked<TypeId> common_type(std::span<const ExpressionPtr> expressions,
                            std::string_view construct) {
    TypeId chosen = none;
    for (const ExpressionPtr& expression : expressions) {
        const TypeId type = expression->type.id;
        if (type == unknown || type == chosen) continue;
        if (chosen == none) {
            chosen = type;
        } else if (category(type) != category(chosen)) {
            return sql_error_at(expression->location, "42804",
                                fmt::format("{} types {} and {} cannot be matched", construct,
                                            display_name(chosen), display_name(type)));
        } else if (!is_preferred(chosen) && can_coerce(chosen, type, implicit) &&
                   !can_coerce(type, chosen, implicit)) {
            chosen = type;
        }
    }
    return chosen == none ? text : chosen;
}

ExpressionPtr relabelled(const ExpressionPtr& expression, ColumnType type) {
    // These compute what their type says, and must go on doing so: COALESCE of one is that one.
    const ExpressionKind kind = expression->kind;
    if (kind == ExpressionKind::apply_modifier || kind == ExpressionKind::convert_text ||
        kind == ExpressionKind::convert_integer) {
        return make({.kind = ExpressionKind::coalesce,
                     .type = type,
                     .arguments = {expression},
                     .location = expression->location});
    }
    Expression copy = *expression;
    const bool other_type = copy.type.id != type.id;
    copy.relabelled |= other_type && kind == ExpressionKind::column;
    copy.type = type;
    return make(std::move(copy));
}

}  // namespace atlas::sim::models::postgres
