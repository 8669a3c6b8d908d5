// regclass: relations named by literals, as nextval('s') names one. Found when the statement is
// analysed; what the catalog keeps has numbers in place of names.

#include <algorithm>
#include <array>
#include <charconv>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/scope.hpp"
#include "sim/models/postgres/names/lists.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::optional<std::int64_t> as_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// "public.s", "\"S\"", "S": folded and without quotes, as the parser would leave them.
std::vector<std::string> name_parts(std::string_view text) {
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            const bool doubled = quoted && i + 1 < text.size() && text[i + 1] == '"';
            if (doubled) parts.back() += text[++i];
            if (!doubled) quoted = !quoted;
        } else if (c == '.' && !quoted) {
            parts.emplace_back();
        } else {
            parts.back() += !quoted && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    return parts;
}

std::optional<std::int64_t> relation_number(std::string_view text, const CatalogView& catalog) {
    if (const auto number = as_number(text)) return number;
    const std::vector<std::string> parts = name_parts(text);
    const std::string_view schema = parts.size() == 1 ? std::string_view() : parts.front();
    if (parts.size() > 2) return std::nullopt;
    if (schema.empty() || schema == "pg_catalog") {
        if (const TablePtr known = find_system_relation(parts.back())) return known->oid;
    }
    if (!schema.empty() && schema != "public") return std::nullopt;
    if (const TablePtr table = catalog.find_table(parts.back())) return table->oid;
    if (const auto index = catalog.find_index(parts.back()).second) return index->oid;
    return std::nullopt;
}

void replace_literal(Node& constant, const CatalogView& catalog) {
    const auto body = constant.find("A_Const");
    if (body == constant.end() || !body->contains("sval")) return;
    const auto number = relation_number(text((*body)["sval"], "sval"), catalog);
    if (number) (*body)["sval"]["sval"] = std::to_string(*number);
}

void replace_names(Node& node, const CatalogView& catalog) {
    constexpr std::array<std::string_view, 3> functions{"currval", "nextval", "setval"};
    if (const auto call = node.is_object() ? node.find("FuncCall") : node.end();
        call != node.end() && call->contains("args")) {
        const std::string function = strings(list(*call, "funcname")).back();
        if (std::ranges::find(functions, function) != functions.end())
            replace_literal((*call)["args"].front(), catalog);
    }
    if (const auto cast = node.is_object() ? node.find("TypeCast") : node.end();
        cast != node.end() && strings(list(*find(*cast, "typeName"), "names")).back() == "regclass")
        replace_literal((*cast)["arg"], catalog);
    if (!node.is_structured()) return;
    for (Node& child : node)
        replace_names(child, catalog);
}

}  // namespace

Checked<ExpressionPtr> ExpressionAnalyser::name_relation(const ExpressionPtr& literal) {
    Expression relation{.kind = ExpressionKind::constant,
                        .type = {TypeId::regclass},
                        .location = literal->location};
    if (literal->kind != ExpressionKind::constant)
        return not_covered("relations named at run time", literal->location);
    if (!is_null(literal->constant)) {
        const std::string& name = std::get<std::string>(literal->constant);
        std::optional<std::int64_t> number = as_number(name);
        if (!number && catalog_ != nullptr) number = relation_number(name, *catalog_);
        if (!number) {
            if (names::find_relation(name_parts(name).back()) != nullptr)
                return not_covered("system catalogs as regclass", literal->location);
            return sql_error_at(
                literal->location, "42P01",
                fmt::format("relation \"{}\" does not exist", joined(name_parts(name))));
        }
        relation.constant = *number;
    }
    note_relations(relation);
    return std::make_shared<const Expression>(std::move(relation));
}

void ExpressionAnalyser::note_relations(const Expression& expression) {
    visit_expression(expression, [&](const Expression& part) {
        if (part.kind != ExpressionKind::constant || part.type.id != TypeId::regclass ||
            is_null(part.constant))
            return;
        const auto oid = static_cast<Oid>(std::get<std::int64_t>(part.constant));
        if (std::ranges::find(named_relations_, oid) == named_relations_.end())
            named_relations_.push_back(oid);
    });
}

std::string stored_text(const Node& expression, const CatalogView& catalog) {
    Node copy = expression;
    replace_names(copy, catalog);
    return copy.dump();
}

}  // namespace atlas::sim::models::postgres
