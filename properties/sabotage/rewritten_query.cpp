#include "properties/sabotage/rewritten_query.hpp"

#include <utility>

namespace atlas::properties {

namespace {

class RewritingConnection final : public DecoratedConnection {
  public:
    RewritingConnection(std::unique_ptr<sql::Connection> inner, std::string from, std::string to,
                        SabotageLedger& ledger)
        : DecoratedConnection(std::move(inner)),
          from_(std::move(from)),
          to_(std::move(to)),
          ledger_(ledger) {}

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        const std::size_t place = text.find(from_);
        if (place != std::string::npos) {
            text.replace(place, from_.size(), to_);
            ++ledger_.acted;
        }
        return inner().query(context, std::move(text));
    }

  private:
    std::string from_;
    std::string to_;
    SabotageLedger& ledger_;
};

}  // namespace

DriverDecoration rewritten_query(std::string from, std::string to, SabotageLedger& ledger) {
    return {.connection = [from = std::move(from), to = std::move(to),
                           &ledger](std::unique_ptr<sql::Connection> inner) {
        return std::make_unique<RewritingConnection>(std::move(inner), from, to, ledger);
    }};
}

DriverDecoration decoration_of_sql_clients(Sabotage sabotage, SabotageLedger& ledger) {
    switch (sabotage) {
        case Sabotage::serializable_downgraded:
            return rewritten_query("ISOLATION LEVEL SERIALIZABLE",
                                   "ISOLATION LEVEL REPEATABLE READ", ledger);
        case Sabotage::skip_locked_removed:
            return rewritten_query(" SKIP LOCKED", "", ledger);
        default:
            return {};
    }
}

}  // namespace atlas::properties
