#pragma once
// One EDN map on one line, with keywords for keys. As much of EDN (github.com/edn-format/edn) as
// histories use: tags are read over, a set is read as a map, and characters are not known.

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace atlas::properties {

struct EdnValue {
    enum class Kind : std::uint8_t { nil, boolean, keyword, number, text, sequence, map };

    Kind kind = Kind::nil;
    std::string text = {};  ///< A keyword without its colon; a text without quotes and escapes.
    /// Of a vector or a list; of a map its keys and values in turn.
    std::vector<EdnValue> items = {};

    friend bool operator==(const EdnValue&, const EdnValue&) = default;
};

/// By keyword, without its colon.
using EdnMap = std::map<std::string, EdnValue, std::less<>>;

/// Collections within each other up to sixteen deep. The error says what is wrong in a clause: "the
/// map does not end with \"}\"".
std::expected<EdnMap, std::string> read_edn_map(std::string_view line);

}  // namespace atlas::properties
