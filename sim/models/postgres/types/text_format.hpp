#pragma once
// The types' input and output functions: between a value and its text.

#include <string>
#include <string_view>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/types/type.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

/// Errors: 22P02, 22003, 22007, 22008, 22001 as the type's input function raises them.
Checked<Value> parse_value(ColumnType type, std::string_view text);

/// Not for NULL, which has no text.
std::string format_value(TypeId type, const Value& value);

/// Applies a type's modifier. An explicit cast to varchar(n) cuts what is too long; an assignment
/// raises 22001 unless only spaces are cut. Other modifiers round.
Checked<Value> apply_modifier(ColumnType type, Value value, bool explicit_cast);

/// 22021 unless the bytes are UTF-8 without a zero byte.
Checked<> check_utf8(std::string_view text);

/// Without the white space around it.
std::string_view trimmed(std::string_view text);

/// In characters.
std::int64_t utf8_length(std::string_view text);

/// The canonical text of a jsonb value: keys sorted by length then byte, the last of equal keys
/// kept, one space after colon and comma.
/// Errors: 22P02, 22P05, 22003.
Checked<std::string> canonical_json(std::string_view text);

/// Whether it is JSON. What it says may be no text: the code 0, half of a surrogate pair.
/// Errors: 22P02.
Checked<> check_json(std::string_view text);

}  // namespace atlas::sim::models::postgres
