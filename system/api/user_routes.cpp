#include "system/api/user_routes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "system/api/cursor.hpp"
#include "system/api/failure.hpp"
#include "system/api/keyed_answer.hpp"
#include "system/http/json_string.hpp"

namespace atlas::api {
namespace {

constexpr StringMember email_member{"email", true, 3, domain::email_max_length,
                                    domain::find_fault_in_email};
constexpr StringMember display_name_member{"display_name", true, 1, domain::display_name_max_length,
                                           domain::find_fault_in_display_name};
constexpr StringMember password_member{"password", true, domain::password_min_length,
                                       domain::password_max_length, domain::find_fault_in_password};

constexpr std::array registration_members{email_member, display_name_member, password_member};

constexpr StringMember optional(StringMember member) {
    member.required = false;
    return member;
}

constexpr std::array patch_members{optional(email_member), optional(display_name_member)};

std::string render(const domain::User& user) {
    std::string json = R"({"id":")" + domain::to_string(user.id) + R"(","email":)";
    http::append_json_string(json, user.email);
    json += R"(,"display_name":)";
    http::append_json_string(json, user.display_name);
    json += R"(,"version":)" + std::to_string(user.version);
    json += R"(,"created_at":")" + domain::to_rfc3339(user.created_at);
    json += R"(","updated_at":")" + domain::to_rfc3339(user.updated_at) + R"("})";
    return json;
}

http::Response show(int status, const domain::User& user) {
    return {status,
            {{"Content-Type", "application/json"},
             {"ETag", format_entity_tag(user.version)},
             // A kept copy may only be shown after asking whether it still holds.
             {"Cache-Control", "no-cache"}},
            render(user)};
}

constexpr std::size_t default_limit = 20;
constexpr std::size_t highest_limit = 100;

std::optional<std::size_t> parse_limit(std::string_view text) {
    std::size_t limit = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, limit);
    if (error != std::errc{} || rest != end || limit < 1 || limit > highest_limit) return {};
    return limit;
}

http::Response show(const service::UserPage& page) {
    std::string json = R"({"users":[)";
    for (const domain::User& user : page.users) {
        if (!json.ends_with('[')) json += ',';
        json += render(user);
    }
    json += R"(],"next_cursor":)";
    json += page.has_more ? '"' + format_cursor(page.users.back().id) + '"' : "null";
    json += '}';
    return {200,
            {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache"}},
            std::move(json)};
}

http::Response show_created(const domain::User& user) {
    http::Response response = show(201, user);
    response.headers.add("Location", "/v1/users/" + domain::to_string(user.id));
    return response;
}

http::Response no_such_user(const Call& call) {
    return http::to_response(
        {.type = http::problems::not_found, .detail = "There is no user of that id."},
        call.context.trace_id);
}

http::Response another_version(const Call& call) {
    return http::to_response(
        {.type = http::problems::version_mismatch, .detail = "Get the user again, then decide."},
        call.context.trace_id);
}

http::Response email_taken(const Call& call) {
    return http::to_response({.type = http::problems::email_taken,
                              .errors = {{"/email", "Another user has that e-mail address."}}},
                             call.context.trace_id);
}

http::Response answer_failure(const host::Error& error, const Call& call) {
    switch (error.code) {
        case host::ErrorCode::not_found:
            return no_such_user(call);
        case host::ErrorCode::conflict:
            return another_version(call);
        case host::ErrorCode::already_exists:
            return email_taken(call);
        default:
            return to_response(error, call.context);
    }
}

bool is_matched(const IfMatch& if_match, std::int64_t version) {
    if (!if_match.versions) return true;
    return std::ranges::find(*if_match.versions, version) != if_match.versions->end();
}

/// A patch without members changes nothing (RFC 7396), not even the version.
http::Response unchanged(const Call& call, const domain::User& user) {
    return is_matched(*call.if_match, user.version) ? show(200, user) : another_version(call);
}

}  // namespace

std::optional<std::string_view> find_fault_in_limit(std::string_view value) {
    if (!parse_limit(value)) return "It is a whole number from 1 to 100.";
    return {};
}

std::optional<std::string_view> find_fault_in_cursor(std::string_view value) {
    if (!parse_cursor(value)) return "It is the next_cursor of a page, unchanged.";
    return {};
}

constexpr ObjectSchema registration_schema{"Registration", registration_members};
constexpr ObjectSchema user_patch_schema{"UserPatch", patch_members};

host::Task<http::Response> create_user(Services services, Call call) {
    const auto answer = [&call](const domain::User* created) {
        return to_answer(created != nullptr ? show_created(*created) : email_taken(call));
    };
    host::Result<store::KeyedAnswer> done = co_await services.users.create(
        call.context,
        {std::move(*call.members[0]), std::move(*call.members[1]), std::move(*call.members[2])},
        std::move(*call.keyed), answer, call.session);
    if (!done) co_return to_response(done.error(), call.context);
    co_return to_response(std::move(*done), call.context);
}

host::Task<http::Response> list_users(Services services, Call call) {
    std::size_t limit = default_limit;
    if (const auto& argument = call.arguments[0]) limit = *parse_limit(*argument);
    std::optional<domain::Uuid> after;
    if (const auto& argument = call.arguments[1]) after = parse_cursor(*argument);
    const host::Result<service::UserPage> page =
        co_await services.users.list(call.context, after, limit, call.session);
    if (page) co_return show(*page);
    co_return to_response(page.error(), call.context);
}

host::Task<http::Response> get_user(Services services, Call call) {
    const std::optional<domain::Uuid> id = domain::parse_uuid(call.path_parameter);
    if (!id) co_return no_such_user(call);
    const host::Result<domain::User> user =
        co_await services.users.get(call.context, *id, call.session);
    if (user) co_return show(200, *user);
    co_return answer_failure(user.error(), call);
}

host::Task<http::Response> patch_user(Services services, Call call) {
    const std::optional<domain::Uuid> id = domain::parse_uuid(call.path_parameter);
    if (!id) co_return no_such_user(call);
    service::Change change{std::move(call.members[0]), std::move(call.members[1])};
    if (!change.email && !change.display_name) {
        const host::Result<domain::User> user =
            co_await services.users.get(call.context, *id, call.session);
        if (user) co_return unchanged(call, *user);
        co_return answer_failure(user.error(), call);
    }
    const host::Result<domain::User> user = co_await services.users.change(
        call.context, *id, std::move(change), call.if_match->versions, call.session);
    if (user) co_return show(200, *user);
    co_return answer_failure(user.error(), call);
}

host::Task<http::Response> delete_user(Services services, Call call) {
    const std::optional<domain::Uuid> id = domain::parse_uuid(call.path_parameter);
    if (!id) co_return no_such_user(call);
    const host::Result<void> removed =
        co_await services.users.remove(call.context, *id, call.if_match->versions, call.session);
    if (removed) co_return http::Response{204, {}, {}};
    co_return answer_failure(removed.error(), call);
}

}  // namespace atlas::api
