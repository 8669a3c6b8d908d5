// A walk through the listing shows whoever was there throughout, nobody who was never registered,
// and nobody twice.
//
// A walk is a client's pages from one without a cursor on. It has shown all up to the last user of
// its last page, or all there are once a page has no next. There throughout: the registration was
// acknowledged before the walk began, and no deletion that may have happened began before it ended.

#include <fmt/format.h>

#include <map>
#include <set>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

/// Those of one client's pages that belong together; each had an answer.
using Walk = std::vector<const UserOperation*>;

std::vector<Walk> walks_of(const std::vector<UserOperation>& operations) {
    std::vector<Walk> walks;
    std::map<std::uint64_t, std::size_t> under_way;  // By client.
    for (const UserOperation& page : operations) {
        if (page.function != UserFunction::list_users || page.outcome != EntryType::ok) continue;
        if (!page.request.cursor) {
            under_way[page.process] = walks.size();
            walks.emplace_back();
        }
        const auto walk = under_way.find(page.process);
        if (walk != under_way.end()) walks[walk->second].push_back(&page);
    }
    return walks;
}

class ListingReview {
  public:
    explicit ListingReview(const RunRecord& run) {
        for (const UserOperation& operation : run.operations)
            note(operation);
    }

    void review(const Walk& walk) {
        std::set<std::string> shown;
        for (const UserOperation* page : walk) {
            for (const ListedUser& user : *page->response.users) {
                if (!shown.insert(user.id).second) {
                    find(*page, fmt::format("shows user {} a second time in its walk", user.id));
                }
                if (!may_exist(user, *page)) {
                    find(*page, fmt::format("shows user {}, who was never registered", user.id));
                }
            }
        }
        look_for_skipped(walk, shown);
    }

    std::vector<std::string> findings() { return std::move(wrong_); }

  private:
    void note(const UserOperation& operation);
    bool may_exist(const ListedUser& user, const UserOperation& page) const;
    void look_for_skipped(const Walk& walk, const std::set<std::string>& shown);
    void find(const UserOperation& page, std::string_view what) {
        wrong_.push_back(fmt::format("{} {}.", describe(page), what));
    }

    std::map<std::string, const UserOperation*> registered_;  ///< By id, in the order of ids.
    std::map<std::string, std::size_t> deletion_begun_;       ///< By id, the first line.
    std::set<std::string> possible_names_;  ///< Of registrations that may have happened.
    std::vector<std::string> wrong_;
};

void ListingReview::note(const UserOperation& operation) {
    if (operation.outcome == EntryType::fail) return;
    if (operation.function == UserFunction::delete_user) {
        deletion_begun_.try_emplace(*operation.request.id, operation.invoke_line);
    } else if (operation.function == UserFunction::register_user) {
        if (operation.outcome == EntryType::ok) {
            registered_.emplace(*operation.response.id, &operation);
        } else {
            possible_names_.insert(*operation.request.display_name);
        }
    }
}

/// Nobody is ever told the id of a registration without an answer, so its user keeps its name.
bool ListingReview::may_exist(const ListedUser& user, const UserOperation& page) const {
    const auto known = registered_.find(user.id);
    if (known != registered_.end()) return known->second->invoke_line < page.end_line;
    return possible_names_.contains(user.display_name);
}

void ListingReview::look_for_skipped(const Walk& walk, const std::set<std::string>& shown) {
    const UserOperation& last = *walk.back();
    const bool is_complete = !last.response.next_cursor;
    for (const auto& [id, registration] : registered_) {
        if (!is_complete && (shown.empty() || id > *shown.rbegin())) break;
        if (registration->end_line >= walk.front()->invoke_line || shown.contains(id)) continue;
        const auto deletion = deletion_begun_.find(id);
        if (deletion != deletion_begun_.end() && deletion->second < last.end_line) continue;
        find(last, fmt::format("ends a walk from line {} on that skipped user {}, who was there "
                               "throughout",
                               walk.front()->invoke_line, id));
    }
}

}  // namespace

Judgement check_listings(const RunRecord& run) {
    ListingReview review(run);
    for (const Walk& walk : walks_of(run.operations))
        review.review(walk);
    return judge(review.findings(), "Every walk through the listing showed whom it had to.");
}

}  // namespace atlas::properties
