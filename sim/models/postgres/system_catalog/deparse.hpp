#pragma once
// Expressions of the catalog as text, as PostgreSQL's ruleutils.c writes them: defaults, conditions
// of CHECK, keys and predicates of indexes.

#include <string>
#include <string_view>

#include "sim/models/postgres/catalog/catalog.hpp"
#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

/// With quotes if it would not be read as the same name without.
std::string quote_identifier(std::string_view name);
/// With quotes in any case.
std::string in_quotes(std::string_view name);

struct DeparseOptions {
    const TableDefinition* table = nullptr;  ///< Whose columns the expression is over.
    const CatalogView* catalog = nullptr;    ///< For relations named by number.
    /// Without the parentheses that precedence makes unnecessary.
    bool pretty = false;
};

/// Errors: 0A000 for what the model cannot write as PostgreSQL would.
Checked<std::string> deparse(const Expression& expression, const DeparseOptions& options);

/// Whether it is written as a call, so that a key of an index needs no parentheses.
bool looks_like_function(const Expression& expression);

/// The name of a relation or index, here or in pg_catalog; empty if there is none.
std::string relation_name(Oid oid, const CatalogView& catalog);

}  // namespace atlas::sim::models::postgres
