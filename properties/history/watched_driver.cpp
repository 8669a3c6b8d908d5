#include "properties/history/watched_driver.hpp"

#include <string>
#include <utility>

#include "system/sql/server_look.hpp"

namespace atlas::properties {
namespace {

DatabaseAnswer answer_of(const sql::Error& error) {
    switch (error.kind) {
        case sql::ErrorKind::server:
            return DatabaseAnswer::given;
        case sql::ErrorKind::deadline_exceeded:
            return DatabaseAnswer::out_of_time;
        case sql::ErrorKind::turned_away:
        case sql::ErrorKind::cannot_connect:
        case sql::ErrorKind::connection_lost:
        case sql::ErrorKind::protocol:
            break;
    }
    return DatabaseAnswer::none;
}

/// Where to write down what is asked.
struct Page {
    DatabaseLog& log;
    std::size_t conversation;
    host::Endpoint server = {};
};

const sql::Error& cause_of(const sql::Error& error) {
    return error;
}
const sql::Error& cause_of(const sql::BatchError& error) {
    return error.cause;
}

template <typename Outcome>
host::Task<Outcome> watch(Page page, host::Context context, host::Task<Outcome> asked) {
    DatabaseOperation operation{.began = page.log.now(),
                                .for_request = context.trace_id != host::Context{}.trace_id,
                                .server = std::move(page.server)};
    Outcome result = co_await std::move(asked);
    if (!result) operation.answer = answer_of(cause_of(result.error()));
    page.log.add(page.conversation, operation);
    co_return result;
}

class WatchedConnection final : public sql::Connection {
  public:
    WatchedConnection(std::unique_ptr<sql::Connection> inner, Page page)
        : inner_(std::move(inner)), page_(page) {}

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        return watch(page_, context, inner_->query(context, std::move(text)));
    }
    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        return watch(page_, context, inner_->prepare(context, std::move(name), std::move(text)));
    }
    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        const bool is_look = name == sql::server_look_statement.name;
        const bool was_looked_at = looked_at_for_ == context.trace_id;
        if (is_look) looked_at_for_ = context.trace_id;
        sql::Result<sql::QueryResult> result = co_await watch(
            page_, context,
            inner_->execute_prepared(context, std::move(name), std::move(parameters)));
        const bool is_for_request = context.trace_id != host::Context{}.trace_id;
        if (result && is_for_request && !is_look)
            page_.log.read_was_answered(page_.server, was_looked_at);
        co_return result;
    }
    host::Task<sql::Result<void>> deallocate(host::Context context, std::string name) override {
        return watch(page_, context, inner_->deallocate(context, std::move(name)));
    }
    host::Task<sql::BatchResult> run_batch(host::Context context, sql::Batch steps) override {
        return watch(page_, context, inner_->run_batch(context, std::move(steps)));
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
    std::unique_ptr<sql::Connection> inner_;
    Page page_;
    /// A session's read asks the follower first how far it is; an eventual one does not.
    host::TraceId looked_at_for_{};
};

}  // namespace

WatchedDriver::WatchedDriver(std::unique_ptr<sql::Driver> inner, DatabaseLog& log, std::string node)
    : inner_(std::move(inner)), log_(log), conversation_(log.new_conversation(std::move(node))) {}

host::Task<sql::Result<std::unique_ptr<sql::Connection>>> WatchedDriver::connect(
    host::Context context, sql::ConnectionTarget target) {
    const Page page{log_, conversation_, target.endpoint};
    sql::Result<std::unique_ptr<sql::Connection>> connected = co_await atlas::properties::watch(
        page, context, inner_->connect(context, std::move(target)));
    if (!connected) co_return connected;
    co_return std::make_unique<WatchedConnection>(std::move(*connected), page);
}

http::Handler WatchedDriver::watch(http::Handler handler) {
    return [&log = log_, conversation = conversation_, handler = std::move(handler)](
               host::Context context, http::Request request) {
        log.request_came(conversation);
        return handler(context, std::move(request));
    };
}

}  // namespace atlas::properties
