// Every acknowledged write is there at the end, and nothing that nobody may have written.
//
// A user's last row must be the newest acknowledged write, or follow from it by writes whose
// outcome nobody was told, each made for exactly the version before it. A deleted user's row has
// the version that its deletion made, and nothing personal: neither e-mail nor name.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "properties/history/folded_email.hpp"
#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

/// What clients know of one user's writes.
struct Writes {
    const UserOperation* newest = nullptr;  ///< Acknowledged, of the highest version.
    /// By the version they would make, the names of changes without an answer.
    std::map<std::uint64_t, std::set<std::string>> possible;
    const UserOperation* deletion = nullptr;  ///< Acknowledged.
    /// The versions that deletions made or may have made.
    std::set<std::uint64_t> deleted_versions;
};

class Audit {
  public:
    explicit Audit(const RunRecord& run) {
        for (const UserOperation& operation : run.operations)
            note(operation);
        for (const UserRow& row : *run.users)
            rows_.emplace(row.id, &row);
    }

    std::vector<std::string> findings() {
        for (const auto& [id, writes] : writes_) {
            if (is_back(id, writes)) continue;
            if (writes.newest != nullptr) look_for(id, writes);
        }
        for (const auto& [id, row] : rows_) {
            look_for_personal_data(*row);
            if (!writes_.contains(id) || writes_[id].newest == nullptr) look_into_origin(*row);
        }
        return std::move(wrong_);
    }

  private:
    void note(const UserOperation& operation);
    bool is_back(const std::string& id, const Writes& writes);
    void look_for(const std::string& id, const Writes& writes);
    void look_into_origin(const UserRow& row);
    bool has_origin(const UserRow& row) const;
    void look_for_personal_data(const UserRow& row);
    void note_deletion(const UserOperation& operation);
    bool follows(UserRow row, std::uint64_t version, const std::string& name) const;

    std::map<std::string, Writes> writes_;
    std::map<std::string, const UserRow*> rows_;
    /// Registrations that may have happened: by folded e-mail, the names asked for.
    std::map<std::string, std::set<std::string>> possible_registrations_;
    std::vector<std::string> wrong_;
};

void Audit::note_deletion(const UserOperation& operation) {
    Writes& writes = writes_[*operation.request.id];
    writes.deleted_versions.insert(*operation.request.if_match + 1);
    if (operation.outcome == EntryType::ok) writes.deletion = &operation;
}

void Audit::note(const UserOperation& operation) {
    const bool writes = operation.function == UserFunction::register_user ||
                        operation.function == UserFunction::patch_user ||
                        operation.function == UserFunction::change_email ||
                        operation.function == UserFunction::delete_user;
    if (!writes || operation.outcome == EntryType::fail) return;
    if (operation.function == UserFunction::delete_user) {
        note_deletion(operation);
        return;
    }
    const UserFields& request = operation.request;
    if (operation.outcome == EntryType::info) {
        if (operation.function == UserFunction::register_user) {
            possible_registrations_[folded_email(*request.email)].insert(*request.display_name);
        } else {
            writes_[*request.id].possible[*request.if_match + 1].insert(*request.display_name);
        }
        return;
    }
    const bool is_registration = operation.function == UserFunction::register_user;
    Writes& known = writes_[is_registration ? *operation.response.id : *request.id];
    if (known.newest == nullptr || *known.newest->response.version < *operation.response.version) {
        known.newest = &operation;
    }
}

/// Whether changes without an answer lead from that version to the row; the last of them gave the
/// row its name. Of a deleted user's row a deletion was the very last; it has no name.
bool Audit::follows(UserRow row, std::uint64_t version, const std::string& name) const {
    if (!row.is_live) {
        const auto writes = writes_.find(row.id);
        if (writes == writes_.end() || !writes->second.deleted_versions.contains(row.version)) {
            return false;
        }
        --row.version;
    }
    if (row.version == version) return !row.is_live || row.display_name == name;
    const auto writes = writes_.find(row.id);
    if (row.version < version || writes == writes_.end()) return false;
    const auto& possible = writes->second.possible;
    for (std::uint64_t step = version + 1; step <= row.version; ++step) {
        if (!possible.contains(step)) return false;
    }
    return !row.is_live || possible.at(row.version).contains(row.display_name);
}

bool Audit::is_back(const std::string& id, const Writes& writes) {
    const auto found = rows_.find(id);
    if (writes.deletion == nullptr || found == rows_.end() || !found->second->is_live) return false;
    wrong_.push_back(fmt::format("User {} is there again: {} was told that it is deleted.", id,
                                 describe(*writes.deletion)));
    return true;
}

void Audit::look_for(const std::string& id, const Writes& writes) {
    const UserOperation& newest = *writes.newest;
    const std::uint64_t version = *newest.response.version;
    const auto found = rows_.find(id);
    if (found == rows_.end()) {
        wrong_.push_back(fmt::format(
            "User {} is lost: {} was told that it is there at version {}, and it is not.", id,
            describe(newest), version));
        return;
    }
    const UserRow& row = *found->second;
    const std::string& name = *newest.response.display_name;
    if (follows(row, version, name)) return;
    const std::string_view problem =
        row.version < version ? "has lost an acknowledged write" : "holds what nobody wrote";
    wrong_.push_back(fmt::format(
        "User {} {}: {} was told version {}, \"{}\", and at the end it is {}version {}, \"{}\".",
        id, problem, describe(newest), version, name, row.is_live ? "" : "deleted, ", row.version,
        row.display_name));
}

/// Of a deleted user it is not known which registration made it, as it has no e-mail any more.
bool Audit::has_origin(const UserRow& row) const {
    if (!row.is_live) return !possible_registrations_.empty() && follows(row, 1, "");
    const auto names = possible_registrations_.find(folded_email(row.email));
    return names != possible_registrations_.end() &&
           std::any_of(names->second.begin(), names->second.end(),
                       [&](const std::string& name) { return follows(row, 1, name); });
}

void Audit::look_into_origin(const UserRow& row) {
    if (has_origin(row)) return;
    wrong_.push_back(fmt::format(
        "User {} (\"{}\", version {}, \"{}\") is in the table, but no registration that was "
        "acknowledged or whose outcome is unknown made it.",
        row.id, row.email, row.version, row.display_name));
}

void Audit::look_for_personal_data(const UserRow& row) {
    if (row.is_live || (row.email + row.email_folded + row.display_name).empty()) return;
    wrong_.push_back(fmt::format("User {} is deleted, and \"{}\", \"{}\" is still in the table.",
                                 row.id, row.email, row.display_name));
}

}  // namespace

Judgement check_acknowledged_writes(const RunRecord& run) {
    if (!run.users) return {Verdict::unknown, "The table of users could not be read at the end.\n"};
    return judge(Audit(run).findings(), "Every acknowledged write is there at the end.");
}

}  // namespace atlas::properties
