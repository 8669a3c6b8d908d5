#pragma once
// One flat EDN map on one line: keywords to keywords, whole numbers, texts or nil. As much of
// EDN (github.com/edn-format/edn) as histories use.

#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace atlas::properties {

struct EdnValue {
    enum class Kind : std::uint8_t { nil, keyword, number, text };

    Kind kind = Kind::nil;
    std::string text = {};  ///< A keyword without its colon; a text without quotes and escapes.

    friend bool operator==(const EdnValue&, const EdnValue&) = default;
};

/// By keyword, without its colon.
using EdnMap = std::map<std::string, EdnValue, std::less<>>;

/// The error says what is wrong in a clause: "the map does not end with \"}\"".
std::expected<EdnMap, std::string> read_edn_map(std::string_view line);

}  // namespace atlas::properties
