#include "sim/models/postgres/engine/statement_cache.hpp"

#include <algorithm>

#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

// Of one text, for several statements in it or several lists of parameter types.
constexpr std::size_t most_analyses = 16;

// A longer text is hardly ever sent twice: it has its values in it.
constexpr std::size_t longest_kept = 64 * 1024;

// Errors carry byte offsets up to here (sql_error_at); clients get characters.
void locate_in_characters(ServerMessage& error, std::string_view text) {
    if (error.position)
        error.position = character_position(text, static_cast<int>(*error.position) - 1);
}

}  // namespace

Checked<StatementPtr> ParsedText::analyse(std::size_t place, const CatalogView& catalog,
                                          const ParameterDeclaration& parameters) {
    const auto matches = [&](const Analysed& known) {
        return known.place == place && known.parameters.allowed == parameters.allowed &&
               known.parameters.types == parameters.types;
    };
    const auto known = std::ranges::find_if(analysed_, matches);
    const bool shared = !catalog.has_own_changes();
    if (shared && known != analysed_.end() && known->catalog_version == catalog.version())
        return known->statement;
    auto statement = postgres::analyse(statements_[place], catalog, parameters);
    if (!statement) {
        locate_in_characters(*statement.error(), text_);
        return statement;
    }
    if (!shared) return statement;
    if (known != analysed_.end()) {
        analysed_.erase(known);
    } else if (analysed_.size() >= most_analyses) {
        analysed_.erase(analysed_.begin());
    }
    analysed_.push_back({place, parameters, catalog.version(), *statement});
    return statement;
}

Checked<std::shared_ptr<ParsedText>> StatementCache::parse(const std::string& text) {
    if (const auto known = by_text_.find(text); known != by_text_.end()) {
        order_.splice(order_.begin(), order_, known->second);
        return order_.front();
    }
    SQL_CHECK(check_utf8(text));
    auto statements = parse_statements(text);
    // The grammar's own positions are in characters already.
    if (!statements) return std::unexpected(std::move(statements).error());
    auto parsed = std::make_shared<ParsedText>(text, *std::move(statements));
    if (text.size() > longest_kept) return parsed;
    order_.push_front(parsed);
    bytes_ += text.size();
    by_text_.emplace(parsed->text(), order_.begin());
    while (order_.size() > capacity_ || bytes_ > most_bytes_) {
        bytes_ -= order_.back()->text().size();
        by_text_.erase(order_.back()->text());
        order_.pop_back();
    }
    return parsed;
}

}  // namespace atlas::sim::models::postgres
