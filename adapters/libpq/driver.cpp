#include "adapters/libpq/driver.hpp"

#include <utility>

#include "adapters/libpq/requests.hpp"
#include "adapters/libpq/session.hpp"
#include "system/sql/cancel_request.hpp"
#include "system/sql/unsendable.hpp"
#include "system/sql/without_rows.hpp"

namespace atlas::adapters::libpq {
namespace {

// Its operations are coroutines of their own that keep the session, so that the connection may be
// destroyed while one is under way.
class Connection final : public sql::Connection {
  public:
    Connection(AsioHost& host, host::Endpoint endpoint, std::shared_ptr<Session> session)
        : host_(host), endpoint_(std::move(endpoint)), session_(std::move(session)) {}
    ~Connection() override { session_->close(); }

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        return run_query(session_, context, std::move(text));
    }
    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        return run_prepare(session_, context, std::move(name), std::move(text));
    }
    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        return run_execute(session_, context, std::move(name), std::move(parameters));
    }
    host::Task<sql::Result<void>> deallocate(host::Context context, std::string name) override {
        return run_deallocate(session_, context, std::move(name));
    }
    host::Task<sql::BatchResult> run_batch(host::Context context, sql::Batch steps) override {
        return run_steps(session_, context, std::move(steps));
    }
    host::Task<sql::Result<void>> request_cancel(host::Context context) override {
        return run_cancel(host_, context, endpoint_, session_->cancel_key());
    }
    sql::TransactionStatus transaction_status() const override {
        return session_->transaction_status();
    }
    bool is_usable() const override { return session_->is_open(); }
    void close() noexcept override { session_->close(); }

  private:
    static host::Task<sql::Result<sql::QueryResult>> run_query(std::shared_ptr<Session> session,
                                                               host::Context context,
                                                               std::string text) {
        if (auto refused = sql::refuse_unsendable(text)) co_return std::unexpected(*refused);
        auto send = [&text](PGconn* to) { return PQsendQuery(to, text.c_str()); };
        co_return co_await session->exchange(send, context.deadline);
    }

    static host::Task<sql::Result<void>> run_prepare(std::shared_ptr<Session> session,
                                                     host::Context context, std::string name,
                                                     std::string text) {
        for (const std::string& part : {name, text}) {
            if (auto refused = sql::refuse_unsendable(part)) co_return std::unexpected(*refused);
        }
        auto send = [&](PGconn* to) { return send_prepare(to, name, text); };
        sql::Result<sql::QueryResult> outcome = co_await session->exchange(send, context.deadline);
        co_return sql::without_rows(std::move(outcome));
    }

    static host::Task<sql::Result<sql::QueryResult>> run_execute(std::shared_ptr<Session> session,
                                                                 host::Context context,
                                                                 std::string name,
                                                                 sql::Parameters parameters) {
        if (auto refused = sql::refuse_unsendable(name, parameters)) {
            co_return std::unexpected(*refused);
        }
        auto send = [&](PGconn* to) { return send_execute(to, name, parameters); };
        co_return co_await session->exchange(send, context.deadline);
    }

    static host::Task<sql::Result<void>> run_deallocate(std::shared_ptr<Session> session,
                                                        host::Context context, std::string name) {
        std::string text = "DEALLOCATE " + sql::quote_identifier(name);
        sql::Result<sql::QueryResult> outcome =
            co_await run_query(std::move(session), context, std::move(text));
        co_return sql::without_rows(std::move(outcome));
    }

    static host::Task<sql::BatchResult> run_steps(std::shared_ptr<Session> session,
                                                  host::Context context, sql::Batch steps) {
        if (auto refused = sql::refuse_unsendable(steps)) {
            co_return std::unexpected(sql::BatchError{std::move(*refused), {}});
        }
        if (steps.empty()) co_return sql::BatchResult{};
        co_return co_await session->exchange_batch(steps, context.deadline);
    }

    static host::Task<sql::Result<void>> run_cancel(
        host::Host& host, host::Context context, host::Endpoint endpoint,
        std::optional<sql::protocol::CancelRequest> key) {
        if (!key) {
            co_return std::unexpected(
                sql::Error{.kind = sql::ErrorKind::cannot_connect,
                           .message = "libpq did not show the key of this session"});
        }
        co_return co_await sql::send_cancel_request(host, context, std::move(endpoint), *key);
    }

    AsioHost& host_;
    host::Endpoint endpoint_;
    std::shared_ptr<Session> session_;
};

}  // namespace

host::Task<sql::Result<std::unique_ptr<sql::Connection>>> Driver::connect(
    host::Context context, sql::ConnectionTarget target) {
    if (auto refused = sql::refuse_unsendable(target)) co_return std::unexpected(*refused);
    auto session = std::make_shared<Session>(host_);
    const sql::Result<void> opened = co_await session->open(target, context.deadline);
    if (!opened) co_return std::unexpected(opened.error());
    co_return std::make_unique<Connection>(host_, target.endpoint, std::move(session));
}

}  // namespace atlas::adapters::libpq
