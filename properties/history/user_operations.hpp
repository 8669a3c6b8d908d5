#pragma once
// The operations on users in a history: each entry's value as typed fields, and the two entries of
// an operation as one value. README.md beside this file lists the fields.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "properties/history/history.hpp"
#include "properties/history/unreadable.hpp"

namespace atlas::properties {

/// A user as one page of the listing shows it.
struct ListedUser {
    std::string id;
    std::string email;
    std::string display_name;
    std::uint64_t version = 0;

    friend bool operator==(const ListedUser&, const ListedUser&) = default;
};

/// What an entry's value says; what it does not say is nullopt.
struct UserFields {
    std::optional<std::string> id = {};
    std::optional<std::string> email = {};
    std::optional<std::string> display_name = {};
    std::optional<std::uint64_t> version = {};
    std::optional<std::uint64_t> if_match = {};
    /// Of the HTTP response, where there was one.
    std::optional<std::uint64_t> status = {};
    /// The problem's type (RFC 9457), where the response was a problem.
    std::optional<std::string> problem = {};
    /// Why there is no answer, in the words of the client (client::name of a FailureKind).
    std::optional<std::string> failure = {};
    /// The answer: there is no such user.
    bool absent = false;
    /// The Idempotency-Key.
    std::optional<std::string> key = {};
    /// Where the page begins; nothing of the first one.
    std::optional<std::string> cursor = {};
    /// Where the page after it begins; nothing after the last one.
    std::optional<std::string> next_cursor = {};
    /// How new what is read has to be: "session" or "eventual"; nothing is "strong".
    std::optional<std::string> consistency = {};
    /// How many users the page may show.
    std::optional<std::uint64_t> limit = {};
    /// Those the page shows, in its order.
    std::optional<std::vector<ListedUser>> users = {};

    friend bool operator==(const UserFields&, const UserFields&) = default;
};

/// Members in a fixed order, one line.
std::string to_json(const UserFields& fields);

/// The error is a clause: "\"version\" is no whole number".
std::expected<UserFields, std::string> user_fields_from_json(std::string_view json);

enum class UserFunction : std::uint8_t {
    register_user,
    get_user,
    patch_user,
    delete_user,
    list_users,           ///< One page. A walk is a client's pages from one without cursor on.
    change_email,         ///< A PATCH of name and e-mail.
    repeat_registration,  ///< A key once more whose outcome is known, perhaps with another body.
};
inline constexpr UserFunction all_user_functions[] = {
    UserFunction::register_user,      UserFunction::get_user,   UserFunction::patch_user,
    UserFunction::delete_user,        UserFunction::list_users, UserFunction::change_email,
    UserFunction::repeat_registration};

/// As above: "register_user" and so on.
std::string_view name(UserFunction function) noexcept;
std::optional<UserFunction> user_function_named(std::string_view name) noexcept;

struct UserOperation {
    UserFunction function = UserFunction::get_user;
    std::uint64_t process = 0;
    /// ok, fail or info; an operation whose end is missing is as one with info.
    EntryType outcome = EntryType::info;
    std::size_t invoke_line = 0;
    std::size_t end_line = 0;  ///< 0 when its end is missing.
    host::Duration invoked_at{};
    host::Duration ended_at{};
    UserFields request = {};
    UserFields response = {};
    std::string error = {};
};

/// In order of their invocations. Refuses functions that are none of the above, and entries without
/// the fields they need. The history keeps the rules that read_history checks.
std::expected<std::vector<UserOperation>, Unreadable> user_operations(const History& history);

}  // namespace atlas::properties
