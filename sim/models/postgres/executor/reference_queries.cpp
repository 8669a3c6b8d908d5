// As ri_triggers.c writes them.

#include "sim/models/postgres/executor/reference_queries.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/system_catalog/deparse.hpp"

namespace atlas::sim::models::postgres {
namespace {

constexpr const char* locking = " FOR KEY SHARE OF x";

std::string table_name(const TableDefinition& table) {
    return "\"public\"." + in_quotes(table.name);
}

std::string operand(std::string text, TypeId given, TypeId compared) {
    return given == compared ? text
                             : fmt::format("{}::pg_catalog.{}", text, internal_name(compared));
}

ExpressionPtr some_value(TypeId type) {
    return std::make_shared<const Expression>(
        Expression{.kind = ExpressionKind::constant, .type = {type}, .constant = Null{}});
}

struct Side {
    const TableDefinition& table;
    const std::vector<std::size_t>& places;
    /// The columns are parameters, from this number on; 0 if they are themselves.
    std::size_t parameter = 0;

    TypeId type(std::size_t i) const { return table.columns[places[i]].type.id; }
    std::string text(std::size_t i) const {
        return parameter == 0 ? in_quotes(table.columns[places[i]].name)
                              : fmt::format("${}", parameter + i);
    }
};

// " WHERE $1 OPERATOR(pg_catalog.=) "a" AND ..."
std::string equalities(const Side& left, const Side& right) {
    std::string text;
    for (std::size_t i = 0; i < left.places.size(); ++i) {
        const Checked<ExpressionPtr> equality =
            reference_equality(some_value(left.type(i)), some_value(right.type(i)));
        if (!equality || *equality == nullptr) return text;
        const std::vector<TypeId>& compared = (*equality)->function->arguments;
        text += fmt::format("{} {} OPERATOR(pg_catalog.=) {}", i == 0 ? " WHERE" : " AND",
                            operand(left.text(i), left.type(i), compared[0]),
                            operand(right.text(i), right.type(i), compared[1]));
    }
    return text;
}

std::string select_one(const TableDefinition& table, const std::string& conditions) {
    return fmt::format("SELECT 1 FROM ONLY {} x{}{}", table_name(table), conditions, locking);
}

}  // namespace

std::string referenced_row_query(const TableDefinition& referring, const ForeignKey& key,
                                 const TableDefinition& referenced) {
    return select_one(referenced,
                      equalities({referenced, key.referenced}, {referring, key.columns, 1}));
}

std::string same_key_query(const ForeignKey& key, const TableDefinition& referenced) {
    return select_one(referenced,
                      equalities({referenced, key.referenced}, {referenced, key.referenced, 1}));
}

std::string referring_row_query(const Reference& reference, const TableDefinition& referenced) {
    const ForeignKey& key = reference.foreign_key();
    return select_one(*reference.table,
                      equalities({referenced, key.referenced, 1}, {*reference.table, key.columns}));
}

std::string change_query(const Reference& reference, const TableDefinition& referenced,
                         ReferentialAction action, bool deleted) {
    const TableDefinition& table = *reference.table;
    const ForeignKey& key = reference.foreign_key();
    if (action == ReferentialAction::cascade && deleted) {
        return fmt::format("DELETE FROM ONLY {}{}", table_name(table),
                           equalities({referenced, key.referenced, 1}, {table, key.columns}));
    }
    const bool some_only = deleted && !key.set_on_delete.empty();
    std::string changes;
    std::size_t parameter = 1;
    for (const std::size_t place : some_only ? key.set_on_delete : key.columns) {
        const std::string value = action == ReferentialAction::cascade
                                      ? fmt::format("${}", parameter++)
                                  : action == ReferentialAction::set_null ? "NULL"
                                                                          : "DEFAULT";
        changes += fmt::format("{} {} = {}", changes.empty() ? "" : ",",
                               in_quotes(table.columns[place].name), value);
    }
    return fmt::format("UPDATE ONLY {} SET{}{}", table_name(table), changes,
                       equalities({referenced, key.referenced, parameter}, {table, key.columns}));
}

std::unexpected<Failure> in_query(Failure failure, std::string_view query) {
    std::string& context = failure->context;
    context += fmt::format("{}SQL statement \"{}\"", context.empty() ? "" : "\n", query);
    return std::unexpected(std::move(failure));
}

}  // namespace atlas::sim::models::postgres
