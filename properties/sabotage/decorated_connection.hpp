#pragma once
// A SQL connection that hands everything on: what sabotages of single calls begin with. And a
// driver that puts one around every connection of another.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "system/sql/connection.hpp"
#include "system/sql/one_by_one.hpp"

namespace atlas::properties {

class DecoratedConnection : public sql::Connection {
  public:
    explicit DecoratedConnection(std::unique_ptr<sql::Connection> inner)
        : inner_(std::move(inner)) {}

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        return inner_->query(context, std::move(text));
    }
    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        return inner_->prepare(context, std::move(name), std::move(text));
    }
    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        return inner_->execute_prepared(context, std::move(name), std::move(parameters));
    }
    host::Task<sql::Result<void>> deallocate(host::Context context, std::string name) override {
        return inner_->deallocate(context, std::move(name));
    }
    /// Each step by the operation of its kind, so that what changes an operation changes it here.
    host::Task<sql::BatchResult> run_batch(host::Context context, sql::Batch steps) override {
        return sql::run_one_by_one(*this, context, std::move(steps));
    }
    host::Task<sql::Result<void>> request_cancel(host::Context context) override {
        return inner_->request_cancel(context);
    }
    sql::TransactionStatus transaction_status() const override {
        return inner_->transaction_status();
    }
    bool is_usable() const override { return inner_->is_usable(); }
    void close() noexcept override { inner_->close(); }

  protected:
    sql::Connection& inner() { return *inner_; }

  private:
    std::unique_ptr<sql::Connection> inner_;
};

/// How the sabotaged driver differs from its inner one.
struct DriverDecoration {
    /// What is connected to, and with which settings; as it is when empty.
    std::function<sql::ConnectionTarget(sql::ConnectionTarget)> target = {};
    /// What stands around each connection; nothing when empty.
    std::function<std::unique_ptr<sql::Connection>(std::unique_ptr<sql::Connection>)> connection =
        {};
};

class DecoratedDriver final : public sql::Driver {
  public:
    /// The inner driver outlives it.
    DecoratedDriver(sql::Driver& inner, DriverDecoration decoration)
        : inner_(inner), decoration_(std::move(decoration)) {}

    host::Task<sql::Result<std::unique_ptr<sql::Connection>>> connect(
        host::Context context, sql::ConnectionTarget target) override;

  private:
    sql::Driver& inner_;
    DriverDecoration decoration_;
};

}  // namespace atlas::properties
