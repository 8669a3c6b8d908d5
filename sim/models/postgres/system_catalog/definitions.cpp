#include "sim/models/postgres/system_catalog/definitions.hpp"

#include <fmt/format.h>

#include "sim/models/postgres/system_catalog/deparse.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::string column_names(const TableDefinition& table, const std::vector<std::size_t>& places) {
    std::string names;
    for (const std::size_t place : places) {
        if (!names.empty()) names += ", ";
        names += quote_identifier(table.columns[place].name);
    }
    return names;
}

// An expression that is not a call is in parentheses.
Checked<std::string> key_definition(const IndexKey& key, const DeparseOptions& options) {
    if (key.column) return quote_identifier(options.table->columns[*key.column].name);
    const Expression& expression = *key.expression.expression;
    SQL_TRY(std::string text, deparse(expression, options));
    return looks_like_function(expression) ? text : fmt::format("({})", text);
}

std::string_view order_of(const IndexKey& key) {
    if (key.descending) return key.nulls_first ? " DESC" : " DESC NULLS LAST";
    return key.nulls_first ? " NULLS FIRST" : "";
}

Checked<std::string> definition_of(const IndexDefinition& index, const DeparseOptions& options) {
    std::string text =
        fmt::format("CREATE {}INDEX {} ON {}{} USING btree (", index.unique ? "UNIQUE " : "",
                    quote_identifier(index.name), options.pretty ? "" : "public.",
                    quote_identifier(options.table->name));
    for (std::size_t i = 0; i < index.keys.size(); ++i) {
        if (i > 0) text += ", ";
        SQL_TRY(const std::string key, key_definition(index.keys[i], options));
        text += key;
        text += order_of(index.keys[i]);
    }
    text += ')';
    if (!index.predicate) return text;
    SQL_TRY(const std::string predicate, deparse(*index.predicate->expression, options));
    return fmt::format("{} WHERE {}", text, predicate);
}

std::string_view action_name(ReferentialAction action) {
    switch (action) {
        case ReferentialAction::no_action:
            return "";
        case ReferentialAction::restrict:
            return "RESTRICT";
        case ReferentialAction::cascade:
            return "CASCADE";
        case ReferentialAction::set_null:
            return "SET NULL";
        case ReferentialAction::set_default:
            return "SET DEFAULT";
    }
    return "";
}

std::string definition_of(const ForeignKey& key, const TableDefinition& table,
                          const CatalogView& catalog) {
    const TablePtr referenced = catalog.find_table(key.table);
    std::string text =
        fmt::format("FOREIGN KEY ({}) REFERENCES {}({})", column_names(table, key.columns),
                    quote_identifier(referenced->name), column_names(*referenced, key.referenced));
    if (key.on_update != ReferentialAction::no_action)
        text += fmt::format(" ON UPDATE {}", action_name(key.on_update));
    if (key.on_delete != ReferentialAction::no_action)
        text += fmt::format(" ON DELETE {}", action_name(key.on_delete));
    if (!key.set_on_delete.empty())
        text += fmt::format(" ({})", column_names(table, key.set_on_delete));
    return text;
}

std::string key_constraint(const IndexDefinition& index, const TableDefinition& table) {
    std::vector<std::size_t> places;
    for (const IndexKey& key : index.keys)
        places.push_back(*key.column);
    return fmt::format("{} ({})", index.primary ? "PRIMARY KEY" : "UNIQUE",
                       column_names(table, places));
}

}  // namespace

Checked<std::optional<std::string>> index_definition(Oid oid, std::int64_t column, bool pretty,
                                                     const CatalogView& catalog) {
    for (const TablePtr& table : catalog.all_tables()) {
        const DeparseOptions options{table.get(), &catalog, pretty};
        for (const auto& index : table->indexes) {
            if (index->oid != oid) continue;
            if (column == 0) {
                SQL_TRY(std::string text, definition_of(*index, options));
                return text;
            }
            if (column < 0 || column > static_cast<std::int64_t>(index->keys.size()))
                return std::string();
            const IndexKey& key = index->keys[static_cast<std::size_t>(column - 1)];
            SQL_TRY(std::string text, key_definition(key, options));
            return text;
        }
    }
    return std::nullopt;
}

Checked<std::optional<std::string>> constraint_definition(Oid oid, bool pretty,
                                                          const CatalogView& catalog) {
    for (const TablePtr& table : catalog.all_tables()) {
        const DeparseOptions options{table.get(), &catalog, pretty};
        for (const CheckConstraint& check : table->checks) {
            if (check.oid != oid) continue;
            SQL_TRY(const std::string text, deparse(*check.condition.expression, options));
            return fmt::format("CHECK ({})", text);
        }
        for (const auto& index : table->indexes) {
            if (index->constraint && index->oid == oid) return key_constraint(*index, *table);
        }
        for (const ForeignKey& key : table->foreign_keys) {
            if (key.oid == oid) return definition_of(key, *table, catalog);
        }
    }
    return std::nullopt;
}

}  // namespace atlas::sim::models::postgres
