#pragma once
// Positions in the write-ahead log as text ("0/16B3748"): the type pg_lsn.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

/// The two halves in hexadecimal, without leading zeros.
std::string format_log_position(std::uint64_t position);

/// nullopt unless it is two numbers of one to eight hexadecimal digits with a slash between.
std::optional<std::uint64_t> read_log_position(std::string_view text);

/// The type's input function. Errors: 22P02; 0A000 for positions that no log of the model reaches.
Checked<Value> parse_log_position(std::string_view text);

}  // namespace atlas::sim::models::postgres
