// Type names in statements, and the names of output columns.

#include <algorithm>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/names/lists.hpp"
#include "sim/models/postgres/types/timestamp.hpp"

namespace atlas::sim::models::postgres {
namespace {

// numeric(p, s)
Checked<ColumnType> numeric_with(const Node& modifiers, int place) {
    std::vector<std::int32_t> numbers;
    for (const Node& node : modifiers) {
        const auto [kind, body] = open_node(node);
        const Node* number = kind == "A_Const" ? find(*body, "ival") : nullptr;
        if (number == nullptr) return not_covered("this modifier of type numeric", place);
        numbers.push_back(static_cast<std::int32_t>(number->value("ival", 0)));
    }
    if (numbers.size() > 2) return sql_error_at(place, "22023", "invalid NUMERIC type modifier");
    if (numbers[0] < 1 || numbers[0] > 1000) {
        return sql_error_at(
            place, "22023",
            fmt::format("NUMERIC precision {} must be between 1 and 1000", numbers[0]));
    }
    const std::int32_t scale = numbers.size() == 2 ? numbers[1] : 0;
    if (scale < -1000 || scale > 1000) {
        return sql_error_at(place, "22023",
                            fmt::format("NUMERIC scale {} must be between -1000 and 1000", scale));
    }
    return ColumnType{TypeId::numeric, ((numbers[0] << 16) | (scale & 0x7FF)) + 4};
}

// interval(p), interval day to second (p): the grammar gives the fields first.
Checked<ColumnType> interval_with(const Node& modifiers, int place) {
    std::vector<std::int32_t> numbers;
    for (const Node& node : modifiers) {
        const auto [kind, body] = open_node(node);
        const Node* number = kind == "A_Const" ? find(*body, "ival") : nullptr;
        if (number == nullptr) return not_covered("this modifier of type interval", place);
        numbers.push_back(static_cast<std::int32_t>(number->value("ival", 0)));
    }
    const std::int32_t digits = numbers.size() == 2 ? numbers[1] : interval_full_precision;
    if (digits < 0) {
        return sql_error_at(place, "22023",
                            fmt::format("INTERVAL({}) precision must not be negative", digits));
    }
    if (digits > 6 && digits != interval_full_precision)
        return not_covered("more than six digits of a second in an interval", place);
    if (numbers[0] == interval_full_range && digits == interval_full_precision)
        return ColumnType{TypeId::interval};
    return ColumnType{TypeId::interval, (numbers[0] << 16) | digits};
}

Checked<ColumnType> with_modifier(TypeId type, const Node& modifiers, int place) {
    if (modifiers.empty()) return ColumnType{type};
    if (type == TypeId::numeric) return numeric_with(modifiers, place);
    if (type == TypeId::interval) return interval_with(modifiers, place);
    const auto [kind, body] = open_node(modifiers.front());
    const Node* number = kind == "A_Const" ? find(*body, "ival") : nullptr;
    if (modifiers.size() != 1 || number == nullptr)
        return not_covered(fmt::format("this modifier of type {}", display_name(type)));
    const auto value = static_cast<std::int32_t>(number->value("ival", 0));
    if (type == TypeId::varchar || type == TypeId::bpchar) {
        const std::string_view shown = type == TypeId::varchar ? "varchar" : "char";
        if (value < 1) {
            return sql_error_at(place, "22023",
                                fmt::format("length for type {} must be at least 1", shown));
        }
        if (value > 10'485'760) {
            return sql_error_at(place, "22023",
                                fmt::format("length for type {} cannot exceed 10485760", shown));
        }
        return ColumnType{type, value + 4};
    }
    if (type == TypeId::timestamp || type == TypeId::timestamptz)
        return ColumnType{type, std::min(value, 6)};
    return sql_error(
        "42601", fmt::format("type modifier is not allowed for type \"{}\"", internal_name(type)));
}

std::string name_of_call(const Node& body) {
    return strings(list(body, "funcname")).back();
}

// The row type of a table, or the type of arrays of it.
bool is_row_type(std::string_view name, const CatalogView* catalog) {
    if (catalog == nullptr) return false;
    return catalog->find_table(name) != nullptr ||
           (name.starts_with('_') && catalog->find_table(name.substr(1)) != nullptr);
}

std::unexpected<Failure> no_such_type(std::string_view shown, int place) {
    return sql_error_at(place, "42704", fmt::format("type \"{}\" does not exist", shown));
}

std::unexpected<Failure> refused_type(const std::vector<std::string>& given, bool array,
                                      const CatalogView* catalog, int place) {
    const std::string shown = joined(given) + (array ? "[]" : "");
    if (given.size() > 2) return not_covered("names of three parts", place);
    if (given.size() == 2) {
        auto known = check_schema(given.front());
        if (!known) return std::unexpected(std::move(known).error());
    }
    const bool in_public = given.size() == 1 || given.front() == "public";
    const bool in_catalog = given.size() == 1 || given.front() == "pg_catalog";
    const std::string listed = in_catalog ? given.back() : joined(given);
    if (array ? names::find_array_over(listed) != nullptr : names::find_type(listed) != nullptr) {
        return not_covered(fmt::format("the type {}{}", listed, array ? "[]" : ""), place);
    }
    const bool is_row = in_public && is_row_type(given.back(), catalog);
    if (is_row && !(array && given.back().starts_with('_')))
        return not_covered(fmt::format("the row type {}", shown), place);
    return no_such_type(shown, place);
}

}  // namespace

Checked<ColumnType> analyse_type(const Node& body, const CatalogView* catalog) {
    const std::vector<std::string> names = strings(list(body, "names"));
    if (flag(body, "setof")) return not_covered("SETOF", location(body));
    if (flag(body, "pct_type")) return not_covered("%TYPE", location(body));
    const bool listed = names.size() == 1 || (names.size() == 2 && names.front() == "pg_catalog");
    const auto type = listed ? type_of_name(names.back()) : std::nullopt;
    const bool usable = type && *type != TypeId::unknown && *type != TypeId::void_type;
    const bool array = !list(body, "arrayBounds").empty();
    if (!usable) return refused_type(names, array, catalog, location(body));
    SQL_TRY(const ColumnType scalar, with_modifier(*type, list(body, "typmods"), location(body)));
    if (!array) return scalar;
    const TypeId over = array_of(scalar.id);
    if (over == TypeId::none) return refused_type(names, array, catalog, location(body));
    if (list(body, "arrayBounds").size() > 1)
        return not_covered("arrays of several dimensions", location(body));
    return ColumnType{over};
}

namespace {

// A name, and whether it beats the name of a cast or CASE around it.
struct FoundName {
    std::string name = "?column?";
    bool strong = false;
};

FoundName find_output_name(const Node& node);

// A subquery for one value gives it its own column's name.
FoundName name_of_subquery(const Node& body) {
    const std::string link = text(body, "subLinkType");
    if (link == "EXISTS_SUBLINK") return {"exists", true};
    if (link == "ARRAY_SUBLINK") return {"array", true};
    if (link != "EXPR_SUBLINK") return {};
    const Node* select = open_node(*find(body, "subselect")).body;
    while (const Node* left = find(*select, "larg"))
        select = left;
    if (!list(*select, "valuesLists").empty()) return {"column1", true};
    const Node& targets = list(*select, "targetList");
    if (targets.empty()) return {};
    const Node& target = *open_node(targets.front()).body;
    if (std::string name = text(target, "name"); !name.empty()) return {std::move(name), true};
    return {find_output_name(*find(target, "val")).name, true};
}

FoundName find_output_name(const Node& node) {
    const auto [kind, body] = open_node(node);
    if (kind == "ColumnRef") {
        const auto [last_kind, last] = open_node(list(*body, "fields").back());
        if (last_kind == "String") return {text(*last, "sval"), true};
    } else if (kind == "FuncCall") {
        return {name_of_call(*body), true};
    } else if (kind == "TypeCast") {
        FoundName inner = find_output_name(*find(*body, "arg"));
        if (inner.strong) return inner;
        return {strings(list(*find(*body, "typeName"), "names")).back()};
    } else if (kind == "CoalesceExpr") {
        return {"coalesce", true};
    } else if (kind == "MinMaxExpr") {
        return {text(*body, "op") == "IS_LEAST" ? "least" : "greatest", true};
    } else if (kind == "A_ArrayExpr") {
        return {"array", true};
    } else if (kind == "A_Indirection") {
        return find_output_name(*find(*body, "arg"));
    } else if (kind == "SubLink") {
        return name_of_subquery(*body);
    } else if (kind == "CaseExpr") {
        const Node* otherwise = find(*body, "defresult");
        if (otherwise != nullptr) {
            FoundName inner = find_output_name(*otherwise);
            if (inner.strong) return inner;
        }
        return {"case"};
    } else if (kind == "A_Expr" && text(*body, "kind") == "AEXPR_NULLIF") {
        return {"nullif", true};
    } else if (kind == "SQLValueFunction") {
        std::string name = text(*body, "op").substr(std::string_view("SVFOP_").size());
        for (char& c : name) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        }
        if (name.ends_with("_n")) name.resize(name.size() - 2);
        return {std::move(name), true};
    }
    return {};
}

}  // namespace

std::string output_name(const Node& node) {
    return find_output_name(node).name;
}

}  // namespace atlas::sim::models::postgres
