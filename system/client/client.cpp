#include "system/client/client.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "system/client/contract.hpp"
#include "system/host/check.hpp"
#include "system/http/client_connection.hpp"
#include "system/http/json_string.hpp"
#include "system/telemetry/traceparent.hpp"

namespace atlas::client {
namespace {

struct IdleConnection {
    std::unique_ptr<http::ClientConnection> connection;
    host::Endpoint endpoint;
    host::TimePoint since;
};

/// What can become of one attempt at a call.
using Attempt = std::expected<http::Response, Failure>;

bool may_try_again(const Failure& failure, const Expectation& expectation) {
    switch (failure.kind) {
        case FailureKind::not_started:
        case FailureKind::in_progress:
            return true;
        case FailureKind::outcome_unknown:
            return expectation.is_keyed;
        case FailureKind::connection_lost:
            return expectation.only_reads || expectation.is_keyed;
        default:
            return false;
    }
}

Failure not_connected(const host::Error& error, const host::Endpoint& endpoint) {
    return {
        .kind = FailureKind::not_started,
        .detail = "no connection to " + host::to_string(endpoint) + ": " + host::describe(error)};
}

Failure lost(const host::Error& error, const Expectation& expectation) {
    const auto kind = [&] {
        switch (error.code) {
            case host::ErrorCode::deadline_exceeded:
                return FailureKind::deadline_exceeded;
            case host::ErrorCode::protocol_error:
                return FailureKind::contract_violated;
            default:
                return FailureKind::connection_lost;
        }
    }();
    return {.kind = kind,
            .certainty =
                expectation.only_reads ? host::Certainty::definite : host::Certainty::indefinite,
            .detail = host::describe(error)};
}

/// One segment of a path (RFC 3986 section 3.3): all but unreserved characters percent-encoded.
std::string encode_segment(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view marks = "-._~";
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                           (c >= 'A' && c <= 'Z') || marks.find(c) != std::string_view::npos;
        if (plain) {
            encoded += c;
        } else {
            encoded += '%';
            encoded += digits[static_cast<std::uint8_t>(c) >> 4];
            encoded += digits[static_cast<std::uint8_t>(c) & 0xf];
        }
    }
    return encoded;
}

std::string render(const NewUser& user) {
    std::string json = R"({"email":)";
    http::append_json_string(json, user.email);
    json += R"(,"display_name":)";
    http::append_json_string(json, user.display_name);
    json += R"(,"password":)";
    http::append_json_string(json, user.password);
    json += '}';
    return json;
}

std::string render(const UserPatch& patch) {
    std::string json;
    const auto add = [&](std::string_view member, const std::optional<std::string>& value) {
        if (!value) return;
        json += json.empty() ? '{' : ',';
        http::append_json_string(json, member);
        json += ':';
        http::append_json_string(json, *value);
    };
    add("email", patch.email);
    add("display_name", patch.display_name);
    return json.empty() ? "{}" : json + '}';
}

/// As a string in quotes (RFC 8941 section 3.3.3).
std::string quote(std::string_view key) {
    std::string quoted = "\"";
    for (const char c : key) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

void add_if_match(http::Request& request, std::optional<std::int64_t> version) {
    if (version) request.headers.add("If-Match", '"' + std::to_string(*version) + '"');
}

}  // namespace

std::string_view name(Consistency consistency) noexcept {
    switch (consistency) {
        case Consistency::strong:
            return "strong";
        case Consistency::session:
            return "session";
        case Consistency::eventual:
            return "eventual";
    }
    return "unknown";
}

std::string_view name(FailureKind kind) noexcept {
    switch (kind) {
        case FailureKind::rejected:
            return "rejected";
        case FailureKind::not_found:
            return "not_found";
        case FailureKind::email_taken:
            return "email_taken";
        case FailureKind::in_progress:
            return "in_progress";
        case FailureKind::version_mismatch:
            return "version_mismatch";
        case FailureKind::not_started:
            return "not_started";
        case FailureKind::outcome_unknown:
            return "outcome_unknown";
        case FailureKind::connection_lost:
            return "connection_lost";
        case FailureKind::deadline_exceeded:
            return "deadline_exceeded";
        case FailureKind::contract_violated:
            return "contract_violated";
    }
    return "unknown";
}

class Client::Implementation {
  public:
    Implementation(host::Host& host, ClientOptions options)
        : host_(host),
          options_(std::move(options)),
          random_(host.random("client.call", options_.instance)),
          nodes_(options_.endpoints.size(), Node{reliability::RetryBudget(options_.retry_budget)}) {
        ATLAS_CHECK(!options_.endpoints.empty(), "a client knows at least one endpoint");
    }

    /// An answer with the expected status, or why there is none. Repeats what may be repeated.
    host::Task<Attempt> call(host::Context context, http::Request request,
                             Expectation expectation) {
        context = context.with_deadline(host::deadline_after(host_, options_.timeout));
        if (context.trace_id != host::TraceId{}) {
            // A span id is never zero.
            request.headers.add(
                "traceparent", telemetry::format_traceparent(context.trace_id, random_.next() | 1));
        }
        bool may_have_happened = false;
        // Any of them: many clients with the same list must not all begin with its first.
        std::size_t node = random_.below(nodes_.size());
        for (unsigned retries = 0;; ++retries) {
            Attempt attempt = co_await try_once(context, request, expectation, node);
            if (attempt && attempt->status != expectation.success) {
                attempt = std::unexpected(read_failure(*attempt, expectation));
            }
            if (attempt) {
                nodes_[node].budget.succeeded();
                co_return attempt;
            }
            Failure& failure = attempt.error();
            may_have_happened |= failure.certainty == host::Certainty::indefinite;
            // That the e-mail is taken is the outcome of all attempts; any other failure tells
            // nothing about those before it.
            if (may_have_happened && failure.kind != FailureKind::email_taken) {
                failure.certainty = host::Certainty::indefinite;
            }
            if (!may_try_again(failure, expectation)) co_return attempt;
            note(node, failure);
            const std::optional<std::size_t> next =
                co_await wait_for_another_attempt(context, failure, retries, node);
            if (!next) co_return attempt;
            node = *next;
        }
    }

    /// What it learns of how far it has seen, whatever else a response says.
    void go_on_from(const http::Response& response) {
        if (const std::string* const session = response.headers.find("Atlas-Session"))
            session_ = *session;
    }

    host::Task<Outcome<User>> call_for_user(host::Context context, http::Request request,
                                            Expectation expectation) {
        const Attempt attempt = co_await call(context, std::move(request), expectation);
        if (!attempt) co_return std::unexpected(attempt.error());
        co_return read_user(*attempt, expectation);
    }

    /// 128 bits that nobody else has, as 32 hexadecimal digits.
    std::string new_idempotency_key() {
        std::array<std::byte, 16> bits;
        host_.entropy(bits);
        std::string key;
        for (const std::byte each : bits)
            key += fmt::format("{:02x}", std::to_integer<unsigned>(each));
        return key;
    }

    void draw_from(host::RandomSource random) { random_ = random; }

    void close() noexcept { idle_.clear(); }

  private:
    /// What is known of one server, by its place among the endpoints.
    struct Node {
        reliability::RetryBudget budget;
        /// When it asked to be left alone until; of attempts that it did not begin.
        host::TimePoint not_before = {};
    };

    void note(std::size_t node, const Failure& failure) {
        // A server that is not done yet has not failed.
        if (failure.kind == FailureKind::in_progress) return;
        nodes_[node].budget.failed();
        if (failure.retry_after)
            nodes_[node].not_before = host_.clock().now() + *failure.retry_after;
    }

    /// The next in turn whose budget has a retry left; nothing when there is none.
    std::optional<std::size_t> next_node(std::size_t node) {
        for (std::size_t i = 1; i <= nodes_.size(); ++i) {
            const std::size_t next = (node + i) % nodes_.size();
            if (nodes_[next].budget.grants_retry()) return next;
        }
        return std::nullopt;
    }

    /// Which node is to be asked, when its turn has come.
    host::Task<std::optional<std::size_t>> wait_for_another_attempt(host::Context context,
                                                                    const Failure& failure,
                                                                    unsigned retries,
                                                                    std::size_t node) {
        if (retries + 1 >= options_.retry.max_attempts) co_return std::nullopt;
        const std::optional<std::size_t> next = next_node(node);
        if (!next) co_return std::nullopt;
        // What is in progress is so for all nodes; any other wait is the one node's.
        const host::Duration asked =
            failure.kind == FailureKind::in_progress
                ? failure.retry_after.value_or(std::chrono::seconds{0})
                : std::max(nodes_[*next].not_before - host_.clock().now(), host::Duration{});
        const bool again = co_await reliability::wait_to_retry(host_, options_.retry, retries,
                                                               random_, context.deadline, asked);
        co_return again ? next : std::nullopt;
    }

    host::Task<Attempt> try_once(host::Context context, http::Request request,
                                 Expectation expectation, std::size_t endpoint_number) {
        const host::TimePoint now = host_.clock().now();
        if (context.deadline.passed(now)) {
            co_return std::unexpected(Failure{.kind = FailureKind::deadline_exceeded,
                                              .detail = "the deadline passed before sending"});
        }
        const host::Endpoint endpoint = options_.endpoints[endpoint_number];
        std::unique_ptr<http::ClientConnection> connection = take_idle(endpoint);
        if (!connection) {
            host::Result<std::unique_ptr<host::ByteStream>> stream =
                co_await host_.network().connect(endpoint, options_.transport,
                                                 context.deadline.earlier_of(host::deadline_after(
                                                     host_, options_.connect_timeout)));
            if (!stream) co_return std::unexpected(not_connected(stream.error(), endpoint));
            connection =
                std::make_unique<http::ClientConnection>(std::move(*stream), options_.limits);
        }
        address(request, endpoint, context.deadline);
        const std::string method = request.method;
        const std::string target = request.target;
        host::Result<http::Response> response =
            co_await connection->exchange(std::move(request), context.deadline);
        if (!response) co_return std::unexpected(lost(response.error(), expectation));
        if (options_.on_response) options_.on_response(method, target, *response);
        go_on_from(*response);
        keep(std::move(connection), endpoint);
        co_return std::move(*response);
    }

    void address(http::Request& request, const host::Endpoint& endpoint, host::Deadline deadline) {
        request.headers.set("Host", host::to_string(endpoint));
        if (!session_.empty()) request.headers.set("Atlas-Session", session_);
        // At least 1: zero would be refused as malformed.
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min<host::Duration>(
            deadline.remaining(host_.clock().now()), std::chrono::hours{24}));
        request.headers.set("Atlas-Timeout-Ms",
                            std::to_string(std::max<std::int64_t>(left.count(), 1)));
    }

    std::unique_ptr<http::ClientConnection> take_idle(const host::Endpoint& endpoint) {
        const host::TimePoint now = host_.clock().now();
        std::erase_if(idle_, [&](const IdleConnection& idle) {
            return now - idle.since >= options_.idle_time;
        });
        for (auto idle = idle_.rbegin(); idle != idle_.rend(); ++idle) {
            if (idle->endpoint != endpoint) continue;
            std::unique_ptr<http::ClientConnection> connection = std::move(idle->connection);
            idle_.erase(std::next(idle).base());
            return connection;
        }
        return nullptr;
    }

    void keep(std::unique_ptr<http::ClientConnection> connection, const host::Endpoint& endpoint) {
        if (!connection->is_reusable() || options_.idle_connections == 0) return;
        if (idle_.size() >= options_.idle_connections) idle_.erase(idle_.begin());
        idle_.push_back({std::move(connection), endpoint, host_.clock().now()});
    }

    host::Host& host_;
    ClientOptions options_;
    host::RandomSource random_;
    std::vector<Node> nodes_;
    std::vector<IdleConnection> idle_;  ///< The most recently used last.
    std::string session_;               ///< Atlas-Session of the last response.
};

Client::Client(host::Host& host, ClientOptions options)
    : implementation_(std::make_unique<Implementation>(host, std::move(options))) {}

Client::~Client() = default;

host::Task<Outcome<User>> Client::create_user(host::Context context, NewUser user) {
    const std::string key = user.idempotency_key.empty() ? implementation_->new_idempotency_key()
                                                         : user.idempotency_key;
    http::Request request{"POST",
                          "/v1/users",
                          {{"Content-Type", "application/json"}, {"Idempotency-Key", quote(key)}},
                          render(user)};
    co_return co_await implementation_->call_for_user(
        context, std::move(request), {.success = 201, .may_be_taken = true, .is_keyed = true});
}

host::Task<Outcome<User>> Client::get_user(host::Context context, std::string id,
                                           Consistency consistency) {
    http::Request request{"GET", "/v1/users/" + encode_segment(id), {}, {}};
    if (consistency != Consistency::strong) {
        request.headers.add("Atlas-Consistency", std::string(name(consistency)));
    }
    co_return co_await implementation_->call_for_user(
        context, std::move(request), {.only_reads = true, .may_be_not_found = true});
}

host::Task<Outcome<UserPage>> Client::list_users(host::Context context, std::size_t limit,
                                                 std::optional<std::string> cursor) {
    std::string target = "/v1/users?limit=" + std::to_string(limit);
    if (cursor) target += "&cursor=" + encode_segment(*cursor);
    const Expectation expectation{.only_reads = true};
    const Attempt attempt = co_await implementation_->call(
        context, http::Request{"GET", std::move(target), {}, {}}, expectation);
    if (!attempt) co_return std::unexpected(attempt.error());
    co_return read_user_page(*attempt, expectation);
}

host::Task<Outcome<User>> Client::patch_user(host::Context context, std::string id, UserPatch patch,
                                             std::optional<std::int64_t> if_match) {
    http::Request request{"PATCH",
                          "/v1/users/" + encode_segment(id),
                          {{"Content-Type", "application/merge-patch+json"}},
                          render(patch)};
    add_if_match(request, if_match);
    co_return co_await implementation_->call_for_user(context, std::move(request),
                                                      {.may_be_not_found = true,
                                                       .may_be_taken = patch.email.has_value(),
                                                       .has_precondition = true});
}

host::Task<Outcome<void>> Client::delete_user(host::Context context, std::string id,
                                              std::optional<std::int64_t> if_match) {
    http::Request request{"DELETE", "/v1/users/" + encode_segment(id), {}, {}};
    add_if_match(request, if_match);
    const Attempt attempt = co_await implementation_->call(
        context, std::move(request),
        {.success = 204, .may_be_not_found = true, .has_precondition = true});
    if (!attempt) co_return std::unexpected(attempt.error());
    co_return Outcome<void>{};
}

host::Task<Outcome<void>> Client::livez(host::Context context) {
    const Attempt attempt = co_await implementation_->call(
        context, http::Request{"GET", "/livez", {}, {}}, {.only_reads = true});
    if (!attempt) co_return std::unexpected(attempt.error());
    co_return Outcome<void>{};
}

void Client::draw_from(host::RandomSource random) {
    implementation_->draw_from(random);
}

void Client::close() noexcept {
    implementation_->close();
}

}  // namespace atlas::client
