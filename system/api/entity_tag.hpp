#pragma once
// Entity tags (RFC 9110 section 8.8.3): the version of a resource in double quotes, always strong.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace atlas::api {

std::string format_entity_tag(std::int64_t version);

struct IfMatch {
    /// nullopt for "*": any version. Tags that are no version of ours are left out; none may match
    /// by strong comparison (weak ones among them).
    std::optional<std::vector<std::int64_t>> versions;
};

/// Nothing when the field is malformed or names more than 16 tags.
std::optional<IfMatch> parse_if_match(std::string_view field);

}  // namespace atlas::api
