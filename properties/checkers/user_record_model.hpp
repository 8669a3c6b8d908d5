#pragma once
// One Atlas user as a register with compare-and-set: absent until it is created with version 1;
// each update names the version it replaces and makes the next one; once removed, by a request that
// names the version too, it is gone for good.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/checkers/interned_strings.hpp"
#include "properties/checkers/model.hpp"

namespace atlas::properties {

struct UserRecordOperation {
    enum class Action : std::uint8_t {
        create,            ///< Was told it made the user, which was `answer`.
        attempt_create,    ///< Was told nothing.
        read,              ///< Was told the user was `answer`.
        read_absent,       ///< Was told there was none.
        update,            ///< Was told it replaced `version`, and the user was `answer`.
        refused_update,    ///< Was told the version was not `version`.
        update_of_absent,  ///< Was told there was no user.
        attempt_update,    ///< Was told nothing.
        remove,            ///< Was told it removed `version`.
        refused_remove,    ///< Was told the version was not `version`.
        remove_of_absent,  ///< Was told there was no user.
        attempt_remove,    ///< Was told nothing.
    };

    Action action = Action::read;
    State answer = 0;
    std::uint32_t name = 0;     ///< Asked for; a number of the model's.
    std::uint64_t version = 0;  ///< If-Match.

    friend bool operator==(const UserRecordOperation&, const UserRecordOperation&) = default;
};

class UserRecordModel {
  public:
    using Operation = UserRecordOperation;
    using Action = Operation::Action;

    UserRecordModel() : states_(2) {}

    std::uint32_t number_of_name(std::string_view name) { return names_.number_of(name); }
    /// The state in which the user has that name and version.
    State holding(std::string_view name, std::uint64_t version) {
        return state_of({names_.number_of(name), version});
    }

    State initial_state() const { return absent; }
    State step(State state, const Operation& operation);
    bool only_observes(const Operation& operation) const {
        return operation.action == Action::read || operation.action == Action::read_absent ||
               operation.action == Action::refused_update ||
               operation.action == Action::update_of_absent ||
               operation.action == Action::refused_remove ||
               operation.action == Action::remove_of_absent;
    }
    std::string describe(const Operation& operation) const;
    std::string describe_after(std::span<const Operation* const> done) const;

  private:
    static constexpr State absent = 0;
    static constexpr State removed = 1;

    struct Record {
        std::uint32_t name = 0;
        std::uint64_t version = 0;
        friend auto operator<=>(const Record&, const Record&) = default;
    };

    State state_of(Record record);
    bool answers_with(const Operation& operation, std::uint64_t version) const;
    State updated(State state, const Operation& operation);
    std::string text(State state) const;

    InternedStrings names_;
    std::vector<Record> states_;  ///< By state; the first two are none.
    std::map<Record, State> numbers_;
};

}  // namespace atlas::properties
