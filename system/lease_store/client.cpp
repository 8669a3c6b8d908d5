#include "system/lease_store/client.hpp"

#include <fmt/format.h>

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
constexpr std::size_t longest_answer = 32UL * 1024 * 1024;

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
        default:
            return {ErrorCode::protocol_error, Certainty::indefinite, std::move(detail)};
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

Task<Result<Response>> Client::exchange(Context context, Request request) {
    std::unique_ptr<http::ClientConnection> connection = std::move(idle_);
    if (connection == nullptr) {
        const host::Deadline deadline =
            context.deadline.earlier_of(host::deadline_after(host_, connect_time));
        auto stream = co_await host_.network().connect(endpoint_, {}, deadline);
        if (!stream) {
            co_return failure(ErrorCode::unavailable,
                              fmt::format("no connection to the lease store at {}: {}",
                                          host::to_string(endpoint_), describe(stream.error())));
        }
        connection = std::make_unique<http::ClientConnection>(
            *std::move(stream), http::MessageLimits{.body_bytes = longest_answer});
    }
    request.headers.add("Host", host::to_string(endpoint_));
    if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
    Result<Response> response = co_await connection->exchange(std::move(request), context.deadline);
    if (!response) {
        if (response.error().code != ErrorCode::deadline_exceeded &&
            response.error().code != ErrorCode::protocol_error)
            response.error().code = ErrorCode::unavailable;
        co_return response;
    }
    if (connection->is_reusable()) idle_ = std::move(connection);
    co_return response;
}

Task<Result<Entries>> Client::list(Context context, std::string prefix) {
    const Result<void> allowed = prefix.empty() ? Result<void>{} : check_key(prefix);
    if (!allowed) co_return std::unexpected(allowed.error());
    const std::string target = "/v1/keys?prefix=" + prefix;
    const Result<Response> response =
        co_await exchange(context, {.method = "GET", .target = target, .headers = {}, .body = {}});
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
    const Result<Response> response = co_await exchange(
        context, {.method = "DELETE", .target = target, .headers = {}, .body = {}});
    if (!response) co_return std::unexpected(response.error());
    if (response->status != 204) co_return std::unexpected(error_of(*response));
    co_return Result<void>{};
}

}  // namespace atlas::lease_store
