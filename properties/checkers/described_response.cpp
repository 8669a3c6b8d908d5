#include "properties/checkers/described_response.hpp"

#include <fmt/format.h>

#include "properties/checkers/json_schema.hpp"

namespace atlas::properties {

namespace {

using Json = nlohmann::json;

/// A segment in braces stands for any one segment.
bool matches(std::string_view pattern, std::string_view path) {
    while (!pattern.empty() && !path.empty()) {
        const std::string_view expected = pattern.substr(0, pattern.find('/', 1));
        const std::string_view segment = path.substr(0, path.find('/', 1));
        const bool is_parameter = expected.starts_with("/{") && segment.size() > 1;
        if (!is_parameter && expected != segment) return false;
        pattern.remove_prefix(expected.size());
        path.remove_prefix(segment.size());
    }
    return pattern.empty() && path.empty();
}

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

/// As its schema means it: a header that is to be a number is one when its text is.
Json value_of_header(const std::string& text, const Json& schema) {
    if (schema.value("type", "") == "string") return text;
    Json number = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    return number.is_number() ? number : Json(text);
}

void check_headers(const Json& document, const Json& described, const http::Response& response,
                   std::vector<std::string>& faults) {
    for (const auto& [name, header] : described.items()) {
        if (!response.headers.contains(name)) {
            if (header.value("required", false))
                faults.push_back(fmt::format("the header {} is missing", name));
            continue;
        }
        const Json& schema = header.at("schema");
        const Json value = value_of_header(std::string(response.headers.get(name)), schema);
        for (const std::string& fault : faults_by_schema(document, schema, value))
            faults.push_back(fmt::format("in its header {} at {}", name, fault));
    }
}

/// What OpenAPI cannot say but in words: these two problems come with a time to try again.
void check_time_to_try_again(const http::Response& response, std::vector<std::string>& faults) {
    if (response.headers.get("Content-Type") != "application/problem+json") return;
    const Json body = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) return;
    const Json type = body.value("type", Json());
    const bool is_for_now =
        type == "urn:atlas:problem:not-started" || type == "urn:atlas:problem:request-in-progress";
    if (is_for_now && !response.headers.contains("Retry-After")) {
        faults.push_back("the header Retry-After is missing");
    }
}

void check_body(const Json& document, const Json& content, const http::Response& response,
                std::vector<std::string>& faults) {
    const std::string media_type(response.headers.get("Content-Type"));
    const auto described = content.find(media_type);
    if (described == content.end()) {
        faults.push_back(fmt::format("its media type is \"{}\"", media_type));
        return;
    }
    const Json body = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    if (body.is_discarded()) {
        faults.push_back("its body is no JSON");
        return;
    }
    for (const std::string& fault : faults_by_schema(document, described->at("schema"), body))
        faults.push_back(fmt::format("in its body at {}", fault));
}

}  // namespace

ApiDescription::ApiDescription(std::string_view openapi) : document_(Json::parse(openapi)) {}

const Json* ApiDescription::operation(std::string_view method, std::string_view target) const {
    const std::string_view path = target.substr(0, target.find('?'));
    for (const auto& [pattern, methods] : document_.at("paths").items()) {
        if (!matches(pattern, path)) continue;
        const auto found = methods.find(in_lower_case(method));
        if (found != methods.end()) return &*found;
    }
    return nullptr;
}

std::vector<std::string> ApiDescription::faults_in(std::string_view method, std::string_view target,
                                                   const http::Response& response) const {
    const Json* const called = operation(method, target);
    if (called == nullptr) return {"there is no such path with that method"};
    const Json& responses = called->at("responses");
    const auto described = responses.find(std::to_string(response.status));
    if (described == responses.end()) {
        return {fmt::format("the status {} is not described", response.status)};
    }
    std::vector<std::string> faults;
    const auto headers = described->find("headers");
    if (headers != described->end()) check_headers(document_, *headers, response, faults);
    check_time_to_try_again(response, faults);
    if (described->contains("content")) {
        check_body(document_, described->at("content"), response, faults);
    } else if (!response.body.empty()) {
        faults.push_back("it has a body");
    }
    return faults;
}

}  // namespace atlas::properties
