#pragma once
// The words that PostgreSQL's grammar does not take for a name everywhere: quote_ident puts them in
// quotes.

#include <string_view>

namespace atlas::sim::models::postgres {

/// Other than an unreserved one.
bool is_keyword(std::string_view word);

}  // namespace atlas::sim::models::postgres
