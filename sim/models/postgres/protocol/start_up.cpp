// From the first byte of a connection to its first ReadyForQuery ("Start-up" in "Message Flow").

#include <fmt/format.h>

#include "sim/models/postgres/protocol/connection.hpp"
#include "sim/models/postgres/protocol/replies.hpp"
#include "sim/models/postgres/protocol/startup_options.hpp"
#include "system/sql/protocol/backend.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

namespace wire = sql::protocol;

ServerMessage fatal(std::string sqlstate, std::string message) {
    return {.severity = "FATAL", .sqlstate = std::move(sqlstate), .message = std::move(message)};
}

/// Protocol options, as opposed to run-time parameters; none is known.
bool is_protocol_option(std::string_view name) {
    return name.starts_with("_pq_.");
}

bool asks_for_replication(std::string_view value) {
    return value != "false" && value != "off" && value != "no" && value != "0";
}

}  // namespace

host::Task<bool> Connection::start_up(bool too_many) {
    const host::Deadline deadline =
        host::deadline_after(environment_.host, environment_.limits.start_up);
    const std::optional<wire::StartupPacket> packet = co_await read_startup_packet(deadline);
    if (!packet) co_return false;
    if (const auto* cancel = std::get_if<wire::CancelRequest>(&*packet)) {
        environment_.backend.request_cancel(cancel->process_id, cancel->secret);
        co_return false;
    }
    const auto& message = std::get<wire::StartupMessage>(*packet);
    const Outcome<void> opened =
        too_many ? std::unexpected(fatal("53300", "sorry, too many clients already"))
                 : open_session(message);
    if (!opened) {
        replication_.reset();
        co_await end_with(opened.error());
        co_return false;
    }
    if (replication_) co_return false;
    session_->on_termination([this] { on_termination(); });
    session_->on_notification([this] { on_notification(); });
    greet(message);
    co_return co_await flush(deadline);
}

// A StartupMessage or a CancelRequest; nothing when the connection is to be closed without a word.
// The requests for encryption before it are refused, each once: a second one is taken for a
// protocol version, as PostgreSQL does.
host::Task<std::optional<wire::StartupPacket>> Connection::read_startup_packet(
    host::Deadline deadline) {
    bool ssl_refused = false;
    bool gss_refused = false;
    while (true) {
        const auto frame = frames_.next_startup();
        if (!frame) co_return std::nullopt;
        if (!*frame) {
            const bool received = co_await receive(deadline);
            if (!received) co_return std::nullopt;
            continue;
        }
        const auto packet = wire::decode_startup(**frame);
        if (!packet) {
            co_await end_with(protocol_violation(packet.error().reason));
            co_return std::nullopt;
        }
        bool* refused = nullptr;
        if (std::holds_alternative<wire::SslRequest>(*packet)) refused = &ssl_refused;
        if (std::holds_alternative<wire::GssEncryptionRequest>(*packet)) refused = &gss_refused;
        if (refused == nullptr) co_return *packet;
        if (*refused) {
            co_await end_with(fatal(
                "0A000", "unsupported frontend protocol 1234.5679: server supports 3.0 to 3.0"));
            co_return std::nullopt;
        }
        *refused = true;
        out_ += wire::encryption_refused;
        const bool answered = co_await flush(deadline);
        if (!answered) co_return std::nullopt;
    }
}

Outcome<void> Connection::open_session(const wire::StartupMessage& message) {
    if (message.major_version != 3) {
        return std::unexpected(
            fatal("0A000", fmt::format("unsupported frontend protocol {}.{}: server supports 3.0 "
                                       "to 3.0",
                                       message.major_version, message.minor_version)));
    }
    std::string user;
    std::string database;
    Backend::Parameters parameters;
    for (const auto& [name, value] : message.parameters) {
        if (name == "user") {
            user = value;
        } else if (name == "database") {
            database = value;
        } else if (name == "replication") {
            if (!asks_for_replication(value)) continue;
            if (value == "database" || !environment_.backend.serve_replication) {
                return std::unexpected(
                    fatal("0A000", "logical replication is not supported by this server"));
            }
            replication_.emplace();
        } else if (name == "options") {
            auto settings = parse_startup_options(value);
            if (!settings) return std::unexpected(std::move(settings.error()));
            for (auto& setting : *settings)
                parameters.push_back(std::move(setting));
        } else if (!is_protocol_option(name)) {
            parameters.emplace_back(name, value);
        }
    }
    if (user.empty()) {
        return std::unexpected(
            fatal("28000", "no PostgreSQL user name specified in startup packet"));
    }
    if (replication_) {
        replication_->user = std::move(user);
        for (const auto& [name, value] : message.parameters) {
            if (name == "application_name") replication_->application_name = value;
        }
        return {};
    }
    if (database.empty()) database = user;
    auto session = environment_.backend.open_session(std::move(user), std::move(database),
                                                     std::move(parameters));
    if (!session) return std::unexpected(std::move(session.error()));
    session_ = std::move(*session);
    return {};
}

void Connection::greet(const wire::StartupMessage& message) {
    wire::NegotiateProtocolVersion negotiation;
    for (const auto& [name, value] : message.parameters) {
        if (is_protocol_option(name)) negotiation.unknown_options.push_back(name);
    }
    if (message.minor_version > 0 || !negotiation.unknown_options.empty()) {
        encode(out_, negotiation);
    }
    encode(out_, wire::Authentication{});
    reported_ = session_->reported_parameters();
    reported_version_ = session_->settings_version();
    for (const auto& [name, value] : reported_)
        encode(out_, wire::ParameterStatus{name, value});
    encode(out_, wire::BackendKeyData{session_->process_id(), session_->cancel_secret()});
    encode(out_, wire::ReadyForQuery{static_cast<char>(session_->transaction_state())});
}

}  // namespace atlas::sim::models::postgres::protocol
