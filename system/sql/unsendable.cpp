#include "system/sql/unsendable.hpp"

#include <algorithm>
#include <array>

#include "system/sql/protocol/payload.hpp"

namespace atlas::sql {
namespace {

/// The message counts parameters in 16 bits.
constexpr std::size_t most_parameters = 0xffff;

/// How the statements begin that have no place in a batch. (PREPARE for PREPARE TRANSACTION.)
constexpr std::array<std::string_view, 6> kept_out{"COMMIT", "END",     "ROLLBACK",
                                                   "ABORT",  "PREPARE", "COPY"};

constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string first_word(std::string_view text) {
    const auto* const begin = std::ranges::find_if(text, is_letter);
    const auto* const end = std::find_if_not(begin, text.end(), is_letter);
    std::string word(begin, end);
    for (char& c : word)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    return word;
}

std::optional<Error> refuse_in_batch(std::string_view text) {
    if (std::ranges::find(kept_out, first_word(text)) != kept_out.end()) {
        return Error{.kind = ErrorKind::server,
                     .sqlstate = "0A000",
                     .message = "a batch neither ends a transaction nor copies: " +
                                std::string(text.substr(0, 60))};
    }
    return refuse_unsendable(text);
}

std::size_t bytes_of(const Parameters& parameters) {
    std::size_t bytes = 0;
    for (const Value& value : parameters)
        bytes += value ? value->size() : 0;
    return bytes;
}

struct StepBytes {
    std::size_t operator()(const QueryStep& step) const { return step.text.size(); }
    std::size_t operator()(const PrepareStep& step) const {
        return step.name.size() + step.text.size();
    }
    std::size_t operator()(const ExecuteStep& step) const {
        return step.name.size() + bytes_of(step.parameters);
    }
};

struct StepRefusal {
    std::optional<Error> operator()(const QueryStep& step) const {
        return refuse_in_batch(step.text);
    }
    std::optional<Error> operator()(const PrepareStep& step) const {
        if (std::optional<Error> error = refuse_unsendable(step.name)) return error;
        return refuse_in_batch(step.text);
    }
    std::optional<Error> operator()(const ExecuteStep& step) const {
        return refuse_unsendable(step.name, step.parameters);
    }
};

}  // namespace

std::optional<Error> refuse_unsendable(std::string_view text) {
    if (!protocol::contains_nul(text)) return std::nullopt;
    return Error{.kind = ErrorKind::server,
                 .sqlstate = "22021",
                 .message = "invalid byte sequence for encoding \"UTF8\": 0x00"};
}

std::optional<Error> refuse_unsendable(std::string_view name, const Parameters& parameters) {
    if (parameters.size() > most_parameters) {
        return Error{.kind = ErrorKind::server,
                     .sqlstate = "54000",
                     .message = "a statement takes no more than 65535 parameters"};
    }
    if (std::optional<Error> error = refuse_unsendable(name)) return error;
    for (const Value& value : parameters) {
        if (!value) continue;
        if (std::optional<Error> error = refuse_unsendable(*value)) return error;
    }
    return std::nullopt;
}

std::optional<Error> refuse_unsendable(const Batch& steps) {
    std::size_t bytes = 0;
    for (const Step& step : steps)
        bytes += std::visit(StepBytes{}, step);
    if (steps.size() > most_batch_steps || bytes > most_batch_bytes) {
        return Error{.kind = ErrorKind::server,
                     .sqlstate = "54000",
                     .message = "a batch of " + std::to_string(steps.size()) + " steps and " +
                                std::to_string(bytes) + " bytes: it takes no more than " +
                                std::to_string(most_batch_steps) + " and " +
                                std::to_string(most_batch_bytes)};
    }
    for (const Step& step : steps) {
        if (std::optional<Error> error = std::visit(StepRefusal{}, step)) return error;
    }
    return std::nullopt;
}

std::optional<Error> refuse_unsendable(const ConnectionTarget& target) {
    const auto refused = [](std::string message) {
        return Error{.kind = ErrorKind::cannot_connect, .message = std::move(message)};
    };
    for (const std::string_view text :
         {std::string_view(target.user), std::string_view(target.database),
          std::string_view(target.password), std::string_view(target.application_name)}) {
        if (protocol::contains_nul(text)) return refused("a NUL in a connection's parameters");
    }
    if (target.user.empty()) return refused("a connection needs the name of a user");
    for (const auto& [name, value] : target.session_settings) {
        if (name.empty() || protocol::contains_nul(name) || protocol::contains_nul(value)) {
            return refused("a session setting without a name or with a NUL");
        }
    }
    return std::nullopt;
}

std::string quote_identifier(std::string_view name) {
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"') quoted += c;
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace atlas::sql
