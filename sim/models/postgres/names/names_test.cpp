// The lists of PostgreSQL's names, and the model's own functions and operators among them.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/names/resolution.hpp"

namespace atlas::sim::models::postgres {
namespace {

constexpr names::Function functions[] = {
#include "sim/models/postgres/names/functions.inc"
};
constexpr names::Operator operators[] = {
#include "sim/models/postgres/names/operators.inc"
};
constexpr names::Type types[] = {
#include "sim/models/postgres/names/types.inc"
};
constexpr names::Cast casts[] = {
#include "sim/models/postgres/names/casts.inc"
};
constexpr names::SystemRelation relations[] = {
#include "sim/models/postgres/names/relations.inc"
};
constexpr names::OperatorClass operator_classes[] = {
#include "sim/models/postgres/names/operator_classes.inc"
};
struct Word {
    std::string_view name;
};
constexpr Word settings[] = {
#include "sim/models/postgres/names/settings.inc"
};
constexpr Word collations[] = {
#include "sim/models/postgres/names/collations.inc"
};
constexpr Word encodings[] = {
#include "sim/models/postgres/names/encodings.inc"
};
constexpr Word time_zones[] = {
#include "sim/models/postgres/names/time_zones.inc"
};

TEST(Names, are_sorted_as_they_are_looked_up) {
    EXPECT_TRUE(std::ranges::is_sorted(functions, {}, &names::Function::name));
    EXPECT_TRUE(std::ranges::is_sorted(operators, {}, &names::Operator::name));
    EXPECT_TRUE(std::ranges::is_sorted(types, {}, &names::Type::name));
    EXPECT_TRUE(std::ranges::is_sorted(casts, {}, &names::Cast::from));
    EXPECT_TRUE(std::ranges::is_sorted(relations, {}, &names::SystemRelation::name));
    EXPECT_TRUE(std::ranges::is_sorted(operator_classes, {}, &names::OperatorClass::method));
    EXPECT_TRUE(std::ranges::is_sorted(settings, {}, &Word::name));
    EXPECT_TRUE(std::ranges::is_sorted(collations, {}, &Word::name));
    EXPECT_TRUE(std::ranges::is_sorted(encodings, {}, &Word::name));
    EXPECT_TRUE(std::ranges::is_sorted(time_zones, {}, &Word::name));
}

// A function that no call can choose would be dead, and one that PostgreSQL lacks an invention.
TEST(Names, every_function_of_the_model_is_one_of_postgres) {
    std::size_t found = 0;
    std::string_view last;
    for (const names::Function& each : functions) {
        if (std::exchange(last, each.name) == each.name) continue;
        for (const Function& own : functions_named(each.name)) {
            const names::Resolution meant = names::resolve_function(each.name, own.arguments);
            EXPECT_EQ(own_function(functions_named(each.name), meant, own.arguments), &own)
                << each.name;
            ++found;
        }
    }
    EXPECT_EQ(found, all_functions().size());
}

TEST(Names, every_operator_of_the_model_is_one_of_postgres) {
    std::size_t found = 0;
    std::string_view last;
    for (const names::Operator& each : operators) {
        if (std::exchange(last, each.name) == each.name) continue;
        for (const Function& own : operators_named(each.name)) {
            const names::Resolution meant = names::resolve_operator(each.name, own.arguments);
            EXPECT_EQ(own_function(operators_named(each.name), meant, own.arguments), &own)
                << each.name;
            ++found;
        }
    }
    EXPECT_EQ(found, all_operators().size());
}

TEST(Names, of_time_zones_may_be_offsets) {
    for (const char* name : {"Europe/Berlin", "posix/utc", "EST5EDT", "<+03>-3", "+5:30", "-8"})
        EXPECT_TRUE(names::is_time_zone(name)) << name;
    for (const char* name : {"", "Nope/Nope", "nope", "utc ", "+", "<x>"})
        EXPECT_FALSE(names::is_time_zone(name)) << name;
}

}  // namespace
}  // namespace atlas::sim::models::postgres
