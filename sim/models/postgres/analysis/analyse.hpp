#pragma once
// From a parsed statement to an analysed one.

#include <string_view>
#include <vector>

#include "sim/models/postgres/analysis/parser.hpp"
#include "sim/models/postgres/analysis/statement.hpp"
#include "sim/models/postgres/catalog/catalog.hpp"

namespace atlas::sim::models::postgres {

struct ParameterDeclaration {
    /// none where the client leaves the type to the server.
    std::vector<TypeId> types = {};
    /// The simple protocol has no parameters at all.
    bool allowed = false;
};

/// Errors: what PostgreSQL's parse analysis raises; 0A000 for what the model does not cover.
Checked<StatementPtr> analyse(const RawStatement& raw, const CatalogView& catalog,
                              const ParameterDeclaration& parameters);

/// An expression kept in the catalog, over the columns of its table: analysed again when it is
/// read from disk. `result` none leaves the type as it is.
Checked<ExpressionPtr> analyse_stored(std::string_view parsed, const TableDefinition& table,
                                      ColumnType result);

}  // namespace atlas::sim::models::postgres
