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

void check_headers(const Json& described, const http::Response& response,
                   std::vector<std::string>& faults) {
    for (const auto& [name, header] : described.items()) {
        if (header.value("required", false) && !response.headers.contains(name)) {
            faults.push_back(fmt::format("the header {} is missing", name));
        }
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
    check_headers(described->value("headers", Json::object()), response, faults);
    if (described->contains("content")) {
        check_body(document_, described->at("content"), response, faults);
    } else if (!response.body.empty()) {
        faults.push_back("it has a body");
    }
    return faults;
}

}  // namespace atlas::properties
