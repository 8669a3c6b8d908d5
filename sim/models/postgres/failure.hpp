#pragma once
// How an SQL error travels inside the model: a small movable handle to the message that the client
// will get, so that the results of functions that can fail stay small. Makers of the errors that
// several rooms raise are here too; wording and SQLSTATE are PostgreSQL 15's.

#include <fmt/format.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sim/models/postgres/session.hpp"

namespace atlas::sim::models::postgres {

/// An error on its way to the client. Never empty until moved from.
class Failure {
  public:
    explicit Failure(ServerMessage message)
        : message_(std::make_unique<ServerMessage>(std::move(message))) {}

    ServerMessage& operator*() const { return *message_; }
    ServerMessage* operator->() const { return message_.get(); }

    ServerMessage release() && { return std::move(*message_); }

  private:
    std::unique_ptr<ServerMessage> message_;
};

template <typename T = void>
using Checked = std::expected<T, Failure>;

inline std::unexpected<Failure> sql_error(std::string sqlstate, std::string message) {
    return std::unexpected(
        Failure({.sqlstate = std::move(sqlstate), .message = std::move(message)}));
}

/// Byte offset in the statement's text; -1 where none is known. Turned into the protocol's
/// position (in characters, from 1) where the text is known.
inline constexpr int no_location = -1;

std::unexpected<Failure> sql_error_at(int location, std::string sqlstate, std::string message);

/// 0A000, for what PostgreSQL has and this model does not: refused before any effect.
std::unexpected<Failure> not_covered(std::string_view what, int location = no_location);

/// No error: what was asked for has to wait for something that the executor has taken note of, and
/// is to be asked for again after that. Never reaches a client.
std::unexpected<Failure> must_wait();
bool is_wait(const Failure& failure);

/// The character position (from 1) of a byte offset in UTF-8 text.
std::uint32_t character_position(std::string_view text, int byte_offset);

}  // namespace atlas::sim::models::postgres

#define POSTGRES_TRY_JOIN_INNER(a, b) a##b
#define POSTGRES_TRY_JOIN(a, b) POSTGRES_TRY_JOIN_INNER(a, b)
#define POSTGRES_TRY_AS(attempt, leave, declaration, ...)  \
    auto attempt = (__VA_ARGS__);                          \
    if (!attempt) [[unlikely]]                             \
        leave std::unexpected(std::move(attempt).error()); \
    declaration = *std::move(attempt)

/// SQL_TRY(Value value, evaluate(x)): the value, or the enclosing function returns the error.
#define SQL_TRY(declaration, ...) \
    POSTGRES_TRY_AS(POSTGRES_TRY_JOIN(attempt_, __LINE__), return, declaration, __VA_ARGS__)
/// The same in a coroutine. The expression may be a co_await.
#define SQL_CO_TRY(declaration, ...) \
    POSTGRES_TRY_AS(POSTGRES_TRY_JOIN(attempt_, __LINE__), co_return, declaration, __VA_ARGS__)

/// For functions that return Checked<void>.
#define SQL_CHECK(...)                                       \
    if (auto attempt = (__VA_ARGS__); !attempt) [[unlikely]] \
    return std::unexpected(std::move(attempt).error())
#define SQL_CO_CHECK(...)                                    \
    if (auto attempt = (__VA_ARGS__); !attempt) [[unlikely]] \
    co_return std::unexpected(std::move(attempt).error())
