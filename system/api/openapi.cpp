#include "system/api/openapi.hpp"

#include <nlohmann/json.hpp>

#include "system/http/message.hpp"

namespace atlas::api {
namespace {

/// In the order in which it is written here.
using Json = nlohmann::ordered_json;

Json reference_to(std::string_view schema) {
    return {{"$ref", "#/components/schemas/" + std::string{schema}}};
}

/// Bodies of answers. (Those of requests are made from the schemas that validate them.)
constexpr std::string_view answer_schemas = R"({
    "User": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "email": {"type": "string"},
            "display_name": {"type": "string"},
            "version": {"type": "integer", "minimum": 1},
            "created_at": {"type": "string", "format": "date-time"},
            "updated_at": {"type": "string", "format": "date-time"}
        },
        "required": ["id", "email", "display_name", "version", "created_at", "updated_at"],
        "additionalProperties": false
    },
    "UserPage": {
        "type": "object",
        "properties": {
            "users": {"type": "array", "items": {"$ref": "#/components/schemas/User"}},
            "next_cursor": {"type": ["string", "null"]}
        },
        "required": ["users", "next_cursor"],
        "additionalProperties": false
    },
    "Status": {
        "type": "object",
        "properties": {"status": {"type": "string"}},
        "required": ["status"],
        "additionalProperties": false
    },
    "Health": {
        "type": "object",
        "properties": {
            "status": {"enum": ["healthy", "degraded", "unhealthy"]},
            "dependencies": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string"},
                        "status": {"enum": ["healthy", "degraded", "unhealthy"]},
                        "latency_ms": {"type": "number"},
                        "error": {"type": ["string", "null"]}
                    },
                    "required": ["name", "status", "latency_ms", "error"],
                    "additionalProperties": false
                }
            }
        },
        "required": ["status", "dependencies"],
        "additionalProperties": false
    },
    "Description": {"type": "object", "required": ["openapi", "info", "paths"]},
    "Problem": {
        "type": "object",
        "description": "Problem details (RFC 9457).",
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": {"type": "string", "format": "json-pointer"},
                        "detail": {"type": "string"}
                    },
                    "required": ["pointer", "detail"],
                    "additionalProperties": false
                }
            },
            "trace_id": {"type": "string"}
        },
        "required": ["type", "title", "status"],
        "additionalProperties": false
    }
})";

Json describe(const ObjectSchema& schema) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const StringMember& member : schema.members) {
        properties[std::string{member.name}] = {
            {"type", "string"}, {"minLength", member.min_length}, {"maxLength", member.max_length}};
        if (member.required) required.push_back(member.name);
    }
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)},
            {"additionalProperties", false}};
}

Json parameter(std::string_view name, std::string_view place, bool is_required,
               std::string_view description) {
    return {{"name", name},
            {"in", place},
            {"required", is_required},
            {"description", description},
            {"schema", {{"type", "string"}}}};
}

std::string_view path_parameter_of(const Route& route) {
    const std::size_t open = route.path.find('{');
    if (open == std::string_view::npos) return {};
    return route.path.substr(open + 1, route.path.find('}') - open - 1);
}

Json parameters_of(const Route& route) {
    Json parameters = Json::array();
    if (const std::string_view name = path_parameter_of(route); !name.empty()) {
        parameters.push_back(parameter(name, "path", true, "Which one."));
    }
    for (const QueryParameter& each : route.query)
        parameters.push_back(parameter(each.name, "query", false, each.description));
    if (route.needs_if_match) {
        parameters.push_back(
            parameter("If-Match", "header", true, "The ETag of what is to be changed, or *."));
    }
    if (route.needs_idempotency_key) {
        parameters.push_back(parameter("Idempotency-Key", "header", true,
                                       "Under it the request takes effect once."));
    }
    if (route.needs_database) {
        Json level = parameter("Atlas-Consistency", "header", false,
                               "How new what is read has to be: strong when left out. Changes are "
                               "always strong.");
        level["schema"]["enum"] = {"strong", "session", "eventual"};
        parameters.push_back(std::move(level));
        parameters.push_back(parameter("Atlas-Session", "header", false,
                                       "That of the last response: nothing older is read by the "
                                       "levels strong and session."));
    }
    parameters.push_back(parameter("Atlas-Timeout-Ms", "header", false,
                                   "How long the answer is of use, in whole milliseconds."));
    return parameters;
}

/// Every status but success that the route can answer with, each once and in order.
std::vector<int> problems_of(const Route& route) {
    std::vector<int> statuses{400};
    if (!path_parameter_of(route).empty()) statuses.push_back(404);
    statuses.push_back(408);
    if (route.needs_idempotency_key || route.may_be_taken) statuses.push_back(409);
    if (route.body != nullptr) statuses.push_back(411);
    if (route.needs_if_match) statuses.push_back(412);
    statuses.insert(statuses.end(), {413, 414});
    if (route.body != nullptr) statuses.push_back(415);
    statuses.push_back(417);
    if (route.needs_idempotency_key) statuses.push_back(422);
    if (route.needs_if_match) statuses.push_back(428);
    statuses.insert(statuses.end(), {431, 500, 501, 503, 505});
    return statuses;
}

Json content(std::string_view media_type, std::string_view schema) {
    return {{std::string{media_type}, {{"schema", reference_to(schema)}}}};
}

Json header(bool is_required, std::string_view description, Json schema) {
    return {{"required", is_required}, {"description", description}, {"schema", std::move(schema)}};
}

/// Of success, those that clients go on with.
Json headers_of(const Route& route) {
    Json headers = Json::object();
    if (route.needs_database) {
        headers["Atlas-Session"] =
            header(true, "How far the session has seen: for its next request, unchanged.",
                   {{"type", "string"}});
    }
    if (route.answer == "User") {
        headers["ETag"] = header(true, "The user's version, for If-Match.",
                                 {{"type", "string"}, {"format", "entity-tag"}});
    }
    if (route.success == 201) {
        headers["Location"] = header(true, "Where what was made is found.",
                                     {{"type", "string"}, {"format", "uri-reference"}});
    }
    return headers;
}

/// Of problems that may be over soon.
Json headers_of_problem(int status) {
    Json headers = Json::object();
    if (status == 409 || status == 503) {
        headers["Retry-After"] =
            header(false,
                   "After how many seconds to try again; always there with the problems "
                   "request-in-progress and not-started.",
                   {{"type", "integer"}, {"minimum", 0}});
    }
    return headers;
}

Json responses_of(const Route& route) {
    Json responses = Json::object();
    Json& success = responses[std::to_string(route.success)];
    success = {{"description", http::reason_phrase(route.success)}};
    if (Json headers = headers_of(route); !headers.empty()) success["headers"] = std::move(headers);
    if (!route.answer.empty()) success["content"] = content("application/json", route.answer);
    for (const int status : problems_of(route)) {
        Json& problem = responses[std::to_string(status)];
        problem = {{"description", http::reason_phrase(status)},
                   {"content", content("application/problem+json", "Problem")}};
        if (Json headers = headers_of_problem(status); !headers.empty()) {
            problem["headers"] = std::move(headers);
        }
        // What is unhealthy says so in full.
        if (status == 503 && route.answer == "Health") {
            problem["content"].update(content("application/json", "Health"));
        }
    }
    return responses;
}

Json describe(const Route& route) {
    Json operation{{"summary", route.summary}, {"parameters", parameters_of(route)}};
    if (route.body != nullptr) {
        operation["requestBody"] = {{"required", true},
                                    {"content", content(route.body_media_type, route.body->name)}};
    }
    operation["responses"] = responses_of(route);
    return operation;
}

std::string in_lower_case(std::string_view method) {
    std::string text;
    for (const char c : method)
        text += static_cast<char>(c - 'A' + 'a');
    return text;
}

}  // namespace

std::string describe_api(std::span<const Route> routes) {
    Json schemas = Json::parse(answer_schemas);
    Json paths = Json::object();
    for (const Route& route : routes) {
        paths[std::string{route.path}][in_lower_case(route.method)] = describe(route);
        if (route.body != nullptr) schemas[std::string{route.body->name}] = describe(*route.body);
    }
    const Json description{{"openapi", "3.1.0"},
                           {"info", {{"title", "Atlas"}, {"version", "1"}}},
                           {"paths", std::move(paths)},
                           {"components", {{"schemas", std::move(schemas)}}}};
    return description.dump();
}

}  // namespace atlas::api
