#include "system/sql/connection.hpp"

#include <charconv>

namespace atlas::sql {

std::uint64_t QueryResult::affected_rows() const {
    const std::size_t space = command_tag.rfind(' ');
    if (space == std::string::npos) return 0;
    std::uint64_t count = 0;
    std::from_chars(command_tag.data() + space + 1, command_tag.data() + command_tag.size(), count);
    return count;
}

}  // namespace atlas::sql
