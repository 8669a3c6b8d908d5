#include "sim/models/postgres/system_catalog/stored_node.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace atlas::sim::models::postgres {
namespace {

constexpr std::array<std::string_view, 3> kinds{"default", "check", "predicate"};

ExpressionPtr default_of(const TableDefinition& table, std::size_t place) {
    if (place >= table.columns.size() || !table.columns[place].default_value) return nullptr;
    return table.columns[place].default_value->expression;
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
    if (text.starts_with(' ')) text.remove_prefix(1);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

}  // namespace

std::string to_text(const StoredNode& node) {
    return fmt::format("{} {} {}", kinds[static_cast<std::size_t>(node.kind)], node.oid,
                       node.column);
}

ExpressionPtr find_stored_node(std::string_view text, const CatalogView& catalog) {
    const std::string_view kind = text.substr(0, text.find(' '));
    text.remove_prefix(kind.size());
    const auto oid = take_number(text);
    const auto place = take_number(text);
    if (!oid || !place) return nullptr;
    for (const TablePtr& table : catalog.all_tables()) {
        if (kind == kinds[0] && table->oid == *oid) return default_of(*table, *place);
        for (const CheckConstraint& check : table->checks) {
            if (kind == kinds[1] && check.oid == *oid) return check.condition.expression;
        }
        for (const auto& index : table->indexes) {
            if (kind == kinds[2] && index->oid == *oid && index->predicate)
                return index->predicate->expression;
        }
    }
    return nullptr;
}

}  // namespace atlas::sim::models::postgres
