#include "properties/workloads/recorded_client.hpp"

#include <fmt/format.h>

#include <utility>

namespace atlas::properties {

namespace {

void put_big_endian(std::uint64_t number, std::uint8_t* bytes) {
    for (int i = 0; i < 8; ++i)
        bytes[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
}

UserFields answer_of(const client::User& user, std::uint64_t status) {
    return {.id = user.id,
            .email = user.email,
            .display_name = user.display_name,
            .version = static_cast<std::uint64_t>(user.version),
            .status = status};
}

UserFields answer_of(const client::Failure& failure) {
    UserFields fields;
    fields.failure = std::string(client::name(failure.kind));
    if (failure.status != 0) fields.status = static_cast<std::uint64_t>(failure.status);
    if (!failure.problem_type.empty()) fields.problem = failure.problem_type;
    return fields;
}

UserFields answer_of(const client::UserPage& page) {
    UserFields fields{.status = 200, .next_cursor = page.next_cursor};
    fields.users.emplace();
    for (const client::User& user : page.users) {
        fields.users->push_back(
            {user.id, user.email, user.display_name, static_cast<std::uint64_t>(user.version)});
    }
    return fields;
}

client::ClientOptions recorded(client::ClientOptions options, std::uint64_t instance,
                               HistoryRecorder& recorder) {
    options.instance = instance;
    options.on_response = [&recorder](std::string_view method, std::string_view target,
                                      const http::Response& response) {
        recorder.review_response(method, target, response);
    };
    return options;
}

}  // namespace

RecordedClient::RecordedClient(host::Host& host, HistoryRecorder& recorder,
                               client::ClientOptions options)
    : recorder_(recorder),
      process_(recorder.new_process()),
      client_(host, recorded(std::move(options), process_, recorder)) {}

void RecordedClient::begin(sim::scenario::OperationId operation, host::RandomSource random) {
    random_ = random;
    const std::uint64_t low = random_.next();
    client_.draw_from(host::RandomSource{low, random_.next()});
    operation_ = operation;
    calls_ = 0;
}

host::Context RecordedClient::next_context() {
    host::Context context;
    // Names the client, its operation and the call in every log line; never all zero.
    put_big_endian(operation_.client + 1, context.trace_id.data());
    put_big_endian(operation_.ordinal << 8 | ++calls_, context.trace_id.data() + 8);
    return context;
}

std::string RecordedClient::next_name() const {
    return fmt::format("Name {}.{}.{}", operation_.client, operation_.ordinal, calls_);
}

void RecordedClient::record(UserFunction function, const client::Outcome<client::User>& outcome) {
    if (outcome) {
        const bool is_new = function == UserFunction::register_user ||
                            function == UserFunction::repeat_registration;
        const std::uint64_t status = is_new ? 201 : 200;
        recorder_.complete(process_, function, EntryType::ok, answer_of(*outcome, status), {});
        return;
    }
    record(function, outcome.error());
}

void RecordedClient::record(UserFunction function, const client::Failure& failure) {
    UserFields fields = answer_of(failure);
    if (function == UserFunction::get_user && failure.kind == client::FailureKind::not_found) {
        fields.absent = true;
        recorder_.complete(process_, function, EntryType::ok, fields, {});
        return;
    }
    const bool is_definite = failure.certainty == host::Certainty::definite;
    recorder_.complete(process_, function, is_definite ? EntryType::fail : EntryType::info, fields,
                       failure.detail);
}

FinishedRegistration RecordedClient::next_registration(std::string email) {
    const std::uint64_t high = random_.next();
    return {std::move(email), next_name(), fmt::format("{:016x}{:016x}", high, random_.next())};
}

host::Task<client::Outcome<client::User>> RecordedClient::send_registration(
    UserFunction function, FinishedRegistration registration) {
    recorder_.invoke(process_, function,
                     {.email = registration.email,
                      .display_name = registration.display_name,
                      .key = registration.key},
                     operation_);
    client::NewUser user{std::move(registration.email), std::move(registration.display_name),
                         "correct horse battery staple", std::move(registration.key)};
    client::Outcome<client::User> outcome =
        co_await client_.create_user(next_context(), std::move(user));
    record(function, outcome);
    co_return outcome;
}

host::Task<client::Outcome<client::User>> RecordedClient::register_user(
    FinishedRegistration registration) {
    return send_registration(UserFunction::register_user, std::move(registration));
}

host::Task<client::Outcome<client::User>> RecordedClient::repeat_registration(
    FinishedRegistration registration, bool under_another_name) {
    if (under_another_name) registration.display_name = next_name();
    return send_registration(UserFunction::repeat_registration, std::move(registration));
}

host::Task<client::Outcome<client::User>> RecordedClient::get_user(
    std::string id, client::Consistency consistency) {
    UserFields request{.id = id};
    if (consistency != client::Consistency::strong)
        request.consistency = std::string(client::name(consistency));
    recorder_.invoke(process_, UserFunction::get_user, request, operation_);
    client::Outcome<client::User> outcome =
        co_await client_.get_user(next_context(), id, consistency);
    record(UserFunction::get_user, outcome);
    co_return outcome;
}

host::Task<client::Outcome<client::User>> RecordedClient::send_patch(UserFunction function,
                                                                     std::string id,
                                                                     client::UserPatch patch,
                                                                     std::int64_t if_match) {
    recorder_.invoke(process_, function,
                     {.id = id,
                      .email = patch.email,
                      .display_name = patch.display_name,
                      .if_match = static_cast<std::uint64_t>(if_match)},
                     operation_);
    client::Outcome<client::User> outcome =
        co_await client_.patch_user(next_context(), std::move(id), std::move(patch), if_match);
    record(function, outcome);
    co_return outcome;
}

host::Task<client::Outcome<client::User>> RecordedClient::patch_user(std::string id,
                                                                     std::int64_t if_match) {
    return send_patch(UserFunction::patch_user, std::move(id), {.display_name = next_name()},
                      if_match);
}

host::Task<client::Outcome<client::User>> RecordedClient::change_email(std::string id,
                                                                       std::string email,
                                                                       std::int64_t if_match) {
    return send_patch(UserFunction::change_email, std::move(id),
                      {.email = std::move(email), .display_name = next_name()}, if_match);
}

host::Task<client::Outcome<client::UserPage>> RecordedClient::list_next(std::size_t limit) {
    constexpr auto function = UserFunction::list_users;
    recorder_.invoke(process_, function, {.cursor = cursor_, .limit = limit}, operation_);
    client::Outcome<client::UserPage> page =
        co_await client_.list_users(next_context(), limit, cursor_);
    if (page) {
        cursor_ = page->next_cursor;
        recorder_.complete(process_, function, EntryType::ok, answer_of(*page), {});
    } else {
        record(function, page.error());
    }
    co_return page;
}

host::Task<client::Outcome<void>> RecordedClient::delete_user(std::string id,
                                                              std::int64_t if_match) {
    recorder_.invoke(process_, UserFunction::delete_user,
                     {.id = id, .if_match = static_cast<std::uint64_t>(if_match)}, operation_);
    const client::Outcome<void> outcome =
        co_await client_.delete_user(next_context(), id, if_match);
    if (outcome) {
        recorder_.complete(process_, UserFunction::delete_user, EntryType::ok, {.status = 204}, {});
    } else {
        record(UserFunction::delete_user, outcome.error());
    }
    co_return outcome;
}

}  // namespace atlas::properties
