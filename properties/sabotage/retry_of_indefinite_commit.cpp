#include "properties/sabotage/retry_of_indefinite_commit.hpp"

#include <string_view>

namespace atlas::properties {

namespace {

/// The statement, word for word as sql::Transaction sends it.
constexpr std::string_view commit_text = "COMMIT";

class RetriedCommitConnection final : public DecoratedConnection {
  public:
    RetriedCommitConnection(std::unique_ptr<sql::Connection> inner, SabotageLedger& ledger)
        : DecoratedConnection(std::move(inner)), ledger_(ledger) {}

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        const bool is_commit = text == commit_text;
        sql::Result<sql::QueryResult> result = co_await inner().query(context, std::move(text));
        if (!is_commit || result || result.error().certainty() == host::Certainty::definite) {
            co_return result;
        }
        ++ledger_.acted;
        // serialization_failure: the one that PostgreSQL's users are told to retry.
        co_return std::unexpected(sql::Error{.kind = sql::ErrorKind::server,
                                             .sqlstate = "40001",
                                             .message = result.error().message});
    }

  private:
    SabotageLedger& ledger_;
};

}  // namespace

DriverDecoration retry_of_indefinite_commit(SabotageLedger& ledger) {
    return {.connection = [&ledger](std::unique_ptr<sql::Connection> inner) {
        return std::make_unique<RetriedCommitConnection>(std::move(inner), ledger);
    }};
}

}  // namespace atlas::properties
