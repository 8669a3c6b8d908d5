#include "properties/sabotage/reads_from_any_follower.hpp"

#include <string_view>

#include "system/host/check.hpp"
#include "system/sql/server_look.hpp"

namespace atlas::properties {

namespace {

class BoastfulConnection final : public DecoratedConnection {
  public:
    BoastfulConnection(std::unique_ptr<sql::Connection> inner, SabotageLedger& ledger)
        : DecoratedConnection(std::move(inner)), ledger_(ledger) {}

    /// What is asked after a read is answered truly: how far the session has seen is as it should
    /// be.
    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        const bool is_look = name == sql::server_look_statement.name;
        const bool has_read = std::exchange(has_read_, !is_look);
        sql::Result<sql::QueryResult> result = co_await DecoratedConnection::execute_prepared(
            context, std::move(name), std::move(parameters));
        if (is_look && !has_read && result) boast(*result);
        co_return result;
    }

  private:
    void boast(sql::QueryResult& look) {
        ATLAS_CHECK(look.rows.size() == 1 && look.rows.front().size() == 4,
                    "the sabotage follows the statement");
        std::vector<sql::Value>& row = look.rows.front();
        const bool follows = row[0] == "t" && row[1] && row[2];
        if (!follows) return;
        // Of the timeline it tells the truth: a node keeps to the newest that it has heard of.
        row[2] = "FFFFFFFF/0";
        ++ledger_.acted;
    }

    SabotageLedger& ledger_;
    bool has_read_ = false;
};

}  // namespace

DriverDecoration reads_from_any_follower(SabotageLedger& ledger) {
    return {.connection = [&ledger](std::unique_ptr<sql::Connection> inner) {
        return std::make_unique<BoastfulConnection>(std::move(inner), ledger);
    }};
}

}  // namespace atlas::properties
