// No two live users have one e-mail. The folding is worked out here, not taken from the table: a
// server that folds wrongly is caught too.

#include <fmt/format.h>

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

void look_at_answers(const std::vector<UserOperation>& operations,
                     std::vector<std::string>& wrong) {
    std::map<std::string, const UserOperation*> owners;
    for (const UserOperation& operation : operations) {
        if (operation.function != UserFunction::register_user ||
            operation.outcome != EntryType::ok) {
            continue;
        }
        const auto [owner, is_first] =
            owners.try_emplace(folded_email(*operation.request.email), &operation);
        if (is_first) continue;
        wrong.push_back(fmt::format(
            "\"{}\" and \"{}\" are one e-mail, and both were registered: by {} and by {}.",
            *owner->second->request.email, *operation.request.email, describe(*owner->second),
            describe(operation)));
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
