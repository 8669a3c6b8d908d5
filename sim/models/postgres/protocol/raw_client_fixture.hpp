#pragma once
// A client for tests of the protocol itself: it sends what it is told, sense or not, and says in a
// few words what comes back.

#include <fmt/format.h>

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "system/host/host.hpp"
#include "system/sql/protocol/backend.hpp"
#include "system/sql/protocol/frontend.hpp"

namespace atlas::sim::models::postgres::protocol {

/// "row 1", "error 57014", "ready I".
std::string name_of(const sql::protocol::BackendMessage& message);

/// The same, with all of it that two servers should agree on: the message, detail, hint and
/// position of errors, the names and types of columns, all values of rows.
std::string transcribe(const sql::protocol::BackendMessage& message);

class RawClient {
  public:
    using Describe = std::string (*)(const sql::protocol::BackendMessage& message);

    RawClient(host::Host& host, std::unique_ptr<host::ByteStream> stream,
              Describe describe = name_of)
        : host_(host), stream_(std::move(stream)), describe_(describe) {}

    template <typename... Messages>
    host::Task<> send(Messages... messages) {
        std::string bytes;
        (encode(bytes, messages), ...);
        co_await send_bytes(std::move(bytes));
    }
    host::Task<> send_bytes(std::string bytes);
    host::Task<std::string> read_bytes(std::size_t size);

    /// The messages up to and including ReadyForQuery; or "closed" or "silent" in its place.
    host::Task<std::vector<std::string>> read();

    void close() { stream_->close(); }

    /// How long the server may be silent.
    void set_patience(host::Duration patience) { patience_ = patience; }

  private:
    host::Deadline soon() { return host::deadline_after(host_, patience_); }

    host::Host& host_;
    std::unique_ptr<host::ByteStream> stream_;
    Describe describe_;
    host::Duration patience_ = std::chrono::seconds(10);
    sql::protocol::FrameReader frames_{sql::protocol::Sender::backend};
};

inline std::string name_of(const sql::protocol::BackendMessage& message) {
    if (const auto* error = std::get_if<sql::protocol::ErrorResponse>(&message)) {
        const auto& fields = error->diagnostics;
        const bool fatal = fields.find(sql::protocol::Diagnostic::severity) == "FATAL";
        return (fatal ? "fatal " : "error ") +
               std::string(fields.find(sql::protocol::Diagnostic::sqlstate));
    }
    if (const auto* ready = std::get_if<sql::protocol::ReadyForQuery>(&message)) {
        return std::string("ready ") + ready->transaction_status;
    }
    if (const auto* row = std::get_if<sql::protocol::DataRow>(&message)) {
        return "row " + std::string(row->values.at(0).value_or("NULL"));
    }
    if (const auto* status = std::get_if<sql::protocol::ParameterStatus>(&message)) {
        return std::string(status->name) + "=" + std::string(status->value);
    }
    if (const auto* complete = std::get_if<sql::protocol::CommandComplete>(&message)) {
        return std::string(complete->tag);
    }
    constexpr const char* names[] = {
        "authenticated", "key",    "?",     "negotiate", "?",       "columns",   "?",          "?",
        "empty",         "parsed", "bound", "closed",    "no data", "suspended", "parameters", "?",
        "notice",        "other"};
    return names[message.index()];
}

inline std::string transcribe_fields(const sql::protocol::Diagnostics& diagnostics) {
    std::string text;
    for (const auto& [code, value] : diagnostics.fields) {
        // File, line and routine of the server's source are nobody's contract.
        if (std::string_view("FLR").contains(static_cast<char>(code))) continue;
        text += fmt::format(" {}={}", static_cast<char>(code), value);
    }
    return text;
}

inline std::string transcribe(const sql::protocol::BackendMessage& message) {
    if (const auto* error = std::get_if<sql::protocol::ErrorResponse>(&message)) {
        return "error" + transcribe_fields(error->diagnostics);
    }
    if (const auto* notice = std::get_if<sql::protocol::NoticeResponse>(&message)) {
        return "notice" + transcribe_fields(notice->diagnostics);
    }
    if (const auto* columns = std::get_if<sql::protocol::RowDescription>(&message)) {
        std::string text = "columns";
        for (const sql::protocol::Field& field : columns->fields) {
            text += fmt::format(" {}:{}:{}:{}", field.name, field.type_oid, field.type_size,
                                field.type_modifier);
        }
        return text;
    }
    if (const auto* row = std::get_if<sql::protocol::DataRow>(&message)) {
        std::string text = "row";
        for (const auto& value : row->values) {
            text += value ? fmt::format(" '{}'", *value) : " NULL";
        }
        return text;
    }
    if (const auto* parameters = std::get_if<sql::protocol::ParameterDescription>(&message)) {
        std::string text = "parameters";
        for (const std::uint32_t type : parameters->types)
            text += fmt::format(" {}", type);
        return text;
    }
    return name_of(message);
}

inline host::Task<> RawClient::send_bytes(std::string bytes) {
    co_await host::write_all(*stream_, std::as_bytes(std::span(bytes)), soon());
}

inline host::Task<std::string> RawClient::read_bytes(std::size_t size) {
    std::string bytes(size, '?');
    co_await host::read_exactly(*stream_, std::as_writable_bytes(std::span(bytes)), soon());
    co_return bytes;
}

inline host::Task<std::vector<std::string>> RawClient::read() {
    std::vector<std::string> messages;
    while (true) {
        const auto frame = frames_.next();
        if (!frame) throw std::runtime_error("the server sent no message");
        if (*frame) {
            const auto message = sql::protocol::decode_backend(**frame);
            if (!message) throw std::runtime_error("the server sent a malformed message");
            messages.push_back(describe_(*message));
            if (std::holds_alternative<sql::protocol::ReadyForQuery>(*message)) co_return messages;
            continue;
        }
        const auto received = co_await stream_->read_some(frames_.prepare(), soon());
        if (received && *received > 0) {
            frames_.commit(*received);
            continue;
        }
        const bool is_late =
            !received && received.error().code == host::ErrorCode::deadline_exceeded;
        messages.emplace_back(is_late ? "silent" : "closed");
        co_return messages;
    }
}

}  // namespace atlas::sim::models::postgres::protocol
