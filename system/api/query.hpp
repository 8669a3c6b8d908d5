#pragma once
// The query of a request target: which parameters there may be, as data, and the strict reading of
// a query by it.

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "system/http/problem.hpp"

namespace atlas::api {

/// None is ever required.
struct QueryParameter {
    std::string_view name;
    std::string_view description;
    /// What is wrong with a value, as a sentence for people.
    std::optional<std::string_view> (*find_fault)(std::string_view value);
};

/// One value for each parameter, in their order; nothing for those left out.
using Arguments = std::vector<std::optional<std::string>>;

/// `query` is what follows the question mark: "name=value" joined by "&", percent-encoded (RFC 3986
/// section 2.1). Refused is a name that is unknown or there twice, and a value against its rules.
std::expected<Arguments, http::Problem> read_query(std::string_view query,
                                                   std::span<const QueryParameter> parameters);

}  // namespace atlas::api
