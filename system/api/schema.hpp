#pragma once
// What a JSON body must look like, as data; and the strict reading of a body by it.

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "system/http/problem.hpp"

namespace atlas::api {

/// A member of an object: a string. (Other types come with the routes that need them.)
struct StringMember {
    std::string_view name;
    bool required = true;
    std::size_t min_length = 0;  ///< In code points; stated for readers and for OpenAPI, and
    std::size_t max_length = 0;  ///< enforced by find_fault.
    std::optional<std::string_view> (*find_fault)(std::string_view value);
};

struct ObjectSchema {
    std::string_view name;
    std::span<const StringMember> members;
};

struct JsonLimits {
    std::size_t depth = 16;
    /// Faults reported for one body; reading stops there.
    std::size_t faults = 16;
};

/// One value for each member of the schema, in its order; nothing for those left out.
using Members = std::vector<std::optional<std::string>>;

/// Every fault of the body, each with a JSON pointer: not JSON (RFC 8259, UTF-8), nested too
/// deeply, not an object, a member that is unknown, repeated, missing, of the wrong type, or
/// against the rules.
std::expected<Members, http::Problem> read_object(std::string_view body, const ObjectSchema& schema,
                                                  JsonLimits limits = {});

}  // namespace atlas::api
