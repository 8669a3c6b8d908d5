#include "system/client/contract.hpp"

#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "system/http/problem.hpp"

namespace atlas::client {
namespace {

using Json = nlohmann::json;
namespace problems = http::problems;

std::optional<std::string> text_member(const Json& object, const char* name) {
    const auto member = object.find(name);
    if (member == object.end() || !member->is_string()) return {};
    return member->get<std::string>();
}

/// The object in the body, if the answer has that media type and is one.
std::optional<Json> parse_body(const http::Response& response, std::string_view media_type) {
    if (response.headers.get("Content-Type") != media_type) return {};
    Json json = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return {};
    return json;
}

std::optional<User> parse_user(const Json& json) {
    const auto id = text_member(json, "id");
    const auto email = text_member(json, "email");
    const auto display_name = text_member(json, "display_name");
    const auto created_at = text_member(json, "created_at");
    const auto updated_at = text_member(json, "updated_at");
    const auto version = json.find("version");
    if (!id || !email || !display_name || !created_at || !updated_at || version == json.end() ||
        !version->is_number_integer() || json.size() != 6) {
        return {};
    }
    return User{*id, *email, *display_name, version->get<std::int64_t>(), *created_at, *updated_at};
}

/// Retry-After in seconds. Its other form, a date, is not what this API sends.
std::optional<std::chrono::seconds> retry_after_of(const http::Response& response) {
    const std::string_view text = response.headers.get("Retry-After");
    std::uint32_t seconds = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || rest != text.data() + text.size()) return {};
    return std::chrono::seconds{seconds};
}

host::Certainty indefinite_unless(bool only_reads) {
    return only_reads ? host::Certainty::definite : host::Certainty::indefinite;
}

/// The kind that a problem type stands for in a call of this kind; nothing if it may not occur.
std::optional<FailureKind> kind_of(std::string_view type, int status,
                                   const Expectation& expectation) {
    const auto is = [&](const http::ProblemType& problem) {
        return problem.uri == type && problem.status == status;
    };
    if (is(problems::not_started)) return FailureKind::not_started;
    if (is(problems::outcome_unknown) && !expectation.only_reads) {
        return FailureKind::outcome_unknown;
    }
    if (is(problems::not_found) && expectation.may_be_not_found) return FailureKind::not_found;
    if (is(problems::email_taken) && expectation.may_be_taken) return FailureKind::email_taken;
    if (is(problems::version_mismatch) && expectation.has_precondition) {
        return FailureKind::version_mismatch;
    }
    if (is(problems::precondition_required) && expectation.has_precondition) {
        return FailureKind::rejected;
    }
    if (is(problems::request_in_progress) && expectation.is_keyed) {
        return FailureKind::in_progress;
    }
    const bool is_about_the_key =
        is(problems::idempotency_key_missing) || is(problems::idempotency_key_reused);
    if (is_about_the_key && expectation.is_keyed) return FailureKind::rejected;
    for (const http::ProblemType& problem :
         {problems::malformed_request, problems::invalid_request, problems::request_timeout,
          problems::content_too_large, problems::target_too_long, problems::header_too_large}) {
        if (is(problem)) return FailureKind::rejected;
    }
    return {};
}

}  // namespace

Failure contract_violated(const http::Response& response, const Expectation& expectation,
                          std::string detail) {
    return {.kind = FailureKind::contract_violated,
            .certainty = indefinite_unless(expectation.only_reads),
            .status = response.status,
            .detail = std::move(detail)};
}

Outcome<User> read_user(const http::Response& response, const Expectation& expectation) {
    const auto violated = [&](std::string detail) {
        return std::unexpected(contract_violated(response, expectation, std::move(detail)));
    };
    const std::optional<Json> json = parse_body(response, "application/json");
    if (!json) return violated("the body is not a JSON object");
    std::optional<User> user = parse_user(*json);
    if (!user) return violated("the body is not a user: " + response.body);
    if (response.headers.get("ETag") != '"' + std::to_string(user->version) + '"') {
        return violated("ETag is not the version");
    }
    const bool created = expectation.success == 201;
    if (created && response.headers.get("Location") != "/v1/users/" + user->id) {
        return violated("Location is not the new user's");
    }
    return std::move(*user);
}

Outcome<UserPage> read_user_page(const http::Response& response, const Expectation& expectation) {
    const auto violated = [&](std::string detail) {
        return std::unexpected(contract_violated(response, expectation, std::move(detail)));
    };
    const std::optional<Json> json = parse_body(response, "application/json");
    if (!json) return violated("the body is not a JSON object");
    const auto users = json->find("users");
    const auto next_cursor = json->find("next_cursor");
    if (users == json->end() || !users->is_array() || next_cursor == json->end() ||
        json->size() != 2 || !(next_cursor->is_null() || next_cursor->is_string())) {
        return violated("the body is not a page of users");
    }
    UserPage page{{}, text_member(*json, "next_cursor")};
    for (const Json& element : *users) {
        std::optional<User> user = element.is_object() ? parse_user(element) : std::nullopt;
        if (!user) return violated("the page has an element that is not a user");
        if (!page.users.empty() && page.users.back().id >= user->id) {
            return violated("the users are not in the order of their ids");
        }
        page.users.push_back(std::move(*user));
    }
    return page;
}

Failure read_failure(const http::Response& response, const Expectation& expectation) {
    const std::optional<Json> json = parse_body(response, "application/problem+json");
    if (!json) {
        return contract_violated(response, expectation,
                                 "the answer is neither success nor a problem");
    }
    const std::string type = text_member(*json, "type").value_or("about:blank");
    const auto status = json->find("status");
    const bool says_status = status != json->end() && *status == response.status;
    const auto kind = kind_of(type, response.status, expectation);
    if (!kind || !says_status) {
        Failure failure =
            contract_violated(response, expectation, "the problem may not occur here: " + type);
        failure.problem_type = type;
        return failure;
    }
    Failure failure{.kind = *kind, .status = response.status, .problem_type = type};
    if (*kind == FailureKind::outcome_unknown || *kind == FailureKind::in_progress) {
        failure.certainty = host::Certainty::indefinite;
    }
    failure.detail = text_member(*json, "detail").value_or("");
    failure.retry_after = retry_after_of(response);
    if (const auto errors = json->find("errors"); errors != json->end() && errors->is_array()) {
        for (const Json& error : *errors) {
            if (!error.is_object()) continue;
            if (auto pointer = text_member(error, "pointer")) {
                failure.pointers.push_back(std::move(*pointer));
            }
        }
    }
    return failure;
}

}  // namespace atlas::client
