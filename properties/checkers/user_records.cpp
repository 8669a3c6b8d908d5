#include "properties/checkers/user_records.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "properties/history/folded_email.hpp"

namespace atlas::properties {

namespace {

using Operation = UserRecordOperation;
using Action = Operation::Action;

class PartitionBuilder {
  public:
    std::vector<Partition<UserRecordModel>> build(const std::vector<UserOperation>& operations);

  private:
    Partition<UserRecordModel>& partition_of(const std::string& id);
    void add(const UserOperation& operation);
    void add_registration(const UserOperation& operation);
    void add_get(const UserOperation& operation);
    void add_patch(const UserOperation& operation);
    void add_delete(const UserOperation& operation);
    void add_page(const UserOperation& operation);
    void add_unacknowledged_registration(const UserOperation& operation);
    static void push(Partition<UserRecordModel>& partition, const UserOperation& operation,
                     Operation what);

    std::map<std::string, Partition<UserRecordModel>> partitions_;
    std::set<std::string> acknowledged_;                         ///< Ids.
    std::map<std::string, std::set<std::string>> ids_by_email_;  ///< As read.
};

Partition<UserRecordModel>& PartitionBuilder::partition_of(const std::string& id) {
    Partition<UserRecordModel>& partition = partitions_[id];
    if (partition.name.empty()) partition.name = "user " + id;
    return partition;
}

void PartitionBuilder::push(Partition<UserRecordModel>& partition, const UserOperation& operation,
                            Operation what) {
    Interval interval{operation.invoke_line, Interval::never, operation.invoked_at, {}};
    if (operation.outcome != EntryType::info) {
        interval.end = operation.end_line;
        interval.ended_at = operation.ended_at;
    }
    partition.operations.push_back({what, operation.process, interval});
}

void PartitionBuilder::add_registration(const UserOperation& operation) {
    if (operation.outcome != EntryType::ok) return;
    acknowledged_.insert(*operation.response.id);
    Partition<UserRecordModel>& partition = partition_of(*operation.response.id);
    UserRecordModel& model = partition.model;
    const std::uint32_t name = model.number_of_name(*operation.request.display_name);
    const State answer =
        model.holding(*operation.response.display_name, *operation.response.version);
    push(partition, operation, {Action::create, answer, name, 0});
}

void PartitionBuilder::add_get(const UserOperation& operation) {
    const UserFields& answer = operation.response;
    const bool is_absent = answer.absent || answer.status == 404;
    if (operation.outcome != EntryType::ok &&
        !(operation.outcome == EntryType::fail && is_absent)) {
        return;
    }
    const std::string& id = *operation.request.id;
    if (answer.email) ids_by_email_[folded_email(*answer.email)].insert(id);
    // One that asked for less may be told what was: check_session_reads is about it.
    if (operation.request.consistency) return;
    Partition<UserRecordModel>& partition = partition_of(id);
    if (is_absent) {
        push(partition, operation, {Action::read_absent, 0, 0, 0});
        return;
    }
    const State state = partition.model.holding(*answer.display_name, *answer.version);
    push(partition, operation, {Action::read, state, 0, 0});
}

void PartitionBuilder::add_patch(const UserOperation& operation) {
    const UserFields& answer = operation.response;
    const bool is_refused = operation.outcome == EntryType::fail;
    if (is_refused && answer.status != 412 && answer.status != 404) return;
    Partition<UserRecordModel>& partition = partition_of(*operation.request.id);
    UserRecordModel& model = partition.model;
    Operation what{Action::attempt_update, 0, model.number_of_name(*operation.request.display_name),
                   *operation.request.if_match};
    if (is_refused) {
        what.action = answer.status == 412 ? Action::refused_update : Action::update_of_absent;
    } else if (operation.outcome == EntryType::ok) {
        what.action = Action::update;
        what.answer = model.holding(*answer.display_name, *answer.version);
    }
    push(partition, operation, what);
}

void PartitionBuilder::add_delete(const UserOperation& operation) {
    const UserFields& answer = operation.response;
    const bool is_refused = operation.outcome == EntryType::fail;
    if (is_refused && answer.status != 412 && answer.status != 404) return;
    Operation what{Action::attempt_remove, 0, 0, *operation.request.if_match};
    if (is_refused) {
        what.action = answer.status == 412 ? Action::refused_remove : Action::remove_of_absent;
    } else if (operation.outcome == EntryType::ok) {
        what.action = Action::remove;
    }
    push(partition_of(*operation.request.id), operation, what);
}

/// Each user that a page shows is a read of that user. That it shows one twice is for
/// check_listings to say.
void PartitionBuilder::add_page(const UserOperation& operation) {
    if (operation.outcome != EntryType::ok) return;
    std::set<std::string_view> shown;
    for (const ListedUser& user : *operation.response.users) {
        if (!shown.insert(user.id).second) continue;
        ids_by_email_[folded_email(user.email)].insert(user.id);
        Partition<UserRecordModel>& partition = partition_of(user.id);
        const State state = partition.model.holding(user.display_name, user.version);
        push(partition, operation, {Action::read, state, 0, 0});
    }
}

void PartitionBuilder::add(const UserOperation& operation) {
    switch (operation.function) {
        case UserFunction::register_user:
            add_registration(operation);
            return;
        case UserFunction::get_user:
            add_get(operation);
            return;
        case UserFunction::patch_user:
        case UserFunction::change_email:
            add_patch(operation);
            return;
        case UserFunction::delete_user:
            add_delete(operation);
            return;
        case UserFunction::list_users:
            add_page(operation);
            return;
        case UserFunction::repeat_registration:
            // Whatever it is told, it changes nothing: check_equal_replays is about it.
            return;
    }
}

void PartitionBuilder::add_unacknowledged_registration(const UserOperation& operation) {
    const auto ids = ids_by_email_.find(folded_email(*operation.request.email));
    if (ids == ids_by_email_.end()) return;
    for (const std::string& id : ids->second) {
        if (acknowledged_.contains(id)) continue;
        Partition<UserRecordModel>& partition = partition_of(id);
        const std::uint32_t name = partition.model.number_of_name(*operation.request.display_name);
        push(partition, operation, {Action::attempt_create, 0, name, 0});
    }
}

std::vector<Partition<UserRecordModel>> PartitionBuilder::build(
    const std::vector<UserOperation>& operations) {
    for (const UserOperation& operation : operations)
        add(operation);
    for (const UserOperation& operation : operations) {
        if (operation.function == UserFunction::register_user &&
            operation.outcome == EntryType::info) {
            add_unacknowledged_registration(operation);
        }
    }
    std::vector<Partition<UserRecordModel>> result;
    for (auto& [id, partition] : partitions_) {
        std::sort(partition.operations.begin(), partition.operations.end(),
                  [](const auto& a, const auto& b) { return a.interval.call < b.interval.call; });
        result.push_back(std::move(partition));
    }
    return result;
}

}  // namespace

std::vector<Partition<UserRecordModel>> user_record_partitions(
    const std::vector<UserOperation>& operations) {
    return PartitionBuilder().build(operations);
}

}  // namespace atlas::properties
