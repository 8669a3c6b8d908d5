#pragma once
// The typed client of Atlas's HTTP API, version 1: used by the workload, in simulation and
// against real servers. Every call ends, within its deadline, with a value or with a Failure that
// says whether the call may have taken effect.

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/host.hpp"
#include "system/http/limits.hpp"
#include "system/http/message.hpp"
#include "system/reliability/retry.hpp"
#include "system/reliability/retry_budget.hpp"

namespace atlas::client {

/// A user as the API shows it.
struct User {
    std::string id;
    std::string email;
    std::string display_name;
    std::int64_t version = 0;
    std::string created_at;  ///< RFC 3339
    std::string updated_at;  ///< RFC 3339

    friend bool operator==(const User&, const User&) = default;
};

struct NewUser {
    std::string email;
    std::string display_name;
    std::string password;
    /// What makes repetitions of the call one registration; drawn by the client when empty.
    std::string idempotency_key = {};
};

/// A part of the listing of all users.
struct UserPage {
    std::vector<User> users;
    /// Where the next page goes on; nothing after the last one.
    std::optional<std::string> next_cursor;

    friend bool operator==(const UserPage&, const UserPage&) = default;
};

/// What is nullopt stays as it is.
struct UserPatch {
    std::optional<std::string> email = {};
    std::optional<std::string> display_name = {};
};

/// How new what is read has to be (docs/consistency.md).
enum class Consistency : std::uint8_t {
    strong,    ///< As if there were one database.
    session,   ///< What this client has written and seen, at least.
    eventual,  ///< Not long out of date.
};

/// "strong", "session", "eventual".
std::string_view name(Consistency consistency) noexcept;

enum class FailureKind : std::uint8_t {
    rejected,           ///< 4xx: the request is at fault (400, 413, 428, ...). Definite.
    not_found,          ///< 404. Definite.
    email_taken,        ///< 409. Definite.
    in_progress,        ///< 409: an earlier attempt of this call is still under way. Indefinite.
    version_mismatch,   ///< 412: If-Match named another version. Definite.
    not_started,        ///< 503 "not started", or no connection came about. Definite.
    outcome_unknown,    ///< 503 "outcome unknown". Indefinite, unless the call only reads.
    connection_lost,    ///< The connection died after sending. Indefinite, unless it only reads.
    deadline_exceeded,  ///< No answer in time. Indefinite, unless nothing was sent or it only
                        ///< reads.
    contract_violated,  ///< An answer that the API's contract does not allow (500 among them).
                        ///< Indefinite, unless the call only reads.
};

/// "version_mismatch" and so on: stable, used in histories.
std::string_view name(FailureKind kind) noexcept;

struct Failure {
    FailureKind kind;
    host::Certainty certainty = host::Certainty::definite;
    /// The answer's status code; 0 when none came.
    int status = 0;
    /// The `type` of the problem details; empty when none came.
    std::string problem_type = {};
    /// For people: the problem's `detail`, or what went wrong on the way.
    std::string detail = {};
    /// How long the server asks to wait before the next attempt.
    std::optional<std::chrono::seconds> retry_after = {};
    /// JSON pointers to the offending members of a rejected request.
    std::vector<std::string> pointers = {};
};

template <typename T>
using Outcome = std::expected<T, Failure>;

/// Told of every response, whatever becomes of it, with the method and target of its request.
using ResponseListener = std::function<void(std::string_view method, std::string_view target,
                                            const http::Response& response)>;

struct ClientOptions {
    /// Tried in turn. At least one.
    std::vector<host::Endpoint> endpoints;
    host::Transport transport = {};
    /// How long a call may take when its context has no earlier deadline; retries included.
    host::Duration timeout = std::chrono::seconds{5};
    host::Duration connect_timeout = std::chrono::seconds{1};
    /// A kept connection idle for longer is not used again. Keep it below the server's own limit:
    /// a request sent while the server closes the connection ends as connection_lost.
    host::Duration idle_time = std::chrono::seconds{20};
    std::size_t idle_connections = 4;
    /// Calls that failed without effect (not_started, and any lost call that only reads), and those
    /// that take effect once however often they are sent, are tried again on the next endpoint.
    /// max_attempts = 1 switches that off. Where a server says how long to wait (Retry-After), the
    /// policy's pause comes on top of that; another server is asked without it.
    reliability::RetryPolicy retry = {};
    /// Of each endpoint, over all calls: one that fails more than now and then is not asked again,
    /// but the others are.
    reliability::RetryBudgetOptions retry_budget = {};
    /// Of answers. The largest page of users, each as long as it may be, has less than 200 KiB.
    http::MessageLimits limits = {.body_bytes = 262144};
    /// Which of its process's clients it is: each draws random numbers of its own.
    std::uint64_t instance = 0;
    /// Nobody when empty.
    ResponseListener on_response = {};
};

/// Calls may overlap; each then has a connection of its own. It runs no task of its own.
///
/// A client is a session: what one call has seen the next one sees, too. Of calls that overlap, the
/// session goes on from the one that is answered last.
class Client {
  public:
    Client(host::Host& host, ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Takes effect at most once: all attempts have one Idempotency-Key, so those whose outcome is
    /// unknown are repeated too.
    host::Task<Outcome<User>> create_user(host::Context context, NewUser user);

    host::Task<Outcome<User>> get_user(host::Context context, std::string id,
                                       Consistency consistency = Consistency::strong);

    /// At most `limit` users (1 to 100) in the order of their ids, from the cursor of the page
    /// before on.
    host::Task<Outcome<UserPage>> list_users(host::Context context, std::size_t limit,
                                             std::optional<std::string> cursor);

    /// Changes the user if it still has that version. Without a version no If-Match is sent, which
    /// the API refuses with 428 (FailureKind::rejected).
    host::Task<Outcome<User>> patch_user(host::Context context, std::string id, UserPatch patch,
                                         std::optional<std::int64_t> if_match);

    /// Likewise. From then on there is no such user.
    host::Task<Outcome<void>> delete_user(host::Context context, std::string id,
                                          std::optional<std::int64_t> if_match);

    /// Is the process there at all?
    host::Task<Outcome<void>> livez(host::Context context);

    /// What the calls from now on draw from: which endpoint, how long to wait, span ids. Otherwise
    /// one source of the host serves all calls.
    void draw_from(host::RandomSource random);

    /// Closes the kept connections.
    void close() noexcept;

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace atlas::client
