// A client sees what it has written, and nothing older than what it has seen. (Terry et al.,
// "Session Guarantees for Weakly Consistent Replicated Data", 1994: read your writes and monotonic
// reads.)
//
// Eventual reads promise neither, and what they show binds nobody.

#include <fmt/format.h>

#include <map>

#include "properties/invariants/invariants.hpp"
#include "properties/invariants/prose.hpp"

namespace atlas::properties {

namespace {

/// The newest that one client was told of one user.
struct Seen {
    const UserOperation* by = nullptr;
    std::uint64_t version = 0;
    bool is_deleted = false;
};

class Sessions {
  public:
    explicit Sessions(const RunRecord& run) {
        for (const UserOperation& operation : run.operations)
            note_deletion(operation);
        for (const UserOperation& operation : run.operations)
            look_at(operation);
    }

    std::vector<std::string> findings() { return std::move(wrong_); }

  private:
    void note_deletion(const UserOperation& operation) {
        const bool may_delete =
            operation.function == UserFunction::delete_user && operation.outcome != EntryType::fail;
        if (!may_delete) return;
        std::size_t& first = deletion_begins_[*operation.request.id];
        if (first == 0 || operation.invoke_line < first) first = operation.invoke_line;
    }

    void look_at(const UserOperation& operation) {
        if (operation.outcome != EntryType::ok) return;
        const UserFields& answer = operation.response;
        switch (operation.function) {
            case UserFunction::register_user:
                return see(operation, *answer.id, *answer.version);
            case UserFunction::patch_user:
            case UserFunction::change_email:
                return see(operation, *operation.request.id, *answer.version);
            case UserFunction::delete_user:
                session_of(operation)[*operation.request.id] = {&operation, 0, true};
                return;
            case UserFunction::get_user:
                return look_at_read(operation);
            case UserFunction::list_users:
                for (const ListedUser& user : *answer.users)
                    see(operation, user.id, user.version);
                return;
            case UserFunction::repeat_registration:
                // It is told what was answered then.
                return;
        }
    }

    void look_at_read(const UserOperation& operation) {
        if (operation.request.consistency == "eventual") return;
        if (operation.response.absent) return see_nobody(operation, *operation.request.id);
        see(operation, *operation.request.id, *operation.response.version);
    }

    void see(const UserOperation& operation, const std::string& id, std::uint64_t version) {
        Seen& seen = session_of(operation)[id];
        if (seen.is_deleted) {
            wrong_.push_back(
                fmt::format("{} was told version {} of user {}, whom {} had shown it "
                            "to be deleted.",
                            describe(operation), version, id, describe(*seen.by)));
        } else if (version < seen.version) {
            wrong_.push_back(
                fmt::format("{} was told version {} of user {}, and had been told "
                            "version {} by {}.",
                            describe(operation), version, id, seen.version, describe(*seen.by)));
        } else {
            seen = {&operation, version, false};
        }
    }

    /// Nobody is there before they are registered, and after.
    void see_nobody(const UserOperation& operation, const std::string& id) {
        const auto seen = session_of(operation).find(id);
        if (seen == session_of(operation).end() || seen->second.is_deleted) return;
        const auto deletion = deletion_begins_.find(id);
        if (deletion != deletion_begins_.end() && deletion->second < operation.end_line) {
            seen->second = {&operation, seen->second.version, true};
            return;
        }
        wrong_.push_back(
            fmt::format("{} was told that there is no user {}, whose version {} it had "
                        "been told by {}; and nobody deletes that user.",
                        describe(operation), id, seen->second.version, describe(*seen->second.by)));
    }

    std::map<std::string, Seen>& session_of(const UserOperation& operation) {
        return sessions_[operation.process];
    }

    std::map<std::uint64_t, std::map<std::string, Seen>> sessions_;  ///< By client and user.
    /// By user: the line of the first deletion that may have taken effect.
    std::map<std::string, std::size_t> deletion_begins_;
    std::vector<std::string> wrong_;
};

}  // namespace

Judgement check_session_reads(const RunRecord& run) {
    return judge(Sessions(run).findings(),
                 "Every client saw what it had written, and nothing older than it had seen.");
}

}  // namespace atlas::properties
