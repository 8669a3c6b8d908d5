#include "system/api/api.hpp"

#include <utility>

#include "system/api/failure.hpp"
#include "system/api/idempotency_key.hpp"
#include "system/api/routes.hpp"
#include "system/api/session_header.hpp"
#include "system/reliability/request_fingerprint.hpp"

namespace atlas::api {
namespace {

using http::Problem;
namespace problems = http::problems;

Problem method_not_allowed(const std::vector<std::string_view>& allowed) {
    std::string list;
    for (const std::string_view method : allowed) {
        if (!list.empty()) list += ", ";
        list += method;
        // The HTTP server answers HEAD from GET.
        if (method == "GET") list += ", HEAD";
    }
    return {.type = problems::method_not_allowed, .headers = {{"Allow", std::move(list)}}};
}

/// "application/json; charset=utf-8" is of media type "application/json".
bool has_media_type(std::string_view field, std::string_view media_type) {
    std::string_view essence = field.substr(0, field.find(';'));
    while (essence.ends_with(' ') || essence.ends_with('\t'))
        essence.remove_suffix(1);
    return http::equal_names(essence, media_type);
}

std::optional<Problem> check_body(const Route& route, const http::Request& request) {
    const http::Headers& headers = request.headers;
    const bool has_body =
        headers.contains("Content-Length") || headers.contains("Transfer-Encoding");
    if (!has_body) {
        return Problem{.type = problems::length_required,
                       .detail = "Send a body with Content-Length or in chunks."};
    }
    if (headers.contains("Content-Encoding") ||
        !has_media_type(headers.get("Content-Type"), route.body_media_type)) {
        return Problem{.type = problems::unsupported_media_type,
                       .detail = "Send " + std::string{route.body_media_type} + "."};
    }
    return {};
}

/// An entity tag condition; nothing where the route needs none.
std::expected<std::optional<IfMatch>, Problem> read_if_match(const Route& route,
                                                             const http::Headers& headers) {
    if (!route.needs_if_match) return std::nullopt;
    const std::string* field = headers.find("If-Match");
    if (field == nullptr) {
        return std::unexpected(Problem{.type = problems::precondition_required,
                                       .detail = "Send the ETag of the user in If-Match."});
    }
    std::optional<IfMatch> if_match = parse_if_match(*field);
    if (!if_match || headers.count("If-Match") > 1) {
        return std::unexpected(
            Problem{.type = problems::invalid_request,
                    .detail = "If-Match is \"*\" or one field of at most 16 entity tags."});
    }
    return if_match;
}

/// Likewise, the key under which the request takes effect once.
std::expected<std::optional<store::KeyedRequest>, Problem> read_key(
    const RouteMatch& match, const http::Request& request, const FingerprintSecrets& secrets) {
    if (!match.route->needs_idempotency_key) return std::nullopt;
    const std::string* field = request.headers.find("Idempotency-Key");
    if (field == nullptr) {
        return std::unexpected(
            Problem{.type = problems::idempotency_key_missing,
                    .detail = "Send a key of your own choice, and the same one when you repeat the "
                              "request."});
    }
    std::optional<std::string> key = parse_idempotency_key(*field);
    if (!key || request.headers.count("Idempotency-Key") > 1) {
        return std::unexpected(Problem{
            .type = problems::invalid_request,
            .detail = "Idempotency-Key is one field of 1 to 255 ASCII characters, quoted or "
                      "bare."});
    }
    const auto fingerprint = [&](std::string_view secret) {
        return reliability::request_fingerprint(secret, request.method, match.path, request.body);
    };
    store::KeyedRequest keyed{.key = std::move(*key), .fingerprint = fingerprint(secrets.current)};
    if (!secrets.previous.empty()) keyed.previous_fingerprint = fingerprint(secrets.previous);
    return keyed;
}

/// What the route demands of the request, or what is wrong with it.
std::expected<Call, Problem> validate(const RouteMatch& match, host::Context context,
                                      const http::Request& request,
                                      const FingerprintSecrets& secrets) {
    const Route& route = *match.route;
    Call call{.context = context, .path_parameter = std::string{match.path_parameter}};
    if (route.body != nullptr) {
        if (std::optional<Problem> wrong = check_body(route, request)) {
            return std::unexpected(std::move(*wrong));
        }
    }
    if (!route.query.empty()) {
        std::expected<Arguments, Problem> arguments = read_query(match.query, route.query);
        if (!arguments) return std::unexpected(std::move(arguments.error()));
        call.arguments = std::move(*arguments);
    }
    auto if_match = read_if_match(route, request.headers);
    if (!if_match) return std::unexpected(std::move(if_match.error()));
    call.if_match = std::move(*if_match);
    auto keyed = read_key(match, request, secrets);
    if (!keyed) return std::unexpected(std::move(keyed.error()));
    call.keyed = std::move(*keyed);
    if (route.body != nullptr) {
        std::expected<Members, Problem> members = read_object(request.body, *route.body);
        if (!members) return std::unexpected(std::move(members.error()));
        call.members = std::move(*members);
    }
    return call;
}

}  // namespace

Api::Api(Services services, FingerprintSecrets secrets)
    : services_(services), secrets_(std::move(secrets)) {}

http::Handler Api::handler() {
    return [this](host::Context context, http::Request request) {
        return handle(context, std::move(request));
    };
}

host::Task<http::Response> Api::handle(host::Context context, http::Request request) {
    const RouteMatch match = find_route(request.method, request.target);
    if (match.route == nullptr) {
        const Problem problem = match.allowed.empty() ? Problem{.type = problems::not_found}
                                                      : method_not_allowed(match.allowed);
        co_return http::to_response(problem, context.trace_id);
    }
    std::expected<Call, Problem> call = validate(match, context, request, secrets_);
    if (!call) co_return http::to_response(call.error(), context.trace_id);
    if (!match.route->needs_database)
        co_return co_await match.route->run(services_, std::move(*call));
    std::expected<sql::Session, Problem> session = read_session(request.headers);
    if (!session) co_return http::to_response(session.error(), context.trace_id);
    if (!services_.health.has_started()) {
        co_return to_response(host::Error{host::ErrorCode::unavailable}, context);
    }
    // A change begins with what is there.
    if (request.method != "GET") session->consistency = sql::Consistency::strong;
    call->session = &*session;
    http::Response response = co_await match.route->run(services_, std::move(*call));
    response.headers.set("Atlas-Session", format_session(session->seen));
    co_return response;
}

}  // namespace atlas::api
