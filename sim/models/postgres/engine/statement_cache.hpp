#pragma once
// Texts parsed and analysed once for all sessions. Bounded: the text used longest ago goes first.

#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/models/postgres/analysis/analyse.hpp"

namespace atlas::sim::models::postgres {

/// A text and what has been found out about it. Kept by whoever uses it, cached or not.
class ParsedText {
  public:
    ParsedText(std::string text, std::vector<RawStatement> statements)
        : text_(std::move(text)), statements_(std::move(statements)) {}

    const std::string& text() const { return text_; }
    std::size_t size() const { return statements_.size(); }
    bool leaves_failed_transaction(std::size_t place) const {
        return postgres::leaves_failed_transaction(statements_[place]);
    }

    /// SELECT, INSERT, UPDATE and DELETE.
    bool needs_snapshot(std::size_t place) const {
        return postgres::needs_snapshot(statements_[place]);
    }

    bool is_lock_table(std::size_t place) const {
        return postgres::is_lock_table(statements_[place]);
    }

    /// The statement of that place in the text, for these parameters and this state of the
    /// catalog. Error positions are in characters. Errors: those of analyse().
    Checked<StatementPtr> analyse(std::size_t place, const CatalogView& catalog,
                                  const ParameterDeclaration& parameters);

  private:
    struct Analysed {
        std::size_t place;
        ParameterDeclaration parameters;
        std::uint64_t catalog_version;
        StatementPtr statement;
    };

    std::string text_;
    std::vector<RawStatement> statements_;
    std::vector<Analysed> analysed_;
};

class StatementCache {
  public:
    /// At most so many texts, and so many bytes of text in all.
    explicit StatementCache(std::size_t capacity = 1000, std::size_t most_bytes = 1 << 20)
        : capacity_(capacity), most_bytes_(most_bytes) {}

    /// Errors: 42601 and what else the grammar raises, with their position in characters; 22021.
    Checked<std::shared_ptr<ParsedText>> parse(const std::string& text);

    std::size_t size() const { return by_text_.size(); }

  private:
    using Order = std::list<std::shared_ptr<ParsedText>>;

    std::size_t capacity_;
    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
    Order order_;  ///< Last used first.
    std::map<std::string_view, Order::iterator> by_text_;
};

}  // namespace atlas::sim::models::postgres
