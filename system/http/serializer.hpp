#pragma once
// Writes HTTP/1.1 messages. Atlas sends every message whole with a Content-Length and never in
// chunks, so this is a header block and a body; Boost.Beast's serializer, made for bodies that come
// piece by piece, would add only copies.

#include <string>
#include <string_view>

#include "system/http/message.hpp"

namespace atlas::http {

/// Appends to `output`. Content-Length and Connection are written here; fields of those names and
/// Transfer-Encoding in `headers` are left out. A line break in a name, value, method or target
/// would let data pass for a field, so it fails a check: callers validate what they put there.
void serialize(const Request& request, bool keep_alive, std::string& output);

/// `date` is the Date field's value; none is written when it is empty.
void serialize(const Response& response, bool keep_alive, std::string_view date,
               std::string& output);

}  // namespace atlas::http
