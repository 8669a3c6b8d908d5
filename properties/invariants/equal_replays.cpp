// One effect per idempotency key, and equal replays: whoever sends a key again is told what the
// first was told; with another body it is refused; and one registration makes one user.
//
// The workload repeats registrations whose outcome is known. The names they ask for are set by
// nothing else, so a user of version 1 with such a name was made by that registration.

#include <fmt/format.h>

#include <map>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

constexpr std::string_view key_reused = "urn:atlas:problem:idempotency-key-reused";

bool is_taken(const UserOperation& operation) {
    return operation.outcome == EntryType::fail && operation.response.failure == "email_taken";
}

/// What a registration was told, for people and for comparing; empty when it was told nothing that
/// is kept.
std::string outcome_of(const UserOperation& operation) {
    const UserFields& told = operation.response;
    if (is_taken(operation)) return "that the e-mail is taken";
    if (operation.outcome != EntryType::ok) return {};
    return fmt::format("user {}, \"{}\", \"{}\", version {}", told.id.value_or(""),
                       told.email.value_or(""), told.display_name.value_or(""),
                       told.version.value_or(0));
}

class ReplayReview {
  public:
    void note_first(const UserOperation& operation) {
        const auto& key = operation.request.key;
        if (key) firsts_.try_emplace(*key, &operation);
    }

    void review(const UserOperation& repeat) {
        const auto first = firsts_.find(*repeat.request.key);
        if (first == firsts_.end()) return;
        const UserFields& asked = first->second->request;
        if (asked.email == repeat.request.email &&
            asked.display_name == repeat.request.display_name) {
            review_replay(*first->second, repeat);
        } else {
            review_reuse(*first->second, repeat);
        }
    }

    /// A user as somebody saw it.
    void note_user(const std::string& name, std::uint64_t version, const std::string& id) {
        if (version != 1) return;
        const auto [made, is_first] = made_.try_emplace(name, id);
        if (is_first || made->second == id) return;
        wrong_.push_back(fmt::format("The registration of \"{}\" made two users: {} and {}.", name,
                                     made->second, id));
    }

    std::vector<std::string> findings() { return std::move(wrong_); }

  private:
    void review_replay(const UserOperation& first, const UserOperation& repeat) {
        const bool is_refused = repeat.response.failure == "rejected";
        const std::string told = outcome_of(first);
        const std::string told_again = is_refused ? fmt::format("that it is refused with {}",
                                                                repeat.response.status.value_or(0))
                                                  : outcome_of(repeat);
        if (told.empty() || told_again.empty() || told == told_again) return;
        wrong_.push_back(fmt::format("{} was told {}, and {} with the same key {}.",
                                     describe(first), told, describe(repeat), told_again));
    }

    void review_reuse(const UserOperation& first, const UserOperation& repeat) {
        const bool is_answered = repeat.outcome == EntryType::ok || is_taken(repeat);
        const bool is_refused_otherwise =
            repeat.response.failure == "rejected" && repeat.response.problem != key_reused;
        if (!is_answered && !is_refused_otherwise) return;
        wrong_.push_back(
            fmt::format("{} sent the key of {} with another body and was not refused with 422.",
                        describe(repeat), describe(first)));
    }

    std::map<std::string, const UserOperation*> firsts_;  ///< By key.
    std::map<std::string, std::string> made_;             ///< By name, the user's id.
    std::vector<std::string> wrong_;
};

void note_users(const UserOperation& operation, ReplayReview& review) {
    const UserFields& told = operation.response;
    if (operation.outcome != EntryType::ok) return;
    if (told.users) {
        for (const ListedUser& user : *told.users)
            review.note_user(user.display_name, user.version, user.id);
    }
    const auto& id = told.id ? told.id : operation.request.id;
    if (id && told.display_name && told.version) {
        review.note_user(*told.display_name, *told.version, *id);
    }
}

}  // namespace

Judgement check_equal_replays(const RunRecord& run) {
    ReplayReview review;
    for (const UserOperation& operation : run.operations) {
        if (operation.function == UserFunction::register_user) review.note_first(operation);
    }
    for (const UserOperation& operation : run.operations) {
        if (operation.function == UserFunction::repeat_registration) review.review(operation);
        note_users(operation, review);
    }
    // A deleted user has no name any more.
    for (const UserRow& row : run.users.value_or(std::vector<UserRow>{})) {
        if (row.is_live) review.note_user(row.display_name, row.version, row.id);
    }
    return judge(review.findings(), "Every repeated key was told what its first request was told.");
}

}  // namespace atlas::properties
