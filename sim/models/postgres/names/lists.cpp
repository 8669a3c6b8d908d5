#include "sim/models/postgres/names/lists.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace atlas::sim::models::postgres::names {
namespace {

struct Word {
    std::string_view name;
};

constexpr Type types[] = {
#include "sim/models/postgres/names/types.inc"
};
constexpr Cast casts[] = {
#include "sim/models/postgres/names/casts.inc"
};
constexpr Function functions[] = {
#include "sim/models/postgres/names/functions.inc"
};
constexpr Operator operators[] = {
#include "sim/models/postgres/names/operators.inc"
};
constexpr SystemRelation relations[] = {
#include "sim/models/postgres/names/relations.inc"
};
constexpr OperatorClass operator_classes[] = {
#include "sim/models/postgres/names/operator_classes.inc"
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
constexpr Word time_zone_abbreviations[] = {
#include "sim/models/postgres/names/time_zone_abbreviations.inc"
};

constexpr std::array<std::string_view, 4> schemas{"information_schema", "pg_catalog", "pg_toast",
                                                  "public"};

template <typename Row, std::size_t Size>
const Row* find_in(const Row (&rows)[Size], std::string_view name) {
    const auto found = std::ranges::lower_bound(rows, name, {}, &Row::name);
    return found == std::end(rows) || found->name != name ? nullptr : &*found;
}

template <typename Row, std::size_t Size, typename Key>
std::span<const Row> all_in(const Row (&rows)[Size], std::string_view name, Key key) {
    const auto found = std::ranges::equal_range(rows, name, {}, key);
    return {found.begin(), found.end()};
}

std::string lowered(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// POSIX's "EST5EDT" and "<+03>-3", or a number of hours. Roughly: what follows the offset is not
// looked at.
bool starts_with_offset(std::string_view name) {
    const std::size_t bracket = name.starts_with('<') ? name.find('>') : std::string_view::npos;
    if (bracket != std::string_view::npos) {
        name.remove_prefix(bracket + 1);
    } else {
        const auto end = std::ranges::find_if_not(name, is_letter);
        name.remove_prefix(static_cast<std::size_t>(end - name.begin()));
    }
    if (name.starts_with('+') || name.starts_with('-')) name.remove_prefix(1);
    return !name.empty() && is_digit(name.front());
}

}  // namespace

std::span<const Type> all_types() {
    return types;
}

const Type* find_type(std::string_view name) {
    return find_in(types, name);
}

const Type* find_type(std::uint32_t oid) {
    const auto found = std::ranges::find(types, oid, &Type::oid);
    return found == std::end(types) ? nullptr : &*found;
}

const Type* find_array_over(std::string_view element) {
    const auto found = std::ranges::find(types, element, &Type::element);
    return found == std::end(types) ? nullptr : &*found;
}

const Cast* find_cast(std::string_view from, std::string_view to) {
    for (const Cast& cast : all_in(casts, from, &Cast::from)) {
        if (cast.to == to) return &cast;
    }
    return nullptr;
}

const SystemRelation* find_relation(std::string_view name) {
    return find_in(relations, name);
}

std::span<const Function> functions_named(std::string_view name) {
    return all_in(functions, name, &Function::name);
}

std::span<const Operator> operators_named(std::string_view name) {
    return all_in(operators, name, &Operator::name);
}

std::span<const OperatorClass> operator_classes_of(std::string_view method) {
    return all_in(operator_classes, method, &OperatorClass::method);
}

bool is_setting(std::string_view name) {
    return find_in(settings, lowered(name)) != nullptr;
}

bool is_collation(std::string_view name) {
    return find_in(collations, name) != nullptr;
}

bool is_encoding(std::string_view name) {
    std::string compared = lowered(name);
    std::erase_if(compared, [](char c) { return !is_letter(c) && !is_digit(c); });
    return find_in(encodings, compared) != nullptr;
}

bool is_time_zone(std::string_view name) {
    std::string lower = lowered(name);
    if (lower.starts_with("posix/")) lower.erase(0, 6);
    return find_in(time_zones, lower) != nullptr || starts_with_offset(name) ||
           lower.starts_with("interval");
}

bool is_time_zone_abbreviation(std::string_view name) {
    return find_in(time_zone_abbreviations, name) != nullptr;
}

bool is_schema(std::string_view name) {
    return std::ranges::binary_search(schemas, name);
}

}  // namespace atlas::sim::models::postgres::names
