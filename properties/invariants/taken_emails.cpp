#include "properties/invariants/taken_emails.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "properties/history/folded_email.hpp"

namespace atlas::properties {

namespace {

/// An answer after which its user no longer has the e-mail of that version or an earlier one.
struct End {
    std::uint64_t last_version;
    std::size_t line;
};

using EndsByUser = std::map<std::string, std::vector<End>>;

EndsByUser ends_of(const std::vector<UserOperation>& operations) {
    EndsByUser ends;
    for (const UserOperation& operation : operations) {
        if (operation.outcome != EntryType::ok) continue;
        if (operation.function == UserFunction::delete_user) {
            constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
            ends[*operation.request.id].push_back({all, operation.end_line});
        } else if (operation.function == UserFunction::change_email && !operation.response.absent) {
            // A rival request for the same version can have had no effect, and has none later.
            ends[*operation.request.id].push_back(
                {*operation.request.if_match + 1, operation.end_line});
        }
    }
    return ends;
}

/// Nothing of a registration whose outcome nobody was told: who it made cannot be known.
std::optional<std::string> user_of(const UserOperation& operation) {
    if (operation.function == UserFunction::change_email) return operation.request.id;
    return operation.outcome == EntryType::ok ? operation.response.id : std::nullopt;
}

std::size_t end_of(const UserOperation& origin, const EndsByUser& ends) {
    std::size_t until = std::numeric_limits<std::size_t>::max();
    const std::optional<std::string> user = user_of(origin);
    const auto found = user ? ends.find(*user) : ends.end();
    if (found == ends.end()) return until;
    const std::uint64_t version = origin.request.if_match.value_or(0) + 1;
    for (const End& end : found->second) {
        // A change does not end what it gave itself.
        if (end.last_version < version || end.line == origin.end_line) continue;
        until = std::min(until, end.line);
    }
    return until;
}

}  // namespace

TakenEmails::TakenEmails(const std::vector<UserOperation>& operations) {
    const EndsByUser ends = ends_of(operations);
    for (const UserOperation& operation : operations) {
        const bool takes = operation.function == UserFunction::register_user ||
                           operation.function == UserFunction::change_email;
        if (!takes || operation.outcome == EntryType::fail) continue;
        holdings_.emplace(folded_email(*operation.request.email),
                          Holding{operation.invoke_line, end_of(operation, ends)});
    }
}

bool TakenEmails::may_be_taken(std::string_view email, std::size_t from_line,
                               std::size_t to_line) const {
    const auto [first, last] = holdings_.equal_range(folded_email(email));
    return std::any_of(first, last, [&](const auto& each) {
        return each.second.since < to_line && from_line < each.second.until;
    });
}

}  // namespace atlas::properties
