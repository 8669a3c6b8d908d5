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

struct ResponseForm {
    bool keep_alive = true;
    /// The answer to HEAD: as to GET, without the body.
    bool without_body = false;
    /// The Date field's value; none is written when it is empty.
    std::string_view date = {};
};

void serialize(const Response& response, const ResponseForm& form, std::string& output);

}  // namespace atlas::http
