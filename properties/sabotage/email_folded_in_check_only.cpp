#include "properties/sabotage/email_folded_in_check_only.hpp"

#include <string_view>

#include "system/host/check.hpp"

namespace atlas::properties {

namespace {

/// The statement that inserts a user: its name, and how its text begins. The second and third
/// parameters are the e-mail and the e-mail folded.
constexpr std::string_view insert_name = "users_insert";
constexpr std::string_view insert_text =
    "INSERT INTO users (id, email, email_folded, display_name, password_hash, version, created_at, "
    "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
constexpr std::string_view check_name = "sabotage_check";
constexpr std::string_view check_text =
    "SELECT id FROM users WHERE email_folded = $1 AND deleted_at IS NULL";

class UnfoldedConnection final : public DecoratedConnection {
  public:
    UnfoldedConnection(std::unique_ptr<sql::Connection> inner, SabotageLedger& ledger)
        : DecoratedConnection(std::move(inner)), ledger_(ledger) {}

    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        if (name == insert_name) {
            ATLAS_CHECK(text == insert_text, "the sabotage follows the statement");
        }
        return DecoratedConnection::prepare(context, std::move(name), std::move(text));
    }

    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        if (name != insert_name) {
            co_return co_await inner().execute_prepared(context, std::move(name),
                                                        std::move(parameters));
        }
        sql::Result<sql::QueryResult> taken = co_await look_for(context, parameters[2]);
        if (!taken) co_return taken;
        if (!taken->rows.empty()) {
            sql::QueryResult nothing;
            nothing.command_tag = "INSERT 0 0";
            co_return nothing;
        }
        ledger_.acted += parameters[2] != parameters[1];
        parameters[2] = parameters[1];
        co_return co_await inner().execute_prepared(context, std::move(name),
                                                    std::move(parameters));
    }

  private:
    host::Task<sql::Result<sql::QueryResult>> look_for(host::Context context, sql::Value folded) {
        if (!is_prepared_) {
            sql::Result<void> prepared =
                co_await inner().prepare(context, std::string(check_name), std::string(check_text));
            if (!prepared) co_return std::unexpected(std::move(prepared.error()));
            is_prepared_ = true;
        }
        sql::Parameters parameters;
        parameters.push_back(std::move(folded));
        co_return co_await inner().execute_prepared(context, std::string(check_name),
                                                    std::move(parameters));
    }

    SabotageLedger& ledger_;
    bool is_prepared_ = false;
};

}  // namespace

DriverDecoration email_folded_in_check_only(SabotageLedger& ledger) {
    return {.connection = [&ledger](std::unique_ptr<sql::Connection> inner) {
        return std::make_unique<UnfoldedConnection>(std::move(inner), ledger);
    }};
}

}  // namespace atlas::properties
