#include "system/api/health_routes.hpp"

#include <utility>

#include "system/http/json_string.hpp"
#include "system/http/problem.hpp"

namespace atlas::api {
namespace {

http::Response answer(int status, std::string json) {
    return {status,
            {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
            std::move(json)};
}

http::Response not_yet(const Call& call, std::string_view reason) {
    return http::to_response({.type = http::problems::not_started,
                              .detail = std::string{reason},
                              .retry_after = std::chrono::seconds{1}},
                             call.context.trace_id);
}

/// Why there should be no work for this process now; empty when it is ready.
std::string_view find_obstacle(const service::Health& health) {
    if (health.is_draining()) return "The process is about to stop.";
    if (!health.has_started()) return "The database schema is not up to date yet.";
    if (health.status() == service::HealthStatus::unhealthy) {
        return "A dependency is unhealthy; see /health.";
    }
    return {};
}

/// "12.345": milliseconds with the microseconds behind the point.
std::string in_milliseconds(host::Duration duration) {
    const auto microseconds =
        std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    std::string fraction = std::to_string(microseconds % 1000);
    fraction.insert(0, 3 - fraction.size(), '0');
    return std::to_string(microseconds / 1000) + '.' + fraction;
}

std::string render(const service::DependencyHealth& dependency) {
    std::string json = R"({"name":)";
    http::append_json_string(json, dependency.name);
    json += R"(,"status":)";
    http::append_json_string(json, service::name(dependency.status));
    json += R"(,"latency_ms":)" + in_milliseconds(dependency.latency) + R"(,"error":)";
    if (dependency.error.empty()) {
        json += "null";
    } else {
        http::append_json_string(json, dependency.error);
    }
    return json + '}';
}

}  // namespace

host::Task<http::Response> answer_livez(Services, Call) {
    co_return answer(200, R"({"status":"alive"})");
}

host::Task<http::Response> answer_startupz(Services services, Call call) {
    if (services.health.has_started()) co_return answer(200, R"({"status":"started"})");
    co_return not_yet(call, "The database schema is not up to date yet.");
}

host::Task<http::Response> answer_readyz(Services services, Call call) {
    const std::string_view obstacle = find_obstacle(services.health);
    if (obstacle.empty()) co_return answer(200, R"({"status":"ready"})");
    co_return not_yet(call, obstacle);
}

host::Task<http::Response> show_health(Services services, Call) {
    const service::HealthStatus status = services.health.status();
    std::string json = R"({"status":)";
    http::append_json_string(json, service::name(status));
    json += R"(,"dependencies":[)";
    for (const service::DependencyHealth& dependency : services.health.dependencies()) {
        if (!json.ends_with('[')) json += ',';
        json += render(dependency);
    }
    json += "]}";
    co_return answer(status == service::HealthStatus::unhealthy ? 503 : 200, std::move(json));
}

}  // namespace atlas::api
