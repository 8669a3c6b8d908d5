#pragma once
// For tests: an SQL driver without a server. It keeps the port's rules (one operation at a time,
// transaction status, the end after a fatal error), writes down what it was asked, and leaves the
// answers to the test.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"
#include "system/sql/one_by_one.hpp"

namespace atlas::sql {

/// What all connections of a test share.
struct FakeServer {
    /// "query BEGIN", "prepare name", "execute name", "deallocate name", "connect",
    /// "cancel".
    std::vector<std::string> asked;
    /// How many of these came together, for each batch.
    std::vector<std::size_t> batches;
    /// Answers "query" and "execute"; a result without rows when empty.
    std::function<Result<QueryResult>(const std::string& asked, const Parameters& parameters)>
        answer;
    /// Consulted first, for everything: an error is the outcome.
    std::function<std::optional<Error>(const std::string& asked)> fail;
    host::Duration latency = std::chrono::milliseconds{1};
    std::size_t open = 0;
    std::size_t most_open = 0;

    std::size_t count(const std::string& what) const {
        std::size_t number = 0;
        for (const std::string& each : asked)
            number += each == what ? 1 : 0;
        return number;
    }
};

class FakeConnection final : public Connection {
  public:
    FakeConnection(host::Host& host, FakeServer& server) : host_(host), server_(server) {
        server_.most_open = std::max(server_.most_open, ++server_.open);
    }
    ~FakeConnection() override { --server_.open; }

    host::Task<Result<QueryResult>> query(host::Context context, std::string text) override {
        Result<QueryResult> result = co_await run(context, "query " + text, {});
        if (!result) co_return result;
        if (text == "BEGIN") status_ = TransactionStatus::in_transaction;
        if (text == "COMMIT" || text == "ROLLBACK") {
            const bool rolls_back = status_ == TransactionStatus::failed || text == "ROLLBACK";
            if (result->command_tag.empty()) result->command_tag = rolls_back ? "ROLLBACK" : text;
            status_ = TransactionStatus::idle;
        }
        co_return result;
    }

    host::Task<Result<void>> prepare(host::Context context, std::string name,
                                     std::string) override {
        const Result<QueryResult> result = co_await run(context, "prepare " + name, {});
        if (!result) co_return std::unexpected(result.error());
        co_return Result<void>{};
    }

    host::Task<Result<QueryResult>> execute_prepared(host::Context context, std::string name,
                                                     Parameters parameters) override {
        co_return co_await run(context, "execute " + name, std::move(parameters));
    }

    host::Task<Result<void>> deallocate(host::Context context, std::string name) override {
        const Result<QueryResult> result = co_await run(context, "deallocate " + name, {});
        if (!result) co_return std::unexpected(result.error());
        co_return Result<void>{};
    }

    host::Task<BatchResult> run_batch(host::Context context, Batch steps) override {
        server_.batches.push_back(steps.size());
        return run_one_by_one(*this, context, std::move(steps));
    }
    host::Task<Result<void>> request_cancel(host::Context context) override {
        server_.asked.emplace_back("cancel");
        const host::TimePoint done = host_.clock().now() + server_.latency;
        if (context.deadline.passed(done)) {
            co_await host::sleep_until(host_, context.deadline.point());
            co_return std::unexpected(Error{.kind = ErrorKind::deadline_exceeded});
        }
        co_await host::sleep_until(host_, done);
        std::optional<Error> error = server_.fail ? server_.fail("cancel") : std::nullopt;
        if (error) co_return std::unexpected(std::move(*error));
        co_return Result<void>{};
    }
    TransactionStatus transaction_status() const override { return status_; }
    bool is_usable() const override { return usable_; }
    void close() noexcept override { usable_ = false; }

  private:
    host::Task<Result<QueryResult>> run(host::Context context, std::string asked,
                                        Parameters parameters) {
        server_.asked.push_back(asked);
        const host::TimePoint done = host_.clock().now() + server_.latency;
        if (context.deadline.passed(done)) {
            co_await host::sleep_until(host_, context.deadline.point());
            co_return end(Error{.kind = ErrorKind::deadline_exceeded});
        }
        co_await host::sleep_until(host_, done);
        std::optional<Error> error = server_.fail ? server_.fail(asked) : std::nullopt;
        if (error) co_return end(std::move(*error));
        if (!server_.answer) co_return QueryResult{};
        Result<QueryResult> result = server_.answer(asked, parameters);
        if (!result) co_return end(std::move(result.error()));
        co_return result;
    }

    std::unexpected<Error> end(Error error) {
        if (error.kind != ErrorKind::server || error.fatal) usable_ = false;
        if (status_ == TransactionStatus::in_transaction) status_ = TransactionStatus::failed;
        return std::unexpected(std::move(error));
    }

    host::Host& host_;
    FakeServer& server_;
    TransactionStatus status_ = TransactionStatus::idle;
    bool usable_ = true;
};

class FakeDriver final : public Driver {
  public:
    FakeDriver(host::Host& host, FakeServer& server) : host_(host), server_(server) {}

    host::Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                            ConnectionTarget target) override {
        last_target = std::move(target);
        server_.asked.emplace_back("connect");
        const host::TimePoint done = host_.clock().now() + server_.latency;
        if (context.deadline.passed(done)) {
            co_await host::sleep_until(host_, context.deadline.point());
            co_return std::unexpected(Error{.kind = ErrorKind::deadline_exceeded});
        }
        co_await host::sleep_until(host_, done);
        std::optional<Error> error = server_.fail ? server_.fail("connect") : std::nullopt;
        if (error) co_return std::unexpected(std::move(*error));
        co_return std::make_unique<FakeConnection>(host_, server_);
    }

    ConnectionTarget last_target;

  private:
    host::Host& host_;
    FakeServer& server_;
};

}  // namespace atlas::sql
