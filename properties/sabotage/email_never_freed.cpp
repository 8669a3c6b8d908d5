#include "properties/sabotage/email_never_freed.hpp"

#include <string_view>
#include <utility>

#include "properties/sabotage/rewritten_email_index.hpp"

namespace atlas::properties {

namespace {

constexpr std::string_view erases = "email_folded = '', ";

class KeepingConnection final : public DecoratedConnection {
  public:
    KeepingConnection(std::unique_ptr<sql::Connection> inner, SabotageLedger& ledger)
        : DecoratedConnection(std::move(inner)), ledger_(ledger) {}

    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        const std::size_t at = text.find(erases);
        if (at != std::string::npos) {
            text.erase(at, erases.size());
            ++ledger_.acted;
        }
        return DecoratedConnection::prepare(context, std::move(name), std::move(text));
    }

  private:
    SabotageLedger& ledger_;
};

}  // namespace

host::Result<std::vector<store::Migration>> with_emails_never_freed(
    std::vector<store::Migration> migrations, SabotageLedger& ledger) {
    return with_email_index(
        std::move(migrations),
        "CREATE UNIQUE INDEX users_live_email_folded_key ON users (email_folded);\n", ledger);
}

DriverDecoration deletions_that_keep_emails(SabotageLedger& ledger) {
    const auto keeping = [&ledger](std::unique_ptr<sql::Connection> inner) {
        return std::make_unique<KeepingConnection>(std::move(inner), ledger);
    };
    return {.connection = keeping};
}

}  // namespace atlas::properties
