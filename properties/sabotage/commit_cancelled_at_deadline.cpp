#include "properties/sabotage/commit_cancelled_at_deadline.hpp"

#include <optional>
#include <string_view>

#include "system/host/task_group.hpp"

namespace atlas::properties {

namespace {

/// The statement, word for word as sql::Transaction sends it.
constexpr std::string_view commit_text = "COMMIT";
/// Of a COMMIT alone.
constexpr host::Duration patience = std::chrono::milliseconds{300};

class CancellingConnection final : public DecoratedConnection {
  public:
    CancellingConnection(std::unique_ptr<sql::Connection> inner, host::Host& host,
                         SabotageLedger& ledger)
        : DecoratedConnection(std::move(inner)), host_(host), ledger_(ledger) {}

    host::Task<sql::Result<sql::QueryResult>> query(host::Context context,
                                                    std::string text) override {
        if (text == commit_text) return commit(context);
        return inner().query(context, std::move(text));
    }

  private:
    // The server answers the cancelled COMMIT with success, and a warning if it waited for a
    // standby.
    host::Task<sql::Result<sql::QueryResult>> commit(host::Context context) {
        std::optional<sql::Result<sql::QueryResult>> result;
        bool cancelled = false;
        const auto body = [&](host::TaskGroup& tasks) -> host::Task<> {
            tasks.spawn(cancel_in_time(context, cancelled));
            result = co_await inner().query(context, std::string(commit_text));
            tasks.cancel();
        };
        co_await host::with_task_group(host_, body);
        if (!*result || !cancelled) co_return *std::move(result);
        ++ledger_.acted;
        // As a statement that was given up waiting for a lock: it did not happen.
        co_return std::unexpected(sql::Error{.kind = sql::ErrorKind::server,
                                             .sqlstate = "55P03",
                                             .message = "the COMMIT was cancelled"});
    }

    host::Task<> cancel_in_time(host::Context context, bool& cancelled) {
        co_await host::sleep_for(host_, patience);
        cancelled = true;
        (void)co_await inner().request_cancel(context);
    }

    host::Host& host_;
    SabotageLedger& ledger_;
};

}  // namespace

DriverDecoration commit_cancelled_at_deadline(host::Host& host, SabotageLedger& ledger) {
    return {.connection = [&host, &ledger](std::unique_ptr<sql::Connection> inner) {
        return std::make_unique<CancellingConnection>(std::move(inner), host, ledger);
    }};
}

}  // namespace atlas::properties
