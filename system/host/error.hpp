#pragma once
// The one vocabulary of errors that callers must handle. Exceptions are for broken invariants and
// for cancellation alone.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace atlas::host {

enum class ErrorCode : std::uint8_t {
    invalid_argument,    ///< The request can never succeed as it stands. Do not retry.
    not_found,           ///< The named thing is not there. Do not retry.
    already_exists,      ///< A thing of that name is there. Do not retry.
    conflict,            ///< The state was not the one the caller named. Read again, then decide.
    deadline_exceeded,   ///< Time ran out. See `certainty` before retrying.
    unavailable,         ///< Not now: refused, shed, or the far side is down. Retry with back-off.
    connection_refused,  ///< Nobody listens there. Nothing was sent. Retry with back-off.
    connection_reset,    ///< The connection died. What was sent may have arrived.
    closed,              ///< This end was closed by its own program. Do not retry.
    address_in_use,      ///< Another listener has the endpoint. Do not retry.
    resource_exhausted,  ///< A limit of ours: queue, connections, size. Retry with back-off.
    no_space,            ///< The disk is full. Retry when it is not.
    io_error,            ///< The disk failed the operation. What it left behind is unknown.
    data_corrupted,      ///< Bytes read are not the bytes written. Do not retry; repair.
    protocol_error,      ///< The far side broke its protocol. Drop the connection.
    unsupported,         ///< Understood, and not offered. Do not retry.
};

/// Whether an operation that failed may yet have taken effect.
enum class Certainty : std::uint8_t {
    definite,    ///< It did not happen.
    indefinite,  ///< It may have happened.
};

struct Error {
    ErrorCode code;
    Certainty certainty = Certainty::definite;
    /// For people: what was tried and what came of it. May be empty on hot paths.
    std::string detail = {};

    friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
using Result = std::expected<T, Error>;

/// "connection_reset" and so on; stable, used in logs and histories.
std::string_view name(ErrorCode code) noexcept;

/// "connection_reset (indefinite): while reading from 10.0.0.7:5432".
std::string describe(const Error& error);

inline std::unexpected<Error> failure(ErrorCode code, std::string detail = {},
                                      Certainty certainty = Certainty::definite) {
    return std::unexpected(Error{code, certainty, std::move(detail)});
}

}  // namespace atlas::host
