#pragma once
// Histories as text: one JSON object a line, each line an entry. README.md beside this file
// describes the format.

#include <expected>
#include <string>
#include <string_view>

#include "properties/history/history.hpp"
#include "properties/history/unreadable.hpp"

namespace atlas::properties {

/// One line, without the line's end.
std::string to_json_line(const Entry& entry);

/// All lines, each with its end.
std::string write_history(const History& history);

/// Reads what write_history writes: entry n is line n. Besides each line's form it checks
/// what makes a history one: time never goes back, a completion has its invocation, a client
/// does one thing at a time.
std::expected<History, Unreadable> read_history(std::string_view text);

}  // namespace atlas::properties
