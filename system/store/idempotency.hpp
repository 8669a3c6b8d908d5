#pragma once
// The table `idempotency_keys`: requests that take effect once, however often they are sent
// (draft-ietf-httpapi-idempotency-key-header-07).
//
// The row of a key is inserted first and committed together with the effect and the answer. So a
// request of the same key that comes meanwhile waits on the key's unique index, and finds the
// answer when the first has committed, nothing when it was rolled back. After a COMMIT whose answer
// was lost the transaction is simply run again: looking for the row could come before its commit.

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "system/sql/transaction.hpp"

namespace atlas::store {

struct KeyedRequest {
    std::string key;
    /// Of what was asked: the same for no other request.
    std::string fingerprint;
    /// What it was under the secret before this one; empty when there was none.
    std::string previous_fingerprint = {};
};

/// What the client was told, byte by byte.
struct Answer {
    int status = 0;
    /// Names and values on one line each.
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};

    friend bool operator==(const Answer&, const Answer&) = default;
};

enum class KeyedOutcome : std::uint8_t {
    first,          ///< It took effect now; `answer` is what its work gave.
    repeated,       ///< It took effect before; `answer` is what was told then.
    still_running,  ///< A request of that key is under way. Nothing was done.
    other_request,  ///< The key belongs to a request of another fingerprint. Nothing was done.
};

struct KeyedAnswer {
    KeyedOutcome outcome = KeyedOutcome::first;
    Answer answer = {};

    friend bool operator==(const KeyedAnswer&, const KeyedAnswer&) = default;
};

/// The effect, and the answer that tells of it. May be called more than once.
using KeyedWork = std::function<host::Task<sql::Result<Answer>>(sql::Transaction&)>;

/// What became of an earlier request of the key, `repeated` or `other_request`; nothing when none
/// is committed. Errors: those of users.hpp.
host::Task<host::Result<std::optional<KeyedAnswer>>> find_keyed(sql::Access access,
                                                                host::Context context,
                                                                KeyedRequest request);

/// Runs the work in a transaction with the key, unless the key is there. An error of the work rolls
/// back both. It takes no more attempts than any transaction, however they end. Errors: those of
/// users.hpp; indefinite if any COMMIT sent for it may have succeeded.
host::Task<host::Result<KeyedAnswer>> run_keyed(sql::Access access, host::Context context,
                                                KeyedRequest request, KeyedWork work);

/// Forgets some of the keys that are older than 24 hours, a bounded number of the oldest; returns
/// how many.
host::Task<host::Result<std::uint64_t>> forget_old_keys(sql::Database& database,
                                                        host::Context context);

}  // namespace atlas::store
