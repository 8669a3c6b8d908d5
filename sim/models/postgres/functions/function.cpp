#include "sim/models/postgres/functions/function.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "sim/models/postgres/functions/groups.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Group = std::vector<Function> (*)();

std::vector<Function> assemble(std::initializer_list<Group> groups) {
    // Within a name the order of the groups stays.
    std::multimap<std::string_view, Function> by_name;
    for (const Group group : groups) {
        for (Function& function : group())
            by_name.emplace(function.name, std::move(function));
    }
    std::vector<Function> all;
    for (auto& [name, function] : by_name)
        all.push_back(std::move(function));
    return all;
}

std::span<const Function> all_named(std::span<const Function> functions, std::string_view name) {
    const auto found = std::ranges::equal_range(functions, name, {}, &Function::name);
    return {found.begin(), found.end()};
}

// count("any") takes anything: its argument is shown as unknown.
constexpr std::array<Aggregate, 36> aggregates{{
    {"array_agg", TypeId::unknown, TypeId::unknown, AggregateKind::array},
    {"avg", TypeId::int2, TypeId::numeric, AggregateKind::average},
    {"avg", TypeId::int4, TypeId::numeric, AggregateKind::average},
    {"avg", TypeId::int8, TypeId::numeric, AggregateKind::average},
    {"avg", TypeId::numeric, TypeId::numeric, AggregateKind::average},
    {"bool_and", TypeId::boolean, TypeId::boolean, AggregateKind::every},
    {"bool_or", TypeId::boolean, TypeId::boolean, AggregateKind::some},
    {"count", TypeId::none, TypeId::int8, AggregateKind::count_rows},
    {"count", TypeId::unknown, TypeId::int8, AggregateKind::count},
    {"every", TypeId::boolean, TypeId::boolean, AggregateKind::every},
    {"jsonb_agg", TypeId::unknown, TypeId::jsonb, AggregateKind::json},
    {"max", TypeId::int2, TypeId::int2, AggregateKind::maximum},
    {"max", TypeId::int4, TypeId::int4, AggregateKind::maximum},
    {"max", TypeId::int8, TypeId::int8, AggregateKind::maximum},
    {"max", TypeId::text, TypeId::text, AggregateKind::maximum},
    {"max", TypeId::oid, TypeId::oid, AggregateKind::maximum},
    {"max", TypeId::timestamp, TypeId::timestamp, AggregateKind::maximum},
    {"max", TypeId::timestamptz, TypeId::timestamptz, AggregateKind::maximum},
    {"max", TypeId::interval, TypeId::interval, AggregateKind::maximum},
    {"max", TypeId::numeric, TypeId::numeric, AggregateKind::maximum},
    {"max", TypeId::date, TypeId::date, AggregateKind::maximum},
    {"min", TypeId::int2, TypeId::int2, AggregateKind::minimum},
    {"min", TypeId::int4, TypeId::int4, AggregateKind::minimum},
    {"min", TypeId::int8, TypeId::int8, AggregateKind::minimum},
    {"min", TypeId::text, TypeId::text, AggregateKind::minimum},
    {"min", TypeId::oid, TypeId::oid, AggregateKind::minimum},
    {"min", TypeId::timestamp, TypeId::timestamp, AggregateKind::minimum},
    {"min", TypeId::timestamptz, TypeId::timestamptz, AggregateKind::minimum},
    {"min", TypeId::interval, TypeId::interval, AggregateKind::minimum},
    {"min", TypeId::numeric, TypeId::numeric, AggregateKind::minimum},
    {"min", TypeId::date, TypeId::date, AggregateKind::minimum},
    {"string_agg", TypeId::text, TypeId::text, AggregateKind::joined_text},
    {"sum", TypeId::int2, TypeId::int8, AggregateKind::sum},
    {"sum", TypeId::int4, TypeId::int8, AggregateKind::sum},
    {"sum", TypeId::int8, TypeId::numeric, AggregateKind::sum},
    {"sum", TypeId::numeric, TypeId::numeric, AggregateKind::sum},
}};

}  // namespace

std::span<const Function> all_functions() {
    static const std::vector<Function> all = assemble(
        {arithmetic_functions, text_functions, time_functions, session_functions, numeric_functions,
         date_functions, character_functions, jsonb_functions, jsonb_building_functions,
         array_functions, string_functions, system_catalog_functions});
    return all;
}

std::span<const Function> all_operators() {
    static const std::vector<Function> all =
        assemble({comparison_operators, arithmetic_operators, text_operators, time_operators,
                  numeric_operators, date_operators, character_operators, jsonb_operators,
                  array_operators, pattern_operators});
    return all;
}

std::span<const Function> functions_named(std::string_view name) {
    return all_named(all_functions(), name);
}

std::span<const Function> operators_named(std::string_view name) {
    return all_named(all_operators(), name);
}

std::span<const Aggregate> aggregates_named(std::string_view name) {
    const auto found = std::ranges::equal_range(aggregates, name, {}, &Aggregate::name);
    return {found.begin(), found.end()};
}

const Function* find_operator(std::string_view name, TypeId left, TypeId right) {
    for (const Function& candidate : operators_named(name)) {
        if (candidate.arguments.size() == 2 && candidate.arguments[0] == left &&
            candidate.arguments[1] == right)
            return &candidate;
    }
    return nullptr;
}

}  // namespace atlas::sim::models::postgres
