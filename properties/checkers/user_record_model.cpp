#include "properties/checkers/user_record_model.hpp"

#include <fmt/format.h>

namespace atlas::properties {

State UserRecordModel::state_of(Record record) {
    const auto [found, is_new] = numbers_.try_emplace(record, static_cast<State>(states_.size()));
    if (is_new) states_.push_back(record);
    return found->second;
}

/// Whether the answer is what was asked for, at that version.
bool UserRecordModel::answers_with(const Operation& operation, std::uint64_t version) const {
    return states_[operation.answer] == Record{operation.name, version};
}

State UserRecordModel::updated(State state, const Operation& operation) {
    return state_of({operation.name, states_[state].version + 1});
}

State UserRecordModel::step(State state, const Operation& operation) {
    using enum Operation::Action;
    const bool is_there = state != absent && state != removed;
    const bool matches = is_there && states_[state].version == operation.version;
    switch (operation.action) {
        case create:
            return state == absent && answers_with(operation, 1) ? operation.answer : impossible;
        case attempt_create:
            return state == absent ? state_of({operation.name, 1}) : state;
        case read:
            return state == operation.answer ? state : impossible;
        case read_absent:
            return is_there ? impossible : state;
        case update:
            return matches && answers_with(operation, operation.version + 1) ? operation.answer
                                                                             : impossible;
        case refused_update:
            return is_there && !matches ? state : impossible;
        case update_of_absent:
            return is_there ? impossible : state;
        case attempt_update:
            return matches ? updated(state, operation) : state;
        case remove:
            return matches ? removed : impossible;
        case refused_remove:
            return is_there && !matches ? state : impossible;
        case remove_of_absent:
            return is_there ? impossible : state;
        case attempt_remove:
            return matches ? removed : state;
    }
    return impossible;
}

std::string UserRecordModel::text(State state) const {
    if (state == absent) return "absent";
    if (state == removed) return "deleted";
    const Record& record = states_[state];
    return fmt::format("version {}, \"{}\"", record.version, names_.text(record.name));
}

std::string UserRecordModel::describe(const Operation& operation) const {
    using enum Operation::Action;
    const auto name = [&] { return names_.text(operation.name); };
    switch (operation.action) {
        case create:
            return fmt::format("registered it as \"{}\" and was told {}", name(),
                               text(operation.answer));
        case attempt_create:
            return fmt::format("tried to register it as \"{}\"", name());
        case read:
            return fmt::format("read {}", text(operation.answer));
        case read_absent:
            return "read that there is no such user";
        case update:
            return fmt::format("renamed version {} to \"{}\" and was told {}", operation.version,
                               name(), text(operation.answer));
        case refused_update:
            return fmt::format(
                "was refused to rename version {} to \"{}\" because the version differed",
                operation.version, name());
        case update_of_absent:
            return fmt::format("was refused to rename version {} because there is no such user",
                               operation.version);
        case attempt_update:
            return fmt::format("tried to rename version {} to \"{}\"", operation.version, name());
        case remove:
            return fmt::format("deleted version {}", operation.version);
        case refused_remove:
            return fmt::format("was refused to delete version {} because the version differed",
                               operation.version);
        case remove_of_absent:
            return fmt::format("was refused to delete version {} because there is no such user",
                               operation.version);
        case attempt_remove:
            return fmt::format("tried to delete version {}", operation.version);
    }
    return {};
}

std::string UserRecordModel::describe_after(std::span<const Operation* const> done) const {
    UserRecordModel replay = *this;
    State state = initial_state();
    for (const Operation* operation : done)
        state = replay.step(state, *operation);
    return fmt::format("the user was {}", replay.text(state));
}

}  // namespace atlas::properties
