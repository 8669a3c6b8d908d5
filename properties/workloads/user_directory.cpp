#include "properties/workloads/user_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "system/host/check.hpp"

namespace atlas::properties {

void UserDirectory::learn(const client::User& user) {
    const auto [place, is_new] = places_.try_emplace(user.id, users_.size());
    if (is_new) {
        users_.push_back({user.id, user.email, user.version});
        return;
    }
    KnownUser& known = users_[place->second];
    if (user.version < known.version) return;
    known.version = user.version;
    known.email = user.email;
}

void UserDirectory::forget(const std::string& id) {
    const auto place = places_.find(id);
    if (place == places_.end()) return;
    users_.erase(users_.begin() + static_cast<std::ptrdiff_t>(place->second));
    places_.clear();
    for (std::size_t i = 0; i < users_.size(); ++i)
        places_.emplace(users_[i].id, i);
}

void UserDirectory::remember(FinishedRegistration registration) {
    constexpr std::size_t most = 20;
    if (registrations_.size() == most) registrations_.pop_front();
    registrations_.push_back(std::move(registration));
}

const FinishedRegistration* UserDirectory::pick_registration(host::RandomSource& random) const {
    if (registrations_.empty()) return nullptr;
    return &registrations_[random.below(registrations_.size())];
}

const KnownUser* UserDirectory::pick_not_hot(host::RandomSource& random) const {
    if (users_.size() <= options_.hot_users) return nullptr;
    const std::size_t others = users_.size() - options_.hot_users;
    const std::size_t newest = std::clamp<std::size_t>(options_.working_set, 1, others);
    return &users_[users_.size() - 1 - random.below(newest)];
}

const KnownUser& UserDirectory::pick(host::RandomSource& random) const {
    ATLAS_CHECK(!users_.empty(), "one picks among users that are known");
    const bool is_hot = random.chance(options_.hot_per_thousand, 1000);
    if (is_hot && hot_users() > 0) return users_[random.below(hot_users())];
    const std::size_t newest = std::clamp<std::size_t>(options_.working_set, 1, users_.size());
    return users_[users_.size() - 1 - random.below(newest)];
}

std::string UserDirectory::next_email(host::RandomSource& random) {
    // The pool moves by one for every other attempt, so about half of them find a free e-mail.
    const std::uint64_t first = attempts_++ / 2;
    const bool follows_another = attempts_ > 1 && random.chance(1, 4);
    if (!follows_another) last_number_ = first + random.below(options_.email_pool);
    return spell_email(last_number_, random);
}

std::string UserDirectory::fresh_email() {
    return fmt::format("fresh-{}@example.com", fresh_++);
}

std::string spell_otherwise(std::string email, host::RandomSource& random) {
    for (char& c : email) {
        const bool is_small = c >= 'a' && c <= 'z';
        const bool is_letter = is_small || (c >= 'A' && c <= 'Z');
        if (is_letter && random.chance(1, 4)) c = static_cast<char>(c ^ 0x20);
    }
    return email;
}

std::string spell_email(std::uint64_t number, host::RandomSource& random) {
    // Eight numbers share a stem; two of them add a letter that ASCII does not have.
    constexpr std::uint64_t kinds = 8;
    std::string email = fmt::format("user-{}", number);
    if (number % kinds == kinds - 2) email = fmt::format("\u00e4nne-{}", number / kinds);
    if (number % kinds == kinds - 1) email = fmt::format("\u00c4nne-{}", number / kinds);
    email += "@example.com";
    for (char& c : email) {
        if (c >= 'a' && c <= 'z' && random.chance(1, 4)) c = static_cast<char>(c - 'a' + 'A');
    }
    return email;
}

}  // namespace atlas::properties
