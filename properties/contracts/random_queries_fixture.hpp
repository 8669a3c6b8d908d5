#pragma once
// Random schemas, rows and queries, for running on the model and on PostgreSQL side by side. The
// queries are such that PostgreSQL's answer is determined: nothing depends on the order of rows
// that nobody asked for, and no error depends on which of two conditions is looked at first. Wrong
// names and ungrouped columns are among them, because analysis has an order of its own.

#include <string>
#include <vector>

namespace atlas::properties {

struct RandomQuery {
    std::string text;
    /// ORDER BY has all the columns: the rows' order is determined.
    bool ordered = false;
};

/// Tables with rows. Draws from RapidCheck; only within a property.
std::vector<std::string> random_schema();

/// Queries and changes of rows over such a schema.
RandomQuery random_query();

}  // namespace atlas::properties
