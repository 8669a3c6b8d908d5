#pragma once
// pg_node_tree: an expression of the catalog as a value. PostgreSQL's holds the tree; the model's
// says which expression it is. Neither is for reading: pg_get_expr makes text of it.

#include <string>
#include <string_view>

#include "sim/models/postgres/catalog/catalog.hpp"

namespace atlas::sim::models::postgres {

struct StoredNode {
    enum class Kind : std::uint8_t { default_value, check, predicate };
    Kind kind;
    /// The relation's, the constraint's or the index's.
    Oid oid;
    std::size_t column = 0;  ///< Of a default.
};

std::string to_text(const StoredNode& node);

/// Null if it has gone, or the text is none of these.
ExpressionPtr find_stored_node(std::string_view text, const CatalogView& catalog);

}  // namespace atlas::sim::models::postgres
