#include "system/sql/unsendable.hpp"

#include "system/sql/protocol/payload.hpp"

namespace atlas::sql {
namespace {

/// The message counts parameters in 16 bits.
constexpr std::size_t most_parameters = 0xffff;

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
