#include "properties/checkers/register_model.hpp"

#include <fmt/format.h>

namespace atlas::properties {

State RegisterModel::step(State state, const Operation& operation) const {
    using enum Operation::Action;
    switch (operation.action) {
        case read:
            return state == operation.value ? state : impossible;
        case write:
            return operation.value;
        case set:
            return state == operation.expected ? operation.value : impossible;
        case refused_set:
            return state == operation.expected ? impossible : state;
        case attempt_set:
            return state == operation.expected ? operation.value : state;
    }
    return impossible;
}

std::string RegisterModel::describe(const Operation& operation) const {
    using enum Operation::Action;
    const std::string& value = values_.text(operation.value);
    const std::string& expected = values_.text(operation.expected);
    switch (operation.action) {
        case read:
            return fmt::format("read {}", value);
        case write:
            return fmt::format("wrote {}", value);
        case set:
            return fmt::format("found {} and set {}", expected, value);
        case refused_set:
            return fmt::format("was refused to set {} because the value was not {}", value,
                               expected);
        case attempt_set:
            return fmt::format("tried to set {} if the value was {}", value, expected);
    }
    return {};
}

std::string RegisterModel::describe_after(std::span<const Operation* const> done) const {
    State state = initial_state();
    for (const Operation* operation : done)
        state = step(state, *operation);
    return fmt::format("the register held {}", values_.text(state));
}

}  // namespace atlas::properties
