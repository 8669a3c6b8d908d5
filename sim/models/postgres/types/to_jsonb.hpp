#pragma once
// What a value of any type is as jsonb: to_jsonb(), and all that puts values together to JSON.

#include <string>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/types/type.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

/// Those that jsonb_of() has a form for: not those of the system catalogs.
bool has_jsonb_form(TypeId type);

/// Canonical text. NULL is JSON's null. Errors: of json, 22P02 and 22P05.
Checked<std::string> jsonb_of(TypeId type, const Value& value);

}  // namespace atlas::sim::models::postgres
