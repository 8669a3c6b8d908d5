#pragma once
// JSON text out. Answers are small and flat, so they are written straight into a string; what
// comes in is parsed by a library.

#include <string>
#include <string_view>

namespace atlas::http {

/// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). Bytes that are not UTF-8
/// are replaced by U+FFFD, so that the result is always valid.
void append_json_string(std::string& output, std::string_view text);

}  // namespace atlas::http
