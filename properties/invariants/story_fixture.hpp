#pragma once
// Runs as they are told, operation by operation, for the tests of the properties.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/invariants/invariants.hpp"

namespace atlas::properties {

inline const std::string ann = "0193f5a0-0000-7000-8000-000000000001";
inline const std::string bob = "0193f5a0-0000-7000-8000-000000000002";
inline const std::string eve = "0193f5a0-0000-7000-8000-000000000004";

/// Makes operations one after another, two lines and one second each.
class Story {
  public:
    UserOperation& add(UserFunction function, EntryType outcome, UserFields request,
                       UserFields response) {
        const std::size_t line = 2 * run.operations.size() + 1;
        const auto at = host::Duration{std::chrono::seconds{1}} * static_cast<std::int64_t>(line);
        run.operations.push_back({.function = function,
                                  .process = run.operations.size(),
                                  .outcome = outcome,
                                  .invoke_line = line,
                                  .end_line = line + 1,
                                  .invoked_at = at,
                                  .ended_at = at + std::chrono::seconds{1},
                                  .request = std::move(request),
                                  .response = std::move(response)});
        return run.operations.back();
    }
    UserOperation& registers(const std::string& id, std::string email, std::string name) {
        return add(UserFunction::register_user, EntryType::ok,
                   {.email = email, .display_name = name},
                   {.id = id, .email = email, .display_name = name, .version = 1, .status = 201});
    }
    UserOperation& gets(const std::string& id, std::string name, std::uint64_t version) {
        return add(UserFunction::get_user, EntryType::ok, {.id = id},
                   {.id = id, .display_name = name, .version = version, .status = 200});
    }
    UserOperation& patches(const std::string& id, std::string name, std::uint64_t if_match) {
        return add(UserFunction::patch_user, EntryType::ok,
                   {.id = id, .display_name = name, .if_match = if_match},
                   {.id = id, .display_name = name, .version = if_match + 1, .status = 200});
    }
    UserOperation& deletes(const std::string& id, std::uint64_t if_match) {
        return add(UserFunction::delete_user, EntryType::ok, {.id = id, .if_match = if_match},
                   {.status = 204});
    }
    UserOperation& moves(const std::string& id, std::string email, std::string name,
                         std::uint64_t if_match) {
        return add(UserFunction::change_email, EntryType::ok,
                   {.id = id, .email = email, .display_name = name, .if_match = if_match},
                   {.id = id,
                    .email = email,
                    .display_name = name,
                    .version = if_match + 1,
                    .status = 200});
    }
    /// The key of that registration once more, told the same.
    UserOperation& repeats(const UserOperation& first) {
        const UserOperation copy = first;
        return add(UserFunction::repeat_registration, copy.outcome, copy.request, copy.response);
    }
    /// A page of client 99's walk.
    UserOperation& lists(std::optional<std::string> cursor, std::vector<ListedUser> users,
                         std::optional<std::string> next) {
        UserOperation& page =
            add(UserFunction::list_users, EntryType::ok, {.cursor = std::move(cursor), .limit = 10},
                {.status = 200, .next_cursor = std::move(next)});
        page.response.users = std::move(users);
        page.process = 99;
        return page;
    }
    /// The outcome of a patch, deletion or registration becomes unknown.
    static void loses_answer(UserOperation& operation) {
        operation.outcome = EntryType::info;
        operation.response = {.failure = "connection_lost"};
    }

    RunRecord run;
};

/// Before Bob's e-mail changes.
std::vector<ListedUser> everybody();

/// Users, of whom some are renamed and one is deleted; faults end, and then each kind succeeds once
/// more.
Story good_story();

void expect_invalid(const Judgement& judgement, std::string_view why);

}  // namespace atlas::properties
