#include "system/lease_store/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "system/http/problem.hpp"
#include "system/lease_store/entry_json.hpp"

namespace atlas::lease_store {

using host::Certainty;
using host::Context;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;
using http::Request;
using http::Response;
using Json = nlohmann::json;

namespace {

constexpr host::Duration connect_time = std::chrono::seconds{1};
// Of a listing of as many entries as there can be.
constexpr std::size_t longest_answer = 4 * Limits::total_bytes;
// The server closes a connection on which nobody has asked for twice as long.
constexpr host::Duration longest_idle = std::chrono::seconds{30};

host::Error error_of(const Response& response) {
    const Json body = Json::parse(response.body, nullptr, false);
    const auto member = [&](const char* name) {
        return body.is_object() && body.contains(name) && body[name].is_string()
                   ? body[name].get<std::string>()
                   : std::string();
    };
    std::string detail = fmt::format("{}: {}", response.status, member("detail"));
    switch (response.status) {
        case 400:
            return {ErrorCode::invalid_argument, Certainty::definite, std::move(detail)};
        case 404:
            return {ErrorCode::not_found, Certainty::definite, std::move(detail)};
        case 409:
            return {ErrorCode::conflict, Certainty::definite, std::move(detail)};
        case 503:
            return {ErrorCode::unavailable,
                    member("type") == http::problems::not_started.uri ? Certainty::definite
                                                                      : Certainty::indefinite,
                    std::move(detail)};
        case 412:
            return {ErrorCode::data_corrupted, Certainty::definite, std::move(detail)};
        case 507:
            return {ErrorCode::resource_exhausted, Certainty::definite, std::move(detail)};
        default:
            // Whatever it did not like about the request, it has refused it.
            return {ErrorCode::protocol_error,
                    response.status >= 400 && response.status < 500 ? Certainty::definite
                                                                    : Certainty::indefinite,
                    std::move(detail)};
    }
}

std::string render(const Put& put) {
    Json json{{"value", put.value}};
    if (put.if_revision) json["if_revision"] = *put.if_revision;
    if (put.time_to_live) json["time_to_live_ms"] = put.time_to_live->count();
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// It becomes part of a target, so what is no key must not be sent.
Result<void> check_key(std::string_view key) {
    if (is_key(key)) return {};
    return failure(ErrorCode::invalid_argument,
                   fmt::format("\"{}\" is no key of a lease store", key.substr(0, 64)));
}

/// Of a call that changes nothing.
host::Error definite(host::Error error) {
    error.certainty = Certainty::definite;
    return error;
}

}  // namespace

Client::Client(host::Host& host, host::Endpoint endpoint)
    : host_(host), endpoint_(std::move(endpoint)) {}

void Client::close() noexcept {
    idle_.reset();
}

void Client::drop_old_connection() {
    if (idle_ && host_.clock().now() - idle_since_ > longest_idle) idle_.reset();
}

Task<Result<std::unique_ptr<http::ClientConnection>>> Client::connect(Context context) {
    const host::Deadline deadline =
        context.deadline.earlier_of(host::deadline_after(host_, connect_time));
    auto stream = co_await host_.network().connect(endpoint_, {}, deadline);
    if (!stream) {
        co_return failure(ErrorCode::unavailable,
                          fmt::format("no connection to the lease store at {}: {}",
                                      host::to_string(endpoint_), describe(stream.error())));
    }
    co_return std::make_unique<http::ClientConnection>(
        *std::move(stream), http::MessageLimits{.body_bytes = longest_answer});
}

// The store must not begin a change that its caller has given up.
void Client::add_fields(const Context& context, Request& request) const {
    request.headers.add("Host", host::to_string(endpoint_));
    if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
    if (known_) request.headers.add(mark_field, to_string(*known_));
    if (context.deadline.is_never()) return;
    using std::chrono::milliseconds;
    const auto left =
        std::chrono::duration_cast<milliseconds>(context.deadline.remaining(host_.clock().now()));
    constexpr milliseconds longest{std::numeric_limits<std::uint32_t>::max()};
    request.headers.add("Atlas-Timeout-Ms",
                        std::to_string(std::clamp(left, milliseconds{1}, longest).count()));
}

// An answer that the store's process gave before it looked at the request has no mark.
Result<void> Client::note_mark(const Response& response) {
    const bool is_refusal = response.status >= 400;
    const std::string* field = response.headers.find(mark_field);
    if (field == nullptr && is_refusal) return {};
    const std::optional<StoreMark> mark = field ? read_mark(*field) : std::nullopt;
    const Certainty certainty = is_refusal ? Certainty::definite : Certainty::indefinite;
    if (!mark) {
        return failure(ErrorCode::protocol_error, "the answer is not that of a lease store",
                       certainty);
    }
    if (known_ && !mark->continues(*known_)) {
        return failure(
            ErrorCode::data_corrupted,
            fmt::format("the lease store at {} is not the one it was: it is at \"{}\", "
                        "and has been at \"{}\"",
                        host::to_string(endpoint_), to_string(*mark), to_string(*known_)),
            certainty);
    }
    known_ = mark;
    return {};
}

Task<Result<Response>> Client::exchange(Context context, Request request) {
    std::unique_ptr<http::ClientConnection> connection = std::move(idle_);
    if (connection == nullptr) {
        auto made = co_await connect(context);
        if (!made) co_return std::unexpected(std::move(made).error());
        connection = *std::move(made);
    }
    add_fields(context, request);
    Result<Response> response = co_await connection->exchange(std::move(request), context.deadline);
    if (!response) {
        if (response.error().code != ErrorCode::deadline_exceeded &&
            response.error().code != ErrorCode::protocol_error)
            response.error().code = ErrorCode::unavailable;
        co_return response;
    }
    const Result<void> marked = note_mark(*response);
    if (!marked) co_return std::unexpected(marked.error());
    if (connection->is_reusable()) {
        idle_ = std::move(connection);
        idle_since_ = host_.clock().now();
    }
    co_return response;
}

Task<Result<Entries>> Client::list(Context context, std::string prefix) {
    const Result<void> allowed = prefix.empty() ? Result<void>{} : check_key(prefix);
    if (!allowed) co_return std::unexpected(allowed.error());
    const Request request{
        .method = "GET", .target = "/v1/keys?prefix=" + prefix, .headers = {}, .body = {}};
    drop_old_connection();
    const bool kept = idle_ != nullptr;
    Result<Response> response = co_await exchange(context, request);
    // The store may have started anew since the connection was last used.
    if (kept && !response && response.error().code == ErrorCode::unavailable)
        response = co_await exchange(context, request);
    if (!response) co_return std::unexpected(definite(response.error()));
    if (response->status != 200) co_return std::unexpected(definite(error_of(*response)));
    std::optional<Entries> entries = to_entries(Json::parse(response->body, nullptr, false));
    if (!entries) {
        co_return failure(ErrorCode::protocol_error,
                          "the lease store's answer is not a list of entries");
    }
    co_return *std::move(entries);
}

Task<Result<Entry>> Client::put(Context context, Put put) {
    const Result<void> allowed = check_key(put.key);
    if (!allowed) co_return std::unexpected(allowed.error());
    const std::string target = "/v1/keys/" + put.key;
    drop_old_connection();
    const Result<Response> response = co_await exchange(
        context, {.method = "PUT", .target = target, .headers = {}, .body = render(put)});
    if (!response) co_return std::unexpected(response.error());
    if (response->status != 200) co_return std::unexpected(error_of(*response));
    std::optional<Entry> entry = to_entry(Json::parse(response->body, nullptr, false));
    if (!entry || entry->key != put.key) {
        co_return failure(ErrorCode::protocol_error, "the lease store's answer is not the entry",
                          Certainty::indefinite);
    }
    co_return *std::move(entry);
}

Task<Result<void>> Client::remove(Context context, Removal removal) {
    const Result<void> allowed = check_key(removal.key);
    if (!allowed) co_return allowed;
    std::string target = "/v1/keys/" + removal.key;
    if (removal.if_revision) target += "?if_revision=" + std::to_string(*removal.if_revision);
    drop_old_connection();
    const Result<Response> response = co_await exchange(
        context, {.method = "DELETE", .target = target, .headers = {}, .body = {}});
    if (!response) co_return std::unexpected(response.error());
    if (response->status != 204) co_return std::unexpected(error_of(*response));
    co_return Result<void>{};
}

}  // namespace atlas::lease_store
