#pragma once
// For tests: an SQL driver over a table in memory that answers the statements of system/store, so
// that the workload, the properties and the sabotages can be tried on whole API nodes without
// PostgreSQL or its model. One transaction at a time, so it is serializable.

#include <algorithm>
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
#include "system/sql/one_by_one.hpp"

namespace atlas::properties {

/// Shared by the connections of all nodes; outlives them.
struct TinyDatabase {
    /// id, email, email_folded, display_name, version, created_at, updated_at, deleted_at
    using Row = std::vector<std::string>;

    std::map<std::string, Row> users;
    std::set<std::string> migrations;
    /// By idempotency key: fingerprint, status, headers, body.
    std::map<std::string, Row> keys;
    bool emails_are_unique = false;
    bool is_locked = false;  ///< By the one transaction under way.

    std::vector<UserRow> rows() const {
        std::vector<UserRow> result;
        for (const auto& [id, row] : users) {
            result.push_back({id, row[1], row[2], row[3], std::stoull(row[4]), row[7].empty()});
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
        } else if (text.starts_with("CREATE UNIQUE INDEX users_live_email_folded_key")) {
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
    host::Task<sql::BatchResult> run_batch(host::Context context, sql::Batch steps) override {
        return sql::run_one_by_one(*this, context, std::move(steps));
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
        if (name.starts_with("idempotency_keys_lock")) return result;  // it is locked
        if (name == "health_probe") {
            result.rows.push_back({"1"});
        } else if (name == "schema_migrations_select") {
            for (const std::string& version : seen.migrations)
                result.rows.push_back({version});
        } else if (name == "schema_migrations_insert") {
            if (!seen.migrations.insert(*p[0]).second) return violation("schema_migrations_pkey");
        } else if (name == "users_insert") {
            const bool taken = is_taken(seen, *p[2], *p[0]);
            result.command_tag = taken ? "INSERT 0 0" : "INSERT 0 1";
            if (!taken) seen.users[*p[0]] = {*p[0], *p[1], *p[2], *p[3], *p[5], *p[6], *p[7], ""};
        } else if (name.starts_with("idempotency_keys")) {
            return answer_about_key(seen, name, p);
        } else if (name == "users_list") {
            for (auto row = seen.users.upper_bound(*p[0]); row != seen.users.end(); ++row) {
                if (result.rows.size() == std::stoull(*p[1])) break;
                if (row->second[7].empty()) result.rows.push_back(shown(row->second));
            }
        } else if (const auto row = seen.users.find(*p[0]); row != seen.users.end()) {
            return answer_about(seen, row->second, name, p);
        }
        return result;
    }

    static sql::QueryResult answer_about_key(TinyDatabase& seen, const std::string& name,
                                             const sql::Parameters& p) {
        sql::QueryResult result;
        if (name == "idempotency_keys_insert") {
            const bool is_new = seen.keys.try_emplace(*p[0], TinyDatabase::Row{*p[1]}).second;
            result.command_tag = is_new ? "INSERT 0 1" : "INSERT 0 0";
        } else if (name == "idempotency_keys_update") {
            seen.keys[*p[0]] = {seen.keys[*p[0]][0], *p[1], *p[2], *p[3]};
        } else if (const auto row = seen.keys.find(*p[0]); row != seen.keys.end()) {
            result.rows.emplace_back(row->second.begin(), row->second.end());
        }
        return result;
    }

    static bool is_taken(const TinyDatabase& seen, const std::string& folded,
                         const std::string& by_other_than) {
        return seen.emails_are_unique && std::ranges::any_of(seen.users, [&](const auto& entry) {
                   const TinyDatabase::Row& row = entry.second;
                   return row[2] == folded && row[7].empty() && entry.first != by_other_than;
               });
    }

    /// A look at one user, or a change of it: its id, the moment, what is new, perhaps the version.
    static sql::Result<sql::QueryResult> answer_about(const TinyDatabase& seen,
                                                      TinyDatabase::Row& row,
                                                      const std::string& name,
                                                      const sql::Parameters& p) {
        sql::QueryResult result;
        if (!row[7].empty()) return result;
        if (name.ends_with("_version") && '{' + row[4] + '}' != *p.back()) return result;
        if (name.starts_with("users_change")) {
            if (p[3] && is_taken(seen, *p[3], row[0]))
                return violation("users_live_email_folded_key");
            row[1] = p[2].value_or(row[1]);
            row[2] = p[3].value_or(row[2]);
            row[3] = p[4].value_or(row[3]);
        } else if (name.starts_with("users_delete")) {
            row[7] = *p[1];
            row[1] = row[2] = row[3] = "";
        }
        if (name != "users_select") {
            row[4] = std::to_string(std::stoull(row[4]) + 1);
            row[6] = *p[1];
        }
        result.rows.push_back(shown(row));
        return result;
    }

    /// The columns that are selected.
    static std::vector<sql::Value> shown(const TinyDatabase::Row& row) {
        return {row[0], row[1], row[3], row[4], row[5], row[6]};
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
