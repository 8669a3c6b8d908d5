// Functions about what is in the catalog, and the operators that psql looks for names with.

#include "sim/models/postgres/functions/environment.hpp"
#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/functions/pattern.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

template <bool Wanted>
Checked<Value> match(const EvaluationContext&, Arguments arguments) {
    SQL_TRY(const bool matched, matches_pattern(argument<std::string>(arguments, 0),
                                                argument<std::string>(arguments, 1)));
    return matched == Wanted;
}

Checked<Value> user_by_id(const EvaluationContext&, Arguments arguments) {
    return role_name(argument<std::int64_t>(arguments, 0));
}

// All that there is is in a schema of the search path.
Checked<Value> is_visible(const EvaluationContext& context, Arguments arguments) {
    const auto oid = static_cast<std::uint32_t>(argument<std::int64_t>(arguments, 0));
    if (!context.environment->relation_exists(oid)) return Null{};
    return true;
}

}  // namespace

std::vector<Function> pattern_operators() {
    using enum TypeId;
    return {
        {"~", {text, text}, boolean, match<true>},
        {"~", {name, text}, boolean, match<true>},
        {"!~", {text, text}, boolean, match<false>},
        {"!~", {name, text}, boolean, match<false>},
    };
}

std::vector<Function> system_catalog_functions() {
    using enum TypeId;
    return {
        {"pg_get_userbyid", {oid}, name, user_by_id, Volatility::stable},
        {"pg_table_is_visible", {oid}, boolean, is_visible, Volatility::stable},
    };
}

}  // namespace atlas::sim::models::postgres
