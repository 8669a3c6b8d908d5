#pragma once
// For tests: an SQL driver over a table in memory that answers the statements of system/store, so
// that the workload, the properties and the sabotages can be tried on whole API nodes without
// PostgreSQL or its model. One transaction at a time, so it is serializable.

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "properties/invariants/run_record.hpp"
#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::properties {

/// Shared by the connections of all nodes; outlives them.
struct TinyDatabase {
    /// id, email, email_folded, display_name, version, created_at, updated_at
    using Row = std::vector<std::string>;

    std::map<std::string, Row> users;
    std::set<std::string> migrations;
    bool emails_are_unique = false;
    bool is_locked = false;  ///< By the one transaction under way.

    std::vector<UserRow> rows() const {
        std::vector<UserRow> result;
        for (const auto& [id, row] : users) {
            result.push_back({id, row[1], row[2], row[3], std::stoull(row[4]), true});
        }
        return result;
    }
};

class TinyConnection final : public sql::Connection {
  public:
    TinyConnection(host::Host& host, TinyDatabase& database, std::uint64_t number)
        : host_(host), database_(database), random_(host.random("tiny.connection", number)) {}
    ~TinyConnection() override { roll_back(); }

    host::Task<sql::Result<sql::QueryResult>> query(host::Context, std::string text) override {
        co_await host::sleep_for(host_, host::Duration{1'000'000} * (1 + random_.below(5)));
        sql::QueryResult result;
        if (text == "BEGIN") {
            while (std::exchange(database_.is_locked, true)) {
                co_await host::sleep_for(host_, std::chrono::milliseconds{1});
            }
            pending_ = database_;
        } else if (text == "COMMIT") {
            database_ = *pending_;
            roll_back();
        } else if (text == "ROLLBACK") {
            roll_back();
        } else if (text.starts_with("CREATE UNIQUE INDEX users_email_folded_key")) {
            pending_->emails_are_unique = true;
        }
        result.command_tag = text;
        co_return result;
    }

    host::Task<sql::Result<void>> prepare(host::Context, std::string, std::string) override {
        co_await host::sleep_for(host_, std::chrono::milliseconds{1});
        co_return sql::Result<void>{};
    }

    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context, std::string name, sql::Parameters parameters) override {
        co_await host::sleep_for(host_, std::chrono::milliseconds{1});
        co_return answer(name, parameters);
    }

    host::Task<sql::Result<void>> deallocate(host::Context, std::string) override {
        co_return sql::Result<void>{};
    }
    host::Task<sql::Result<void>> request_cancel(host::Context) override {
        co_return sql::Result<void>{};
    }
    sql::TransactionStatus transaction_status() const override {
        return pending_ ? sql::TransactionStatus::in_transaction : sql::TransactionStatus::idle;
    }
    bool is_usable() const override { return usable_; }
    void close() noexcept override {
        usable_ = false;
        roll_back();
    }

  private:
    void roll_back() {
        if (!pending_) return;
        pending_.reset();
        database_.is_locked = false;
    }

    sql::Result<sql::QueryResult> answer(const std::string& name, const sql::Parameters& p) {
        TinyDatabase& seen = pending_ ? *pending_ : database_;
        sql::QueryResult result;
        if (name == "schema_migrations_select") {
            for (const std::string& version : seen.migrations)
                result.rows.push_back({version});
        } else if (name == "schema_migrations_insert") {
            if (!seen.migrations.insert(*p[0]).second) return violation("schema_migrations_pkey");
        } else if (name == "users_insert") {
            for (const auto& [id, row] : seen.users) {
                if (seen.emails_are_unique && row[2] == *p[2]) {
                    return violation("users_email_folded_key");
                }
            }
            seen.users[*p[0]] = {*p[0], *p[1], *p[2], *p[3], *p[5], *p[6], *p[7]};
        } else if (const auto row = seen.users.find(*p[0]); row != seen.users.end()) {
            if (name.starts_with("users_rename")) {
                if (p.size() == 4 && '{' + row->second[4] + '}' != *p[3]) return result;
                row->second[3] = *p[1];
                row->second[4] = std::to_string(std::stoull(row->second[4]) + 1);
                row->second[6] = *p[2];
            }
            const TinyDatabase::Row& now = row->second;
            result.rows.push_back({now[0], now[1], now[3], now[4], now[5], now[6]});
        }
        return result;
    }

    static std::unexpected<sql::Error> violation(std::string constraint) {
        return std::unexpected(sql::Error{.kind = sql::ErrorKind::server,
                                          .sqlstate = "23505",
                                          .constraint = std::move(constraint)});
    }

    host::Host& host_;
    TinyDatabase& database_;
    host::RandomSource random_;
    std::optional<TinyDatabase> pending_;  ///< The database as the transaction sees it.
    bool usable_ = true;
};

class TinyDriver final : public sql::Driver {
  public:
    TinyDriver(host::Host& host, TinyDatabase& database) : host_(host), database_(database) {}

    host::Task<sql::Result<std::unique_ptr<sql::Connection>>> connect(
        host::Context, sql::ConnectionTarget) override {
        co_await host::sleep_for(host_, std::chrono::milliseconds{1});
        co_return std::make_unique<TinyConnection>(host_, database_, next_++);
    }

  private:
    host::Host& host_;
    TinyDatabase& database_;
    std::uint64_t next_ = 0;
};

}  // namespace atlas::properties
