#include "properties/sabotage/lease_leaked_on_cancel.hpp"

#include <string>
#include <utility>

#include "system/host/event.hpp"
#include "system/sql/one_by_one.hpp"

namespace atlas::properties {

namespace {

class LeakingConnection final : public sql::Connection {
  public:
    LeakingConnection(host::Host& host, std::unique_ptr<sql::Connection> inner,
                      SabotageLedger& ledger)
        : never_(host), inner_(std::move(inner)), ledger_(ledger) {}

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        return unless_late(inner_->query(context, std::move(text)));
    }
    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        return unless_late(inner_->prepare(context, std::move(name), std::move(text)));
    }
    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        return unless_late(
            inner_->execute_prepared(context, std::move(name), std::move(parameters)));
    }
    host::Task<sql::Result<void>> deallocate(host::Context context, std::string name) override {
        return unless_late(inner_->deallocate(context, std::move(name)));
    }
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

  private:
    template <typename T>
    host::Task<sql::Result<T>> unless_late(host::Task<sql::Result<T>> operation) {
        sql::Result<T> result = co_await std::move(operation);
        if (result || result.error().kind != sql::ErrorKind::deadline_exceeded) co_return result;
        ++ledger_.acted;
        (void)co_await never_.wait();
        co_return result;
    }

    host::Event never_;
    std::unique_ptr<sql::Connection> inner_;
    SabotageLedger& ledger_;
};

}  // namespace

LeakingDriver::LeakingDriver(host::Host& host, sql::Driver& inner, SabotageLedger& ledger)
    : host_(host), inner_(inner), ledger_(ledger) {}

host::Task<sql::Result<std::unique_ptr<sql::Connection>>> LeakingDriver::connect(
    host::Context context, sql::ConnectionTarget target) {
    sql::Result<std::unique_ptr<sql::Connection>> connected =
        co_await inner_.connect(context, std::move(target));
    if (!connected) co_return connected;
    co_return std::make_unique<LeakingConnection>(host_, std::move(*connected), ledger_);
}

}  // namespace atlas::properties
