#include "system/lease_store/routes.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "system/lease_store/entry_json.hpp"

namespace atlas::lease_store {
namespace {

using host::Context;
using host::Task;
using http::Problem;
using http::Request;
using http::Response;
using Json = nlohmann::json;

constexpr std::string_view all_keys = "/v1/keys";
constexpr std::string_view one_key = "/v1/keys/";

template <typename T>
using Read = std::expected<T, Problem>;

std::unexpected<Problem> invalid(std::string detail) {
    return std::unexpected(
        Problem{.type = http::problems::invalid_request, .detail = std::move(detail)});
}

Response problem(const Context& context, const Problem& what) {
    return http::to_response(what, context.trace_id);
}

Response answer(const Json& json) {
    return {
        200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, json.dump()};
}

Problem problem_of(const host::Error& error) {
    switch (error.code) {
        case host::ErrorCode::conflict:
            return {.type = revision_mismatch, .detail = error.detail};
        case host::ErrorCode::not_found:
            return {.type = http::problems::not_found, .detail = error.detail};
        case host::ErrorCode::invalid_argument:
            return {.type = http::problems::invalid_request, .detail = error.detail};
        case host::ErrorCode::resource_exhausted:
            return {.type = no_room, .detail = error.detail};
        default:
            return {.type = error.certainty == host::Certainty::definite
                                ? http::problems::not_started
                                : http::problems::outcome_unknown,
                    .detail = error.detail,
                    .retry_after = std::chrono::seconds{1}};
    }
}

// The one parameter of that name that the query may have.
Read<std::optional<std::string>> read_parameter(std::string_view query, std::string_view name) {
    if (query.empty()) return std::nullopt;
    if (!query.starts_with(name) || query.substr(name.size(), 1) != "=") {
        return invalid("The only parameter there is here is \"" + std::string(name) + "\".");
    }
    return std::string(query.substr(name.size() + 1));
}

Read<std::optional<std::uint64_t>> read_revision(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    std::uint64_t revision = 0;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, revision);
    if (error != std::errc{} || stop != end || text->empty()) {
        return invalid("if_revision is a number that is not negative.");
    }
    return revision;
}

Read<std::optional<std::uint64_t>> number_of(const Json& body, const char* name) {
    const auto found = body.find(name);
    if (found == body.end()) return std::nullopt;
    if (!found->is_number_unsigned()) {
        return invalid(std::string(name) + " is a number that is not negative.");
    }
    return found->get<std::uint64_t>();
}

// A member that is there twice could mean either, and so means nothing.
Json parse_without_doubles(std::string_view text) {
    std::set<std::string> names;
    bool twice = false;
    const auto note = [&](int, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::key) {
            twice = !names.insert(parsed.get<std::string>()).second || twice;
        }
        return true;
    };
    Json json = Json::parse(text, note, false);
    return twice ? Json(Json::value_t::discarded) : json;
}

Read<Put> read_put(std::string key, std::string_view body) {
    const Json json = parse_without_doubles(body);
    if (!json.is_object() || !json.contains("value") || !json["value"].is_string()) {
        return invalid("The body is a JSON object with a string \"value\", no member twice.");
    }
    for (const auto& [name, value] : json.items()) {
        if (name != "value" && name != "if_revision" && name != "time_to_live_ms") {
            return invalid("There is no member \"" + name.substr(0, 64) + "\".");
        }
    }
    Put put{.key = std::move(key), .value = json["value"].get<std::string>()};
    const auto revision = number_of(json, "if_revision");
    if (!revision) return std::unexpected(revision.error());
    put.if_revision = *revision;
    const auto life = number_of(json, "time_to_live_ms");
    if (!life) return std::unexpected(life.error());
    // Past the longest life is past it, however far.
    constexpr auto beyond = static_cast<std::uint64_t>(Limits::longest_life.count()) + 1;
    if (*life) put.time_to_live = std::chrono::milliseconds(std::min(**life, beyond));
    return put;
}

Task<Response> put_key(LeaseStore& store, Context context, std::string key, Request request) {
    Read<Put> put = read_put(std::move(key), request.body);
    if (!put) co_return problem(context, put.error());
    const host::Result<Entry> entry = co_await store.put(context, *std::move(put));
    if (!entry) co_return problem(context, problem_of(entry.error()));
    co_return answer(to_json(*entry));
}

Task<Response> delete_key(LeaseStore& store, Context context, std::string key, std::string query) {
    const auto condition = read_parameter(query, "if_revision");
    if (!condition) co_return problem(context, condition.error());
    const auto revision = read_revision(*condition);
    if (!revision) co_return problem(context, revision.error());
    const host::Result<void> removed =
        co_await store.remove(context, {.key = std::move(key), .if_revision = *revision});
    if (!removed) co_return problem(context, problem_of(removed.error()));
    co_return Response{204, {{"Cache-Control", "no-store"}}, {}};
}

Response list_keys(const LeaseStore& store, const Context& context, std::string_view query) {
    const auto prefix = read_parameter(query, "prefix");
    if (!prefix) return problem(context, prefix.error());
    return answer(to_json(store.entries(), prefix->value_or("")));
}

Response not_allowed(const Context& context, std::string methods) {
    return problem(context, {.type = http::problems::method_not_allowed,
                             .detail = "It has " + methods + ".",
                             .headers = {{"Allow", std::move(methods)}}});
}

Task<Response> respond(LeaseStore& store, Context context, Request request) {
    const std::size_t mark = request.target.find('?');
    const std::string path = request.target.substr(0, mark);
    std::string query = mark == std::string::npos ? "" : request.target.substr(mark + 1);
    if ((request.method == "GET" || request.method == "DELETE") && !request.body.empty()) {
        const Read<void> refused = invalid("A GET or DELETE has no body here.");
        co_return problem(context, refused.error());
    }
    if (path == all_keys) {
        if (request.method != "GET") co_return not_allowed(context, "GET");
        co_return list_keys(store, context, query);
    }
    if (!path.starts_with(one_key)) {
        co_return problem(context, {.type = http::problems::not_found,
                                    .detail = "There are /v1/keys and /v1/keys/KEY."});
    }
    std::string key = path.substr(one_key.size());
    if (request.method == "PUT") {
        // Whoever put a condition there must not be told that it held.
        if (mark != std::string::npos) {
            const Read<void> refused = invalid("A PUT has its conditions in the body, no query.");
            co_return problem(context, refused.error());
        }
        auto response = co_await put_key(store, context, std::move(key), std::move(request));
        co_return response;
    }
    if (request.method == "DELETE") {
        auto response = co_await delete_key(store, context, std::move(key), std::move(query));
        co_return response;
    }
    co_return not_allowed(context, "PUT, DELETE");
}

Read<void> check_mark(const LeaseStore& store, const Request& request) {
    const std::string* field = request.headers.find(mark_field);
    if (field == nullptr) return {};
    const std::optional<StoreMark> known = read_mark(*field);
    if (!known) return invalid(std::string(mark_field) + " is not the mark of a lease store.");
    if (store.mark().continues(*known)) return {};
    return std::unexpected(Problem{.type = other_store,
                                   .detail = "It is at \"" + to_string(store.mark()) +
                                             "\" and cannot have been at \"" + to_string(*known) +
                                             "\"."});
}

Task<Response> respond_with_mark(LeaseStore& store, Context context, Request request) {
    const Read<void> known = check_mark(store, request);
    Response response;
    if (known) {
        response = co_await respond(store, context, std::move(request));
    } else {
        response = problem(context, known.error());
    }
    response.headers.set(mark_field, to_string(store.mark()));
    co_return response;
}

}  // namespace

http::Handler make_handler(LeaseStore& store) {
    return [&store](Context context, Request request) {
        return respond_with_mark(store, context, std::move(request));
    };
}

}  // namespace atlas::lease_store
