#include "properties/sabotage/commit_acknowledged_early.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace atlas::properties {

namespace {

/// The statement, word for word as sql::Transaction sends it.
constexpr std::string_view commit_text = "COMMIT";

/// The real connection, owned by the decorated one and by the commit under way.
struct Session {
    Session(host::Host& host, std::unique_ptr<sql::Connection> connection)
        : inner(std::move(connection)), settled(host) {
        settled.set();
    }

    std::unique_ptr<sql::Connection> inner;
    host::Event settled;  ///< No commit is under way.
};

host::Task<> finish_commit(std::shared_ptr<Session> session, host::Context context) {
    sql::Result<sql::QueryResult> committed =
        co_await session->inner->query(context, std::string(commit_text));
    // Nobody waits for the answer any more: that is the bug.
    if (!committed) session->inner->close();
    session->settled.set();
}

host::Task<sql::Result<void>> settle(std::shared_ptr<Session> session, host::Context context) {
    const host::Wake wake = co_await session->settled.wait(context.deadline);
    if (wake == host::Wake::notified) co_return sql::Result<void>{};
    session->inner->close();
    co_return std::unexpected(sql::Error{.kind = sql::ErrorKind::deadline_exceeded,
                                         .message = "the commit before took too long"});
}

class EarlyCommitConnection final : public sql::Connection {
  public:
    EarlyCommitConnection(std::shared_ptr<Session> session, host::TaskGroup& commits,
                          SabotageLedger& ledger)
        : session_(std::move(session)), commits_(commits), ledger_(ledger) {}

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        sql::Result<void> ready = co_await settle(session_, context);
        if (!ready) co_return std::unexpected(std::move(ready.error()));
        if (text == commit_text && session_->inner->is_usable()) {
            ++ledger_.acted;
            session_->settled.reset();
            commits_.spawn(finish_commit(session_, context));
            sql::QueryResult success;
            success.command_tag = commit_text;
            co_return success;
        }
        co_return co_await session_->inner->query(context, std::move(text));
    }

    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        sql::Result<void> ready = co_await settle(session_, context);
        if (!ready) co_return ready;
        co_return co_await session_->inner->prepare(context, std::move(name), std::move(text));
    }

    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        sql::Result<void> ready = co_await settle(session_, context);
        if (!ready) co_return std::unexpected(std::move(ready.error()));
        co_return co_await session_->inner->execute_prepared(context, std::move(name),
                                                             std::move(parameters));
    }

    host::Task<sql::Result<void>> deallocate(host::Context context, std::string name) override {
        sql::Result<void> ready = co_await settle(session_, context);
        if (!ready) co_return ready;
        co_return co_await session_->inner->deallocate(context, std::move(name));
    }

    host::Task<sql::BatchResult> run_batch(host::Context context, sql::Batch steps) override {
        sql::Result<void> ready = co_await settle(session_, context);
        if (!ready) co_return std::unexpected(sql::BatchError{std::move(ready.error()), {}});
        co_return co_await session_->inner->run_batch(context, std::move(steps));
    }

    host::Task<sql::Result<void>> request_cancel(host::Context context) override {
        co_return co_await session_->inner->request_cancel(context);
    }

    sql::TransactionStatus transaction_status() const override {
        return session_->settled.is_set() ? session_->inner->transaction_status()
                                          : sql::TransactionStatus::idle;
    }
    bool is_usable() const override { return session_->inner->is_usable(); }
    void close() noexcept override { session_->inner->close(); }

  private:
    std::shared_ptr<Session> session_;
    host::TaskGroup& commits_;
    SabotageLedger& ledger_;
};

}  // namespace

EarlyCommitDriver::EarlyCommitDriver(host::Host& host, sql::Driver& inner, SabotageLedger& ledger)
    : host_(host), inner_(inner), ledger_(ledger), commits_(host) {}

host::Task<sql::Result<std::unique_ptr<sql::Connection>>> EarlyCommitDriver::connect(
    host::Context context, sql::ConnectionTarget target) {
    sql::Result<std::unique_ptr<sql::Connection>> connected =
        co_await inner_.connect(context, std::move(target));
    if (!connected) co_return std::unexpected(std::move(connected.error()));
    auto session = std::make_shared<Session>(host_, std::move(*connected));
    co_return std::make_unique<EarlyCommitConnection>(std::move(session), commits_, ledger_);
}

host::Task<> EarlyCommitDriver::stop() {
    co_await commits_.stop();
}

}  // namespace atlas::properties
