// No two live users have one e-mail. The folding is worked out here, not taken from the table: a
// server that folds wrongly is caught too.

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "properties/history/folded_email.hpp"
#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

void look_at_table(const std::vector<UserRow>& rows, std::vector<std::string>& wrong) {
    std::map<std::string, const UserRow*> owners;
    for (const UserRow& row : rows) {
        const std::string folded = folded_email(row.email);
        if (row.email_folded != folded) {
            wrong.push_back(
                fmt::format("User {} has the e-mail \"{}\", but the table folds it to \"{}\".",
                            row.id, row.email, row.email_folded));
        }
        if (!row.is_live) continue;
        const auto [owner, is_first] = owners.try_emplace(folded, &row);
        if (is_first) continue;
        wrong.push_back(
            fmt::format("Users {} (\"{}\") and {} (\"{}\") have one e-mail in the table.",
                        owner->second->id, owner->second->email, row.id, row.email));
    }
}

/// By user, the line on which the first deletion that may have freed its e-mail began.
std::map<std::string, std::size_t> deletions_of(const std::vector<UserOperation>& operations) {
    std::map<std::string, std::size_t> begun;
    for (const UserOperation& operation : operations) {
        if (operation.function != UserFunction::delete_user) continue;
        if (operation.outcome == EntryType::fail) continue;
        begun.try_emplace(*operation.request.id, operation.invoke_line);
    }
    return begun;
}

/// A user who certainly had its e-mail from the answer to its registration until then.
struct Holding {
    const UserOperation* registration;
    std::size_t until;  ///< The line on which its first possible deletion began.
};

void look_at_answers(const std::vector<UserOperation>& operations,
                     std::vector<std::string>& wrong) {
    std::vector<const UserOperation*> registrations;
    for (const UserOperation& operation : operations) {
        if (operation.function != UserFunction::register_user) continue;
        if (operation.outcome == EntryType::ok) registrations.push_back(&operation);
    }
    std::ranges::sort(registrations, {}, &UserOperation::end_line);
    const std::map<std::string, std::size_t> deletions = deletions_of(operations);
    std::map<std::string, Holding> holders;
    for (const UserOperation* registration : registrations) {
        const auto deletion = deletions.find(*registration->response.id);
        const std::size_t until = deletion == deletions.end()
                                      ? std::numeric_limits<std::size_t>::max()
                                      : deletion->second;
        const auto [holder, is_first] = holders.try_emplace(
            folded_email(*registration->request.email), Holding{registration, until});
        if (is_first) continue;
        Holding& held = holder->second;
        if (registration->end_line < held.until) {
            wrong.push_back(fmt::format(
                "\"{}\" and \"{}\" are one e-mail, and both were registered: by {} and by {}.",
                *held.registration->request.email, *registration->request.email,
                describe(*held.registration), describe(*registration)));
        }
        if (until > held.until) held = {registration, until};
    }
}

}  // namespace

Judgement check_unique_emails(const RunRecord& run) {
    std::vector<std::string> wrong;
    look_at_answers(run.operations, wrong);
    if (run.users) look_at_table(*run.users, wrong);
    if (wrong.empty() && !run.users) {
        return {Verdict::unknown, "The table of users could not be read at the end.\n"};
    }
    return judge(wrong, "No two users have one e-mail.");
}

}  // namespace atlas::properties
