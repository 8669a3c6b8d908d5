// =, <>, <, <=, >, >= over every comparable type.

#include <array>

#include "sim/models/postgres/functions/groups.hpp"

namespace atlas::sim::models::postgres {
namespace {

template <bool (*Holds)(std::partial_ordering)>
Checked<Value> compare_arguments(const EvaluationContext&, Arguments arguments) {
    return Holds(compare(*arguments[0], *arguments[1]));
}

struct Comparison {
    std::string_view name;
    Function::Evaluate evaluate;
};

constexpr std::array<Comparison, 6> comparisons{{
    {"=", compare_arguments<std::is_eq>},
    {"<>", compare_arguments<std::is_neq>},
    {"<", compare_arguments<std::is_lt>},
    {"<=", compare_arguments<std::is_lteq>},
    {">", compare_arguments<std::is_gt>},
    {">=", compare_arguments<std::is_gteq>},
}};

// bool's and text's operators have no forms that mix types; the integers' do.
constexpr std::array<std::array<TypeId, 2>, 24> comparable_types{{
    {TypeId::int4, TypeId::int4},
    {TypeId::boolean, TypeId::boolean},
    {TypeId::bytea, TypeId::bytea},
    {TypeId::name, TypeId::name},
    {TypeId::single_char, TypeId::single_char},
    {TypeId::int8, TypeId::int8},
    {TypeId::int2, TypeId::int2},
    {TypeId::int2, TypeId::int4},
    {TypeId::int2, TypeId::int8},
    {TypeId::int4, TypeId::int2},
    {TypeId::int4, TypeId::int8},
    {TypeId::int8, TypeId::int2},
    {TypeId::int8, TypeId::int4},
    {TypeId::text, TypeId::text},
    {TypeId::oid, TypeId::oid},
    {TypeId::timestamp, TypeId::timestamp},
    {TypeId::timestamptz, TypeId::timestamptz},
    {TypeId::timestamp, TypeId::timestamptz},
    {TypeId::timestamptz, TypeId::timestamp},
    {TypeId::interval, TypeId::interval},
    {TypeId::uuid, TypeId::uuid},
    {TypeId::numeric, TypeId::numeric},
    {TypeId::date, TypeId::date},
    {TypeId::pg_lsn, TypeId::pg_lsn},
}};

}  // namespace

std::vector<Function> comparison_operators() {
    std::vector<Function> operators;
    for (const Comparison& comparison : comparisons) {
        const auto add = [&](TypeId left, TypeId right) {
            // What moment a time stamp without zone is depends on the session.
            const bool by_zone = (left == TypeId::timestamptz) != (right == TypeId::timestamptz);
            operators.push_back(
                {.name = comparison.name,
                 .arguments = {left, right},
                 .result = TypeId::boolean,
                 .evaluate = comparison.evaluate,
                 .volatility = by_zone ? Volatility::stable : Volatility::immutable});
        };
        for (const auto& [left, right] : comparable_types) {
            add(left, right);
        }
        for (const TypeId type : array_types)
            add(type, type);
        // Transaction ids wrap around in PostgreSQL, so they have no order.
        if (comparison.name != "=" && comparison.name != "<>") continue;
        add(TypeId::xid, TypeId::xid);
        add(TypeId::xid, TypeId::int4);
    }
    return operators;
}

}  // namespace atlas::sim::models::postgres
