#include "sim/sql_client/driver.hpp"

#include <utility>

#include "sim/sql_client/channel.hpp"
#include "system/sql/cancel_request.hpp"
#include "system/sql/unsendable.hpp"
#include "system/sql/without_rows.hpp"

namespace atlas::sim::sql_client {
namespace {

namespace wire = sql::protocol;

void encode_execution(std::string& out, std::string_view name, const sql::Parameters& parameters) {
    wire::Bind bind{"", name};
    bind.parameters.assign(parameters.begin(), parameters.end());
    encode(out, bind);
    encode(out, wire::Describe{wire::Named::portal, ""});
    encode(out, wire::Execute{"", 0});
}

void encode_step(std::string& out, const sql::Step& step) {
    if (const auto* query = std::get_if<sql::QueryStep>(&step)) {
        encode(out, wire::Parse{"", query->text});
        encode_execution(out, "", {});
    } else if (const auto* prepare = std::get_if<sql::PrepareStep>(&step)) {
        encode(out, wire::Parse{prepare->name, prepare->text});
    } else if (const auto* execute = std::get_if<sql::ExecuteStep>(&step)) {
        encode_execution(out, execute->name, execute->parameters);
    }
}

// Its operations are coroutines of their own that keep the channel, so that the connection may be
// destroyed while one is under way.
class Connection final : public sql::Connection {
  public:
    Connection(host::Host& host, host::Endpoint endpoint, std::shared_ptr<Channel> channel,
               wire::CancelRequest key)
        : host_(host), endpoint_(std::move(endpoint)), channel_(std::move(channel)), key_(key) {}
    ~Connection() override { channel_->close(); }

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        return run_query(channel_, context, std::move(text));
    }
    host::Task<sql::Result<void>> prepare(host::Context context, std::string name,
                                          std::string text) override {
        return run_prepare(channel_, context, std::move(name), std::move(text));
    }
    host::Task<sql::Result<sql::QueryResult>> execute_prepared(
        host::Context context, std::string name, sql::Parameters parameters) override {
        return run_execute(channel_, context, std::move(name), std::move(parameters));
    }
    host::Task<sql::Result<void>> deallocate(host::Context context, std::string name) override {
        return run_deallocate(channel_, context, std::move(name));
    }
    host::Task<sql::BatchResult> run_batch(host::Context context, sql::Batch steps) override {
        return run_steps(channel_, context, std::move(steps));
    }
    host::Task<sql::Result<void>> request_cancel(host::Context context) override {
        return sql::send_cancel_request(host_, context, endpoint_, key_);
    }
    sql::TransactionStatus transaction_status() const override {
        return channel_->transaction_status();
    }
    bool is_usable() const override { return channel_->is_open(); }
    void close() noexcept override { channel_->close(); }

  private:
    static host::Task<sql::Result<sql::QueryResult>> run_query(std::shared_ptr<Channel> channel,
                                                               host::Context context,
                                                               std::string text) {
        if (auto refused = sql::refuse_unsendable(text)) co_return std::unexpected(*refused);
        encode(channel->request(), wire::Query{text});
        co_return co_await channel->exchange(context.deadline);
    }

    static host::Task<sql::Result<void>> run_prepare(std::shared_ptr<Channel> channel,
                                                     host::Context context, std::string name,
                                                     std::string text) {
        for (const std::string& part : {name, text}) {
            if (auto refused = sql::refuse_unsendable(part)) co_return std::unexpected(*refused);
        }
        encode(channel->request(), wire::Parse{name, text});
        encode(channel->request(), wire::Sync{});
        sql::Result<sql::QueryResult> outcome = co_await channel->exchange(context.deadline);
        co_return sql::without_rows(std::move(outcome));
    }

    static host::Task<sql::Result<sql::QueryResult>> run_execute(std::shared_ptr<Channel> channel,
                                                                 host::Context context,
                                                                 std::string name,
                                                                 sql::Parameters parameters) {
        if (auto refused = sql::refuse_unsendable(name, parameters)) {
            co_return std::unexpected(*refused);
        }
        encode_execution(channel->request(), name, parameters);
        encode(channel->request(), wire::Sync{});
        co_return co_await channel->exchange(context.deadline);
    }

    static host::Task<sql::BatchResult> run_steps(std::shared_ptr<Channel> channel,
                                                  host::Context context, sql::Batch steps) {
        if (auto refused = sql::refuse_unsendable(steps)) {
            co_return std::unexpected(sql::BatchError{std::move(*refused), {}});
        }
        if (steps.empty()) co_return sql::BatchResult{};
        for (const sql::Step& step : steps)
            encode_step(channel->request(), step);
        encode(channel->request(), wire::Sync{});
        co_return co_await channel->exchange_batch(steps, context.deadline);
    }

    // As a statement, because libpq 15 has no call for the message; it differs in a failed
    // transaction, where the statement is refused.
    static host::Task<sql::Result<void>> run_deallocate(std::shared_ptr<Channel> channel,
                                                        host::Context context, std::string name) {
        std::string text = "DEALLOCATE " + sql::quote_identifier(name);
        sql::Result<sql::QueryResult> outcome =
            co_await run_query(std::move(channel), context, std::move(text));
        co_return sql::without_rows(std::move(outcome));
    }

    host::Host& host_;
    host::Endpoint endpoint_;
    std::shared_ptr<Channel> channel_;
    wire::CancelRequest key_;
};

void encode_startup(std::string& out, const sql::ConnectionTarget& target) {
    wire::StartupMessage message;
    message.parameters.emplace_back("user", target.user);
    if (!target.database.empty()) message.parameters.emplace_back("database", target.database);
    message.parameters.emplace_back("application_name", target.application_name);
    for (const auto& [name, value] : target.session_settings) {
        message.parameters.emplace_back(name, value);
    }
    encode(out, message);
}

sql::Error cannot_connect(std::string message) {
    return {.kind = sql::ErrorKind::cannot_connect, .message = std::move(message)};
}

// No statement was sent yet, so whatever went wrong, but for the server's own words and the
// deadline, is one thing to the caller.
sql::Error start_up_failure(sql::Error error) {
    if (error.kind == sql::ErrorKind::deadline_exceeded) return error;
    return cannot_connect(std::move(error.message));
}

/// Reads up to the first ReadyForQuery.
host::Task<sql::Result<wire::CancelRequest>> start_session(Channel& channel,
                                                           host::Deadline deadline) {
    const sql::Result<void> sent = co_await channel.send(deadline);
    if (!sent) co_return std::unexpected(start_up_failure(sent.error()));
    wire::CancelRequest key;
    while (true) {
        const sql::Result<wire::BackendMessage> message = co_await channel.receive(deadline);
        if (!message) co_return std::unexpected(start_up_failure(message.error()));
        if (const auto* error = std::get_if<wire::ErrorResponse>(&*message)) {
            co_return std::unexpected(error_of(error->diagnostics));
        }
        if (const auto* authentication = std::get_if<wire::Authentication>(&*message)) {
            if (authentication->kind == wire::Authentication::ok) continue;
            co_return std::unexpected(cannot_connect("the server asks for a password"));
        }
        if (const auto* data = std::get_if<wire::BackendKeyData>(&*message)) {
            key = {data->process_id, data->secret};
            continue;
        }
        if (std::holds_alternative<wire::ReadyForQuery>(*message)) co_return key;
        const bool ignored = std::holds_alternative<wire::ParameterStatus>(*message) ||
                             std::holds_alternative<wire::NoticeResponse>(*message) ||
                             std::holds_alternative<wire::NegotiateProtocolVersion>(*message);
        if (!ignored) co_return std::unexpected(cannot_connect("not a PostgreSQL server's answer"));
    }
}

}  // namespace

host::Task<sql::Result<std::unique_ptr<sql::Connection>>> Driver::connect(
    host::Context context, sql::ConnectionTarget target) {
    if (auto refused = sql::refuse_unsendable(target)) co_return std::unexpected(*refused);
    host::Result<std::unique_ptr<host::ByteStream>> stream = co_await host_.network().connect(
        target.endpoint, host::Transport::plain(), context.deadline);
    if (!stream) {
        if (stream.error().code == host::ErrorCode::deadline_exceeded) {
            co_return std::unexpected(sql::Error{.kind = sql::ErrorKind::deadline_exceeded,
                                                 .message = host::describe(stream.error())});
        }
        co_return std::unexpected(cannot_connect(host::describe(stream.error())));
    }
    auto channel = std::make_shared<Channel>(host_, std::move(*stream));
    encode_startup(channel->request(), target);
    const sql::Result<wire::CancelRequest> key = co_await start_session(*channel, context.deadline);
    if (!key) co_return std::unexpected(key.error());
    co_return std::make_unique<Connection>(host_, target.endpoint, std::move(channel), *key);
}

}  // namespace atlas::sim::sql_client
