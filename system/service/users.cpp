#include "system/service/users.hpp"

#include <algorithm>
#include <utility>

#include "system/store/users.hpp"

namespace atlas::service {
namespace {

host::Task<sql::Result<store::Answer>> register_user(sql::Transaction& transaction,
                                                     const store::NewUser& user,
                                                     const RegistrationAnswer& answer) {
    const sql::Result<bool> inserted = co_await store::insert_user(transaction, user);
    if (!inserted) co_return std::unexpected(inserted.error());
    co_return answer(*inserted ? &user.user : nullptr);
}

}  // namespace

Users::Users(host::Host& host, sql::Database& database, PasswordHashing hashing)
    : host_(host),
      database_(database),
      cost_(hashing.cost),
      hashing_(host, hashing.at_once, hashing.waiting),
      turns_(host),
      id_bits_(host.random("service.user_id")) {}

domain::Timestamp Users::now() const {
    return domain::Timestamp{
        std::chrono::floor<std::chrono::microseconds>(host_.clock().utc_now().since_epoch)};
}

domain::Uuid Users::next_id() {
    const auto milliseconds =
        std::chrono::floor<std::chrono::milliseconds>(now().time_since_epoch()).count();
    const std::uint64_t high = id_bits_.next();
    const std::uint64_t low = id_bits_.next();
    // A clock set before 1970 gives the ids of 1970; they are unique all the same.
    return ids_.next(static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 0)),
                     {high, low});
}

std::unexpected<host::Error> Users::fail(host::Context context, host::Error error) const {
    const bool is_the_callers = error.code == host::ErrorCode::already_exists ||
                                error.code == host::ErrorCode::not_found ||
                                error.code == host::ErrorCode::conflict;
    const bool is_ours = error.code == host::ErrorCode::data_corrupted ||
                         error.code == host::ErrorCode::invalid_argument;
    const host::LogLevel level = is_ours ? host::LogLevel::error : host::LogLevel::warning;
    if (!is_the_callers && host_.logs(level)) {
        host_.log(
            {level, "a use case failed", {{"error", host::describe(error)}}, context.trace_id});
    }
    return std::unexpected(std::move(error));
}

host::Task<host::Result<std::string>> Users::hash(host::Context context, std::string password) {
    const host::Result<host::Semaphore::Permit> permit =
        co_await hashing_.acquire(context.deadline);
    if (!permit) {
        co_return host::failure(permit.error().code, "no turn to hash: " + permit.error().detail);
    }
    if (context.deadline.passed(host_.clock().now())) {
        co_return host::failure(host::ErrorCode::deadline_exceeded, "no time left to hash");
    }
    passwords::Salt salt;
    host_.entropy(salt);
    host::Result<std::optional<std::string>> hashed = co_await host::compute(
        host_, cost_.estimate(), [password = std::move(password), salt, cost = cost_] {
            return passwords::hash_password(password, salt, cost);
        });
    if (!hashed) co_return std::unexpected(std::move(hashed.error()));
    if (!*hashed) {
        co_return host::failure(host::ErrorCode::resource_exhausted, "no memory for a hash");
    }
    if (context.deadline.passed(host_.clock().now())) {
        co_return host::failure(host::ErrorCode::deadline_exceeded, "hashing took too long");
    }
    co_return std::move(**hashed);
}

void Users::count(const host::Result<std::string>& hashed) {
    const bool late = !hashed && hashed.error().code == host::ErrorCode::deadline_exceeded;
    ++(hashed ? hashing_counters_.hashed
       : late ? hashing_counters_.out_of_time
              : hashing_counters_.turned_away);
}

host::Task<host::Result<store::KeyedAnswer>> Users::create(host::Context context,
                                                           Registration registration,
                                                           store::KeyedRequest request,
                                                           RegistrationAnswer answer,
                                                           sql::Session* session) {
    // Who waits needs time left to be told that the other is still under way.
    const host::Duration left = context.deadline.remaining(host_.clock().now());
    const host::Duration patience = std::min<host::Duration>(left / 2, std::chrono::seconds{1});
    const std::optional<KeyTurns::Turn> turn =
        co_await turns_.take(request.key, host::deadline_after(host_, patience));
    if (!turn) co_return store::KeyedAnswer{store::KeyedOutcome::still_running};
    host::Result<std::optional<store::KeyedAnswer>> known =
        co_await store::find_keyed({database_, session}, context, request);
    if (!known) co_return fail(context, std::move(known.error()));
    if (*known) co_return std::move(**known);
    host::Result<store::KeyedAnswer> done = co_await register_once(
        context, std::move(registration), std::move(request), std::move(answer), session);
    if (!done) co_return fail(context, std::move(done.error()));
    co_return done;
}

host::Task<host::Result<store::KeyedAnswer>> Users::register_once(host::Context context,
                                                                  Registration registration,
                                                                  store::KeyedRequest request,
                                                                  RegistrationAnswer answer,
                                                                  sql::Session* session) {
    host::Result<std::string> hashed = co_await hash(context, std::move(registration.password));
    count(hashed);
    if (!hashed) co_return std::unexpected(std::move(hashed.error()));
    const domain::Timestamp created = now();
    const store::NewUser user{{next_id(), std::move(registration.email),
                               std::move(registration.display_name), 1, created, created},
                              std::move(*hashed)};
    co_return co_await store::run_keyed(
        {database_, session}, context, std::move(request),
        [&](sql::Transaction& transaction) { return register_user(transaction, user, answer); });
}

host::Task<host::Result<domain::User>> Users::get(host::Context context, domain::Uuid id,
                                                  sql::Session* session) {
    host::Result<domain::User> user = co_await store::find_user({database_, session}, context, id);
    if (!user) co_return fail(context, std::move(user.error()));
    co_return user;
}

host::Task<host::Result<UserPage>> Users::list(host::Context context,
                                               std::optional<domain::Uuid> after, std::size_t limit,
                                               sql::Session* session) {
    // One more than asked for tells whether there are more. No user has the id that is all zeros.
    host::Result<std::vector<domain::User>> found = co_await store::list_users(
        {database_, session}, context, after.value_or(domain::Uuid{}), limit + 1);
    if (!found) co_return fail(context, std::move(found.error()));
    UserPage page{std::move(*found)};
    page.has_more = page.users.size() > limit;
    if (page.has_more) page.users.pop_back();
    co_return page;
}

host::Task<host::Result<domain::User>> Users::change(host::Context context, domain::Uuid id,
                                                     Change what, Versions versions,
                                                     sql::Session* session) {
    host::Result<domain::User> user = co_await store::change_user(
        {database_, session}, context,
        {id, std::move(what.email), std::move(what.display_name), now(), std::move(versions)});
    if (!user) co_return fail(context, std::move(user.error()));
    co_return user;
}

host::Task<host::Result<void>> Users::remove(host::Context context, domain::Uuid id,
                                             Versions versions, sql::Session* session) {
    host::Result<void> removed = co_await store::delete_user({database_, session}, context,
                                                             {id, now(), std::move(versions)});
    if (!removed) co_return fail(context, std::move(removed.error()));
    co_return removed;
}

}  // namespace atlas::service
