// Every answer is one that the API's contract allows for what was asked. The form of answers
// (status, media type, members, ETag) is checked by system/client, which reports contract_violated;
// what an answer must say about the question is checked here. All requests of the workload are well
// formed, so a rejected one is a wrong answer too.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"
#include "properties/invariants/taken_emails.hpp"

namespace atlas::properties {

namespace {

/// RFC 9562, version 7: 8-4-4-4-12 lower-case hexadecimal digits, version 7, variant 10.
bool is_uuid_v7(std::string_view text) {
    if (text.size() != 36 || text[14] != '7') return false;
    if (std::string_view("89ab").find(text[19]) == std::string_view::npos) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool is_digit =
            (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (is_dash ? text[i] != '-' : !is_digit) return false;
    }
    return true;
}

struct Seen {
    const UserOperation* by;
    std::string email;
    std::string name;
};

class ContractReview {
  public:
    explicit ContractReview(const std::vector<UserOperation>& operations) : taken_(operations) {
        for (const UserOperation& operation : operations) {
            if (operation.function == UserFunction::patch_user) {
                keeps_email_.insert(*operation.request.display_name);
            }
            const bool takes = operation.function == UserFunction::register_user ||
                               operation.function == UserFunction::change_email;
            if (!takes || operation.outcome == EntryType::fail) continue;
            emails_[*operation.request.display_name] = *operation.request.email;
        }
    }

    void review(const UserOperation& operation) {
        if (operation.outcome == EntryType::ok) {
            review_answer(operation);
        } else {
            review_failure(operation);
        }
    }

    std::vector<std::string> findings() {
        review_kept_emails();
        return std::move(wrong_);
    }

  private:
    void find(const UserOperation& operation, std::string_view what) {
        wrong_.push_back(fmt::format("{} {}.", describe(operation), what));
    }
    void review_failure(const UserOperation& operation);
    void review_taken(const UserOperation& operation);
    void review_answer(const UserOperation& operation);
    void review_registration(const UserOperation& operation);
    void review_page(const UserOperation& operation);
    void see(const UserOperation& operation, const ListedUser& user);
    void review_kept_emails();

    /// By the name that was set together with it.
    std::map<std::string, std::string> emails_;
    std::set<std::string> keeps_email_;  ///< Names that were set alone.
    /// What clients saw, by id and version, but for eventual reads: those may show a change that a
    /// failover then undoes, and the same version becomes another.
    std::map<std::pair<std::string, std::uint64_t>, Seen> seen_;
    TakenEmails taken_;
    std::vector<std::string> wrong_;
};

void ContractReview::review_failure(const UserOperation& operation) {
    const std::string failure = operation.response.failure.value_or("");
    const std::uint64_t status = operation.response.status.value_or(0);
    // A 500 is the business of check_no_internal_error.
    if (failure == "contract_violated" && status != 500) {
        find(operation, fmt::format("was answered outside the contract (status {}): {}", status,
                                    operation.error));
    } else if (failure == "rejected" && operation.function == UserFunction::repeat_registration) {
        // Of a key: check_equal_replays knows whether that was right.
        if (status == 422) return;
        find(operation, fmt::format("was rejected with {}: {}", status, operation.error));
    } else if (failure == "rejected") {
        find(operation, fmt::format("was rejected with {} although it was well formed: {}", status,
                                    operation.error));
    } else if (failure == "email_taken") {
        review_taken(operation);
    }
}

// An answer that is repeated under its key was right when it was first given, if at all:
// check_equal_replays compares the two.
void ContractReview::review_taken(const UserOperation& operation) {
    if (operation.function == UserFunction::repeat_registration) return;
    const std::string email = operation.request.email.value_or("");
    if (taken_.may_be_taken(email, operation.invoke_line, operation.end_line)) return;
    find(operation,
         fmt::format("was told that \"{}\" is taken, but nobody can have had it then", email));
}

// Names are set once, so a name tells the request that set it, and with it the e-mail.
void ContractReview::see(const UserOperation& operation, const ListedUser& user) {
    if (operation.request.consistency != "eventual")
        seen_.try_emplace({user.id, user.version}, Seen{&operation, user.email, user.display_name});
    const auto set = emails_.find(user.display_name);
    if (set == emails_.end() || set->second == user.email) return;
    find(operation, fmt::format("was told the e-mail \"{}\" of \"{}\", to whom \"{}\" was given",
                                user.email, user.display_name, set->second));
}

// A request that set the name alone left the e-mail as it was in the version before.
void ContractReview::review_kept_emails() {
    for (const auto& [which, seen] : seen_) {
        const auto before = seen_.find({which.first, which.second - 1});
        if (before == seen_.end() || !keeps_email_.contains(seen.name)) continue;
        if (before->second.email == seen.email) continue;
        find(
            *seen.by,
            fmt::format("was told the e-mail \"{}\", but \"{}\" was set without one, and "
                        "{} was told \"{}\" of the version before",
                        seen.email, seen.name, describe(*before->second.by), before->second.email));
    }
}

void ContractReview::review_page(const UserOperation& operation) {
    const std::vector<ListedUser>& users = *operation.response.users;
    const std::uint64_t limit = *operation.request.limit;
    if (users.size() > limit) {
        find(operation, fmt::format("asked for {} users and was shown {}", limit, users.size()));
    }
    if (users.size() < limit && operation.response.next_cursor) {
        find(operation, fmt::format("asked for {} users, was shown {} and told that there are more",
                                    limit, users.size()));
    }
    for (const ListedUser& user : users) {
        if (user.version == 0) {
            find(operation, fmt::format("was told version 0 of user {}", user.id));
        }
        see(operation, user);
    }
}

void ContractReview::review_answer(const UserOperation& operation) {
    const UserFields& answer = operation.response;
    if (operation.function == UserFunction::list_users) {
        review_page(operation);
        return;
    }
    if (operation.function == UserFunction::register_user ||
        operation.function == UserFunction::repeat_registration) {
        review_registration(operation);
        return;
    }
    if (answer.absent) return;
    if (answer.id && answer.id != operation.request.id) {
        find(operation, fmt::format("was answered about another user, {}", *answer.id));
    }
    if (answer.email && answer.display_name && answer.version) {
        see(operation,
            {*operation.request.id, *answer.email, *answer.display_name, *answer.version});
    }
    if (answer.version == 0U) find(operation, "was told version 0; versions begin with 1");
    const bool sets_name = operation.function == UserFunction::patch_user ||
                           operation.function == UserFunction::change_email;
    if (sets_name && answer.display_name != operation.request.display_name) {
        find(operation, fmt::format("set the name \"{}\" and was told \"{}\"",
                                    *operation.request.display_name, *answer.display_name));
    }
}

void ContractReview::review_registration(const UserOperation& operation) {
    const UserFields& answer = operation.response;
    if (answer.email) {
        see(operation, {*answer.id, *answer.email, *answer.display_name, *answer.version});
    }
    if (!is_uuid_v7(*answer.id)) {
        find(operation, fmt::format("was told the id \"{}\", which is no UUIDv7", *answer.id));
    }
    if (answer.version != 1U) {
        find(operation, fmt::format("was told version {} of a new user", *answer.version));
    }
    if (answer.email && answer.email != operation.request.email) {
        find(operation, fmt::format("registered \"{}\" and was told \"{}\"",
                                    *operation.request.email, *answer.email));
    }
    if (answer.display_name != operation.request.display_name) {
        find(operation, fmt::format("set the name \"{}\" and was told \"{}\"",
                                    *operation.request.display_name, *answer.display_name));
    }
}

}  // namespace

Judgement check_api_contract(const RunRecord& run) {
    ContractReview review(run.operations);
    for (const UserOperation& operation : run.operations)
        review.review(operation);
    return judge(review.findings(), "Every answer kept to the API's contract.");
}

}  // namespace atlas::properties
