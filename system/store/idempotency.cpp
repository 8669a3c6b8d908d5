#include "system/store/idempotency.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "system/store/errors.hpp"

namespace atlas::store {
namespace {

/// What every insert takes. With the table's lock at hand, a wait for a lock is one for the key.
constexpr sql::Statement lock_table{"idempotency_keys_lock",
                                    "LOCK TABLE idempotency_keys IN ROW EXCLUSIVE MODE"};
constexpr sql::Statement set_lock_timeout{"idempotency_keys_lock_timeout",
                                          "SELECT pg_catalog.set_config('lock_timeout', $1, true)"};
constexpr sql::Statement claim{
    "idempotency_keys_insert",
    "INSERT INTO idempotency_keys (key, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING"};
constexpr sql::Statement keep_answer{
    "idempotency_keys_update",
    "UPDATE idempotency_keys SET status = $2, headers = $3, body = $4 WHERE key = $1"};
constexpr sql::Statement select{
    "idempotency_keys_select",
    "SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE key = $1"};

// What one clean-up transaction may delete is bounded by the row that would be its last: a DELETE
// has no LIMIT of its own.
constexpr sql::Statement find_bound{
    "idempotency_keys_bound",
    "SELECT created_at FROM idempotency_keys WHERE created_at < now() - interval '24 hours' ORDER "
    "BY created_at LIMIT 1 OFFSET 999"};
constexpr sql::Statement forget_up_to{"idempotency_keys_delete_up_to",
                                      "DELETE FROM idempotency_keys WHERE created_at <= $1"};
constexpr sql::Statement forget_all{
    "idempotency_keys_delete",
    "DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'"};

std::string join(const std::vector<std::pair<std::string, std::string>>& headers) {
    std::string lines;
    for (const auto& [name, value] : headers)
        lines += name + ": " + value + '\n';
    return lines;
}

std::vector<std::pair<std::string, std::string>> split(std::string_view lines) {
    std::vector<std::pair<std::string, std::string>> headers;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        const std::size_t colon = std::min(line.find(": "), line.size());
        headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
    }
    return headers;
}

/// Nothing when the row is not what a committed request leaves.
std::optional<Answer> read_answer(const std::vector<sql::Value>& row) {
    if (row.size() != 4 || !row[1] || !row[2] || !row[3]) return {};
    Answer answer{.headers = split(*row[2]), .body = *row[3]};
    const char* const end = row[1]->data() + row[1]->size();
    const auto [rest, error] = std::from_chars(row[1]->data(), end, answer.status);
    if (error != std::errc{} || rest != end) return {};
    return answer;
}

bool is_of(const KeyedRequest& request, const sql::Value& fingerprint) {
    return fingerprint == request.fingerprint ||
           (!request.previous_fingerprint.empty() && fingerprint == request.previous_fingerprint);
}

/// Nothing when the row cannot be read.
using Looked = std::optional<KeyedAnswer>;

Looked read_row(const std::vector<sql::Value>& row, const KeyedRequest& request) {
    if (!is_of(request, row.front())) return KeyedAnswer{KeyedOutcome::other_request};
    std::optional<Answer> answer = read_answer(row);
    if (!answer) return {};
    return KeyedAnswer{KeyedOutcome::repeated, std::move(*answer)};
}

host::Task<sql::Result<Looked>> look_up(sql::Transaction& transaction,
                                        const KeyedRequest& request) {
    sql::Result<sql::QueryResult> found = co_await transaction.execute(select, {request.key});
    if (!found) co_return std::unexpected(std::move(found.error()));
    // Forgotten since it was in the way: the next request of the key is its first.
    if (found->rows.empty()) co_return Looked{KeyedAnswer{KeyedOutcome::still_running}};
    co_return read_row(found->rows.front(), request);
}

struct Limits {
    std::chrono::milliseconds lock_timeout;
    host::Duration left;
};

/// A request of the same key under way holds its row until it ends. Who waits for it needs time
/// left to be told so.
std::optional<std::chrono::milliseconds> limit_of_wait(Limits limits) {
    const auto half = std::chrono::floor<std::chrono::milliseconds>(limits.left / 2);
    if (half >= limits.lock_timeout) return std::nullopt;
    // Zero is no limit.
    return std::max(half, std::chrono::milliseconds{1});
}

/// In one round trip. Nothing when another transaction holds the key for longer than is to be
/// waited for.
host::Task<sql::Result<std::optional<sql::QueryResult>>> take_key(sql::Transaction& transaction,
                                                                  const KeyedRequest& request,
                                                                  Limits limits) {
    std::vector<sql::Call> calls;
    if (const auto limit = limit_of_wait(limits)) {
        calls.push_back({set_lock_timeout, {std::to_string(limit->count())}});
    }
    calls.push_back({lock_table, {}});
    calls.push_back({claim, {request.key, request.fingerprint}});
    const std::size_t before_claim = calls.size() - 1;
    sql::BatchResult done = co_await transaction.execute_all(std::move(calls));
    if (done) co_return std::move(done->back());
    sql::BatchError& error = done.error();
    const bool is_claim = error.before.size() == before_claim;
    if (is_claim && error.cause.sqlstate == lock_not_available) co_return std::nullopt;
    co_return std::unexpected(std::move(error.cause));
}

host::Task<sql::Result<Looked>> attempt(sql::Transaction& transaction, const KeyedRequest& request,
                                        const KeyedWork& work, Limits limits) {
    sql::Result<std::optional<sql::QueryResult>> claimed =
        co_await take_key(transaction, request, limits);
    if (!claimed) co_return std::unexpected(std::move(claimed.error()));
    if (!*claimed) {
        transaction.give_up();
        co_return Looked{KeyedAnswer{KeyedOutcome::still_running}};
    }
    if ((*claimed)->affected_rows() == 0) {
        transaction.give_up();
        co_return co_await look_up(transaction, request);
    }
    sql::Result<Answer> answer = co_await work(transaction);
    if (!answer) co_return std::unexpected(std::move(answer.error()));
    sql::Result<sql::QueryResult> kept = co_await transaction.execute(
        keep_answer,
        {request.key, std::to_string(answer->status), join(answer->headers), answer->body});
    if (!kept) co_return std::unexpected(std::move(kept.error()));
    co_return Looked{KeyedAnswer{KeyedOutcome::first, std::move(*answer)}};
}

/// That the row is there proves that the request once took effect.
std::unexpected<host::Error> unreadable() {
    return host::failure(host::ErrorCode::data_corrupted,
                         "a row of idempotency_keys cannot be read", host::Certainty::indefinite);
}

/// Of one run of the transaction, given whether an earlier one may be committed.
host::Result<KeyedAnswer> outcome_of(sql::TransactionResult<Looked> done, bool may_be_committed) {
    if (!done) {
        host::Error error = to_host_error(done.error());
        if (may_be_committed) error.certainty = host::Certainty::indefinite;
        return std::unexpected(std::move(error));
    }
    if (!*done) {
        return unreadable();
    }
    // The one under way is then our own, whose COMMIT the server has not yet got or not yet done.
    if (may_be_committed && (*done)->outcome == KeyedOutcome::still_running) {
        return host::failure(host::ErrorCode::unavailable, "a COMMIT is still under way",
                             host::Certainty::indefinite);
    }
    return std::move(**done);
}

host::Task<sql::Result<std::uint64_t>> forget_oldest(sql::Transaction& transaction) {
    sql::Result<sql::QueryResult> bound = co_await transaction.execute(find_bound, {});
    if (!bound) co_return std::unexpected(std::move(bound.error()));
    const bool is_few = bound->rows.empty();
    sql::Parameters parameters;
    if (!is_few) parameters.push_back(bound->rows.front().front());
    sql::Result<sql::QueryResult> forgotten =
        co_await transaction.execute(is_few ? forget_all : forget_up_to, std::move(parameters));
    if (!forgotten) co_return std::unexpected(std::move(forgotten.error()));
    co_return forgotten->affected_rows();
}

}  // namespace

host::Task<host::Result<std::optional<KeyedAnswer>>> find_keyed(sql::Access access,
                                                                host::Context context,
                                                                KeyedRequest request) {
    sql::Result<sql::QueryResult> found =
        co_await sql::run_read(access, context, select, {request.key});
    if (!found) {
        co_return std::unexpected(
            to_host_error({std::move(found.error()), host::Certainty::definite}));
    }
    if (found->rows.empty()) co_return std::nullopt;
    Looked looked = read_row(found->rows.front(), request);
    if (!looked) co_return unreadable();
    co_return looked;
}

host::Task<host::Result<KeyedAnswer>> run_keyed(sql::Access access, host::Context context,
                                                KeyedRequest request, KeyedWork work) {
    sql::Database& database = *access.database;
    bool may_be_committed = false;
    unsigned retries = 0;
    for (;;) {
        auto done = co_await sql::run_transaction<Looked>(
            access, context,
            [&](sql::Transaction& transaction) {
                const Limits limits{database.pool.options().lock_timeout,
                                    context.deadline.remaining(database.host.clock().now())};
                return attempt(transaction, request, work, limits);
            },
            retries);
        const bool has_failed_before_commit =
            !done && done.error().certainty == host::Certainty::definite;
        may_be_committed |= !done && !has_failed_before_commit;
        host::Result<KeyedAnswer> outcome = outcome_of(std::move(done), may_be_committed);
        if (outcome || has_failed_before_commit ||
            outcome.error().certainty == host::Certainty::definite ||
            outcome.error().code == host::ErrorCode::data_corrupted) {
            co_return outcome;
        }
        const bool again = co_await sql::wait_for_another_attempt(database, context, retries);
        if (!again) co_return outcome;
        ++retries;
    }
}

host::Task<host::Result<std::uint64_t>> forget_old_keys(sql::Database& database,
                                                        host::Context context) {
    auto forgotten = co_await sql::run_transaction<std::uint64_t>(
        database, context,
        [](sql::Transaction& transaction) { return forget_oldest(transaction); });
    if (!forgotten) co_return std::unexpected(to_host_error(forgotten.error()));
    co_return *forgotten;
}

}  // namespace atlas::store
