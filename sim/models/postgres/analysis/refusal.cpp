#include "sim/models/postgres/analysis/refusal.hpp"

#include <algorithm>

#include "sim/models/postgres/names/lists.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

const names::Type& listed(TypeId type) {
    const names::Type* const found = names::find_type(static_cast<std::uint32_t>(type));
    ATLAS_CHECK(found != nullptr, "PostgreSQL has every type of the model");
    return *found;
}

// Whether values of one type are values of the other as they are.
bool is_same_as(const names::Type& type, std::string_view wanted) {
    if (type.name == wanted) return true;
    if (wanted == "anyarray") return !type.element.empty();
    const names::Cast* const cast = names::find_cast(type.name, wanted);
    return cast != nullptr && cast->method == 'b' && cast->context == 'i';
}

std::unexpected<Failure> refused_operator_class(std::vector<std::string> given, TypeId type) {
    if (given.size() > 1) {
        auto known = check_schema(given.front());
        if (!known) return std::unexpected(std::move(known).error());
    }
    const std::string shown = joined(given);
    if (given.size() > 1 && given.front() == "pg_catalog") given.erase(given.begin());
    const auto found = std::ranges::find(names::operator_classes_of("btree"), joined(given),
                                         &names::OperatorClass::name);
    if (found == names::operator_classes_of("btree").end()) {
        return sql_error("42704", fmt::format("operator class \"{}\" does not exist for access "
                                              "method \"btree\"",
                                              shown));
    }
    if (!is_same_as(listed(type), found->type)) {
        return sql_error("42804", fmt::format("operator class \"{}\" does not accept data type {}",
                                              shown, display_name(type)));
    }
    return not_covered(fmt::format("the operator class {}", shown));
}

}  // namespace

Checked<> check_schema(std::string_view schema) {
    if (names::is_schema(schema)) return {};
    return sql_error("3F000", fmt::format("schema \"{}\" does not exist", schema));
}

bool is_default_collation(const Node& clause, TypeId type) {
    const std::vector<std::string> given = strings(list(clause, "collname"));
    const bool named = given.back() == "default" &&
                       (given.size() == 1 || (given.size() == 2 && given.front() == "pg_catalog"));
    return named && (type == TypeId::unknown || listed(type).collatable);
}

std::unexpected<Failure> refused_collation(const Node& clause, TypeId type) {
    const int place = location(clause);
    if (type != TypeId::unknown && !listed(type).collatable) {
        return sql_error_at(
            place, "42804",
            fmt::format("collations are not supported by type {}", display_name(type)));
    }
    std::vector<std::string> given = strings(list(clause, "collname"));
    const std::string shown = joined(given);
    if (given.size() > 1) {
        auto known = check_schema(given.front());
        if (!known) return std::unexpected(std::move(known).error());
        if (given.front() == "pg_catalog") given.erase(given.begin());
    }
    if (names::is_collation(joined(given)))
        return not_covered(fmt::format("the collation \"{}\"", shown), place);
    return sql_error_at(
        place, "42704",
        fmt::format("collation \"{}\" for encoding \"UTF8\" does not exist", shown));
}

Checked<> check_access_method(const Node& body, std::string_view own) {
    const std::string method = text(body, "accessMethod");
    if (method.empty() || method == own) return {};
    if (method == "heap" || !names::operator_classes_of(method).empty())
        return not_covered(fmt::format("the access method {}", method));
    return sql_error("42704", fmt::format("access method \"{}\" does not exist", method));
}

Checked<> check_tablespace(const Node& body, std::string_view member) {
    const std::string tablespace = text(body, member);
    if (tablespace.empty()) return {};
    if (tablespace == "pg_default" || tablespace == "pg_global")
        return not_covered(fmt::format("the tablespace {}", tablespace));
    return sql_error("42704", fmt::format("tablespace \"{}\" does not exist", tablespace));
}

Checked<> check_index_key(const Node& element, TypeId type) {
    if (const Node& collation = list(element, "collation"); !collation.empty())
        return refused_collation(Node{{"collname", collation}, {"location", no_location}}, type);
    if (const Node& opclass = list(element, "opclass"); !opclass.empty())
        return refused_operator_class(strings(opclass), type);
    return {};
}

Checked<> check_relation_name(const Node& range_variable, bool utility) {
    const std::string schema = text(range_variable, "schemaname");
    const std::string name = text(range_variable, "relname");
    const int place = utility ? no_location : location(range_variable);
    if (!text(range_variable, "catalogname").empty())
        return not_covered("names with a database", place);
    if (schema == "pg_toast" || schema == "pg_temp")
        return not_covered(fmt::format("the schema {}", schema), place);
    if (schema == "public") return {};
    const names::SystemRelation* const found =
        names::find_relation(schema == "information_schema" ? schema + "." + name : name);
    const bool own_schema = schema == "pg_catalog" || schema == "information_schema";
    if (found != nullptr && (schema.empty() || own_schema)) {
        if (found->kind == 'i')
            return sql_error_at(place, "42809", fmt::format("\"{}\" is an index", name));
        return not_covered(fmt::format("the system catalog {}", found->name), place);
    }
    if (schema.empty()) return {};
    if (utility) SQL_CHECK(check_schema(schema));
    return sql_error_at(place, "42P01",
                        fmt::format("relation \"{}.{}\" does not exist", schema, name));
}

Checked<> check_dropped_name(const std::vector<std::string>& given, bool index, bool if_exists) {
    if (given.size() > 2) return not_covered("names with a database");
    const bool with_schema = given.size() == 2;
    const std::string& name = given.back();
    if (with_schema && given.front() == "public") return {};
    if (with_schema && (if_exists || given.front() == "pg_toast"))
        return not_covered("DROP in other schemas");
    if (with_schema) SQL_CHECK(check_schema(given.front()));
    const bool information = with_schema && given.front() == "information_schema";
    if (names::find_relation(information ? joined(given) : name) != nullptr)
        return not_covered(fmt::format("DROP of the system relation {}", name));
    if (!with_schema) return {};
    return sql_error(index ? "42704" : "42P01",
                     fmt::format("{} \"{}\" does not exist", index ? "index" : "table", name));
}

std::unexpected<Failure> with_hint(std::unexpected<Failure> error, std::string_view hint) {
    error.error()->hint = hint;
    return error;
}

std::unexpected<Failure> undetermined_type() {
    return sql_error("42804",
                     "could not determine polymorphic type because input has type unknown");
}

}  // namespace atlas::sim::models::postgres
