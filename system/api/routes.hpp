#pragma once
// The table of routes: what the API routes by, what it validates by, and what its description is
// made from.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "system/api/entity_tag.hpp"
#include "system/api/query.hpp"
#include "system/api/schema.hpp"
#include "system/http/message.hpp"
#include "system/service/health.hpp"
#include "system/service/users.hpp"
#include "system/store/idempotency.hpp"

namespace atlas::api {

/// A request that has been routed and validated.
struct Call {
    host::Context context;
    std::string path_parameter = {};
    Arguments arguments = {};
    Members members = {};
    std::optional<IfMatch> if_match = {};
    std::optional<store::KeyedRequest> keyed = {};
    /// Outlives the call; null where the route needs no database.
    sql::Session* session = nullptr;
};

/// What the routes call; all outlive every call.
struct Services {
    service::Users& users;
    const service::Health& health;
};

struct Route {
    std::string_view method;
    /// One segment may be a parameter in braces: "/v1/users/{id}".
    std::string_view path;
    std::string_view summary;
    /// Those of its query. Without any, a query is left aside.
    std::span<const QueryParameter> query = {};
    /// Empty when the route takes no body.
    std::string_view body_media_type = {};
    const ObjectSchema* body = nullptr;
    /// Without If-Match: 428.
    bool needs_if_match = false;
    /// Without Idempotency-Key: 400.
    bool needs_idempotency_key = false;
    /// The status of success.
    int success = 200;
    /// The schema of its body, by its name in openapi.cpp; empty when there is none.
    std::string_view answer = {};
    /// Another user may have the e-mail address: 409.
    bool may_be_taken = false;
    /// If so, the request may name a level and a session, and every answer has its session. If not,
    /// it is answered by the process alone, database or not.
    bool needs_database = true;
    /// Answered however much there is to do: it is cheap, and a "no" would be taken for trouble.
    bool is_never_shed = false;
    host::Task<http::Response> (*run)(Services services, Call call);
};

std::span<const Route> routes();

struct RouteMatch {
    const Route* route = nullptr;  ///< Null: see `allowed`.
    std::string_view path = {};
    std::string_view path_parameter = {};
    std::string_view query = {};
    /// The methods of the path, when none is the request's; empty when there is no such path.
    std::vector<std::string_view> allowed = {};
};

/// `target` as in the request line, and outlives what is returned.
RouteMatch find_route(std::string_view method, std::string_view target);

}  // namespace atlas::api
