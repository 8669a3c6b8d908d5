#include "properties/checkers/key_value_model.hpp"

#include <fmt/format.h>

namespace atlas::properties {

namespace {

/// Long values are shown by their end, where they differ.
std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 60;
    if (text.size() <= longest) return fmt::format("\"{}\"", text);
    return fmt::format("\"...{}\" ({} bytes)", text.substr(text.size() - longest), text.size());
}

}  // namespace

KeyValueModel::KeyValueModel() {
    states_.number_of("");
}

KeyValueModel::Operation KeyValueModel::get(std::string_view answer) {
    answers_.emplace(answer);
    states_.number_of(answer);
    return {Operation::Action::get, texts_.number_of(answer)};
}

KeyValueModel::Operation KeyValueModel::put(std::string_view value) {
    return {Operation::Action::put, texts_.number_of(value)};
}

KeyValueModel::Operation KeyValueModel::append(std::string_view value) {
    return {Operation::Action::append, texts_.number_of(value)};
}

State KeyValueModel::state_of(std::string_view text) {
    const auto answer = answers_.lower_bound(text);
    if (answer == answers_.end() || !std::string_view(*answer).starts_with(text)) {
        return unreadable;
    }
    return states_.number_of(text);
}

State KeyValueModel::after_put(std::uint32_t text) {
    if (puts_.size() <= text) puts_.resize(texts_.size(), impossible);
    if (puts_[text] == impossible) puts_[text] = state_of(texts_.text(text));
    return puts_[text];
}

State KeyValueModel::after_append(State state, std::uint32_t text) {
    if (state == unreadable) return unreadable;
    if (const auto known = appends_.find(state, text)) return *known;
    const State after = state_of(states_.text(state) + texts_.text(text));
    appends_.add(state, text, after);
    return after;
}

State KeyValueModel::step(State state, const Operation& operation) {
    switch (operation.action) {
        case Operation::Action::get:
            if (state == unreadable) return impossible;
            return states_.text(state) == texts_.text(operation.text) ? state : impossible;
        case Operation::Action::put:
            return after_put(operation.text);
        case Operation::Action::append:
            return after_append(state, operation.text);
    }
    return impossible;
}

std::string KeyValueModel::describe(const Operation& operation) const {
    const std::string text = in_quotes(texts_.text(operation.text));
    switch (operation.action) {
        case Operation::Action::get:
            return fmt::format("got {}", text);
        case Operation::Action::put:
            return fmt::format("put {}", text);
        case Operation::Action::append:
            return fmt::format("appended {}", text);
    }
    return {};
}

std::string KeyValueModel::describe_after(std::span<const Operation* const> done) const {
    std::string value;
    for (const Operation* operation : done) {
        if (operation->action == Operation::Action::put) value.clear();
        if (operation->action != Operation::Action::get) value += texts_.text(operation->text);
    }
    return fmt::format("the value was {}", in_quotes(value));
}

}  // namespace atlas::properties
