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

/// A user who certainly had an e-mail, from the answer that said so until a request that may have
/// taken it away.
struct Holding {
    const UserOperation* origin = nullptr;
    std::string user;
    std::string email;
    std::uint64_t version = 0;
    std::size_t until = std::numeric_limits<std::size_t>::max();
};

std::vector<Holding> holdings_of(const std::vector<UserOperation>& operations) {
    std::vector<Holding> holdings;
    for (const UserOperation& operation : operations) {
        if (operation.outcome != EntryType::ok) continue;
        const UserFields& request = operation.request;
        if (operation.function == UserFunction::register_user) {
            holdings.push_back({&operation, *operation.response.id, *request.email, 1});
        } else if (operation.function == UserFunction::change_email) {
            holdings.push_back(
                {&operation, *request.id, *request.email, *operation.response.version});
        }
    }
    return holdings;
}

/// Requests for an earlier version can do nothing to what this one made.
void end_holdings(const std::vector<UserOperation>& operations, std::vector<Holding>& holdings) {
    std::map<std::string, std::vector<const UserOperation*>> ends;  // By user.
    for (const UserOperation& operation : operations) {
        const bool may_end = operation.function == UserFunction::delete_user ||
                             operation.function == UserFunction::change_email;
        if (!may_end || operation.outcome == EntryType::fail) continue;
        ends[*operation.request.id].push_back(&operation);
    }
    for (Holding& holding : holdings) {
        for (const UserOperation* end : ends[holding.user]) {
            if (end == holding.origin || *end->request.if_match < holding.version) continue;
            holding.until = std::min(holding.until, end->invoke_line);
        }
    }
}

void look_at_answers(const std::vector<UserOperation>& operations,
                     std::vector<std::string>& wrong) {
    std::vector<Holding> holdings = holdings_of(operations);
    end_holdings(operations, holdings);
    // Told late: by then somebody had asked for an end of it, and nothing is certain any more.
    std::erase_if(holdings,
                  [](const Holding& holding) { return holding.until <= holding.origin->end_line; });
    std::ranges::sort(holdings, {}, [](const Holding& each) { return each.origin->end_line; });
    std::map<std::string, Holding> holders;
    for (const Holding& holding : holdings) {
        const auto [holder, is_first] = holders.try_emplace(folded_email(holding.email), holding);
        if (is_first) continue;
        Holding& held = holder->second;
        if (holding.user != held.user && holding.origin->end_line < held.until) {
            wrong.push_back(fmt::format(
                "\"{}\" and \"{}\" are one e-mail, and two users were given it: by {} and by {}.",
                held.email, holding.email, describe(*held.origin), describe(*holding.origin)));
        }
        if (holding.until > held.until) held = holding;
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
