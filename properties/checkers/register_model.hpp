#pragma once
// A register with compare-and-set: it holds nil at first.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "properties/checkers/interned_strings.hpp"
#include "properties/checkers/model.hpp"

namespace atlas::properties {

struct RegisterOperation {
    enum class Action : std::uint8_t {
        read,         ///< Answered `value`.
        write,        ///< Of `value`.
        set,          ///< Compared with `expected`, was told it was that, and set `value`.
        refused_set,  ///< Was told it was not `expected`.
        attempt_set,  ///< Was told nothing.
    };

    Action action = Action::read;
    State value = 0;
    State expected = 0;

    friend bool operator==(const RegisterOperation&, const RegisterOperation&) = default;
};

class RegisterModel {
  public:
    using Operation = RegisterOperation;

    RegisterModel() { values_.number_of("nil"); }

    /// The state in which it holds that value.
    State holding(std::string_view value) { return values_.number_of(value); }

    State initial_state() const { return 0; }
    State step(State state, const Operation& operation) const;
    bool only_observes(const Operation& operation) const {
        return operation.action == Operation::Action::read ||
               operation.action == Operation::Action::refused_set;
    }
    std::string describe(const Operation& operation) const;
    std::string describe_after(std::span<const Operation* const> done) const;

  private:
    InternedStrings values_;
};

}  // namespace atlas::properties
