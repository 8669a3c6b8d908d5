#include "system/api/routes.hpp"

#include <algorithm>
#include <array>

#include "system/api/health_routes.hpp"
#include "system/api/openapi.hpp"
#include "system/api/user_routes.hpp"

namespace atlas::api {
namespace {

host::Task<http::Response> show_description(Services, Call) {
    static const std::string description = describe_api(routes());
    co_return http::Response{200, {{"Content-Type", "application/json"}}, description};
}

/// The path of an origin-form or absolute-form target (RFC 9112 section 3.2), without its query.
std::string_view path_of(std::string_view target) {
    target = target.substr(0, target.find('?'));
    // A scheme has no case (RFC 3986 section 3.1).
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!http::equal_names(target.substr(0, scheme.size()), scheme)) continue;
        const std::size_t slash = target.find('/', scheme.size());
        return slash == std::string_view::npos ? "/" : target.substr(slash);
    }
    return target;
}

/// What follows the first question mark.
std::string_view query_of(std::string_view target) {
    const std::size_t mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

/// The parameter's value (empty for a path without one), or nothing.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
    const std::size_t open = pattern.find('{');
    if (open == std::string_view::npos) {
        return path == pattern ? std::optional<std::string_view>{""} : std::nullopt;
    }
    const std::string_view tail = pattern.substr(pattern.find('}') + 1);
    const std::string_view head = pattern.substr(0, open);
    if (path.size() <= head.size() + tail.size() || !path.starts_with(head) ||
        !path.ends_with(tail)) {
        return {};
    }
    const std::string_view value =
        path.substr(head.size(), path.size() - head.size() - tail.size());
    if (value.find('/') != std::string_view::npos) return {};
    return value;
}

}  // namespace

std::span<const Route> routes() {
    static constexpr std::array table{
        Route{.method = "POST",
              .path = "/v1/users",
              .summary = "Registers a user.",
              .body_media_type = "application/json",
              .body = &registration_schema,
              .needs_idempotency_key = true,
              .success = 201,
              .answer = "User",
              .may_be_taken = true,
              .run = create_user},
        Route{.method = "GET",
              .path = "/v1/users",
              .summary = "Lists the users, a page at a time, in the order of their ids.",
              .query = listing_parameters,
              .answer = "UserPage",
              .run = list_users},
        Route{.method = "GET",
              .path = "/v1/users/{id}",
              .summary = "Shows a user.",
              .answer = "User",
              .run = get_user},
        Route{.method = "PATCH",
              .path = "/v1/users/{id}",
              .summary = "Changes a user by JSON merge patch (RFC 7396).",
              .body_media_type = "application/merge-patch+json",
              .body = &user_patch_schema,
              .needs_if_match = true,
              .answer = "User",
              .may_be_taken = true,
              .run = patch_user},
        Route{.method = "DELETE",
              .path = "/v1/users/{id}",
              .summary = "Deletes a user: e-mail address, display name and password are erased at "
                         "once, and the address is free again. The id stays, and for a day what "
                         "the registration was answered under its key.",
              .needs_if_match = true,
              .success = 204,
              .run = delete_user},
        Route{.method = "GET",
              .path = "/livez",
              .summary = "Says that the process is there.",
              .answer = "Status",
              .needs_database = false,
              .is_never_shed = true,
              .run = answer_livez},
        Route{.method = "GET",
              .path = "/startupz",
              .summary = "Says whether the process has come up.",
              .answer = "Status",
              .needs_database = false,
              .is_never_shed = true,
              .run = answer_startupz},
        Route{.method = "GET",
              .path = "/readyz",
              .summary = "Says whether the process should get work.",
              .answer = "Status",
              .needs_database = false,
              .is_never_shed = true,
              .run = answer_readyz},
        Route{.method = "GET",
              .path = "/health",
              .summary = "Shows how the process's dependencies are doing.",
              .answer = "Health",
              .needs_database = false,
              .is_never_shed = true,
              .run = show_health},
        Route{.method = "GET",
              .path = "/openapi.json",
              .summary = "Describes this API (OpenAPI 3.1).",
              .answer = "Description",
              .needs_database = false,
              .run = show_description},
    };
    return table;
}

RouteMatch find_route(std::string_view method, std::string_view target) {
    const std::string_view path = path_of(target);
    RouteMatch found;
    for (const Route& route : routes()) {
        const std::optional<std::string_view> parameter = match(route.path, path);
        if (!parameter) continue;
        if (route.method == method) return {&route, path, *parameter, query_of(target)};
        found.allowed.push_back(route.method);
    }
    return found;
}

}  // namespace atlas::api
