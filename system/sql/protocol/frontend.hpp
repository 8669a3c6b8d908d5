#pragma once
// What a client sends ("Message Formats", the messages marked F). Views are into the received
// payload, or into what the sender owns. encode() appends to a buffer, so that several messages go
// out in one write.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "system/sql/protocol/frames.hpp"

namespace atlas::sql::protocol {

/// Text (0) is the only format that Atlas uses.
inline constexpr std::uint16_t text_format = 0;

/// Why a payload is not what its type says, in PostgreSQL's words; its SQLSTATE is 08P01.
struct Malformed {
    std::string reason;
};

// ---- Packets before a session ----

struct StartupMessage {
    std::uint16_t major_version = 3;
    std::uint16_t minor_version = 0;
    /// user, database, options and run-time parameters, as sent.
    std::vector<std::pair<std::string_view, std::string_view>> parameters = {};
    friend bool operator==(const StartupMessage&, const StartupMessage&) = default;
};
struct CancelRequest {
    std::uint32_t process_id = 0;
    std::uint32_t secret = 0;
    friend bool operator==(const CancelRequest&, const CancelRequest&) = default;
};
struct SslRequest {
    friend bool operator==(const SslRequest&, const SslRequest&) = default;
};
struct GssEncryptionRequest {
    friend bool operator==(const GssEncryptionRequest&, const GssEncryptionRequest&) = default;
};

using StartupPacket = std::variant<StartupMessage, CancelRequest, SslRequest, GssEncryptionRequest>;

/// The parameters of a major version other than 3 are not read.
std::expected<StartupPacket, Malformed> decode_startup(const Frame& frame);

void encode(std::string& out, const StartupMessage& message);
void encode(std::string& out, const CancelRequest& message);
void encode(std::string& out, const SslRequest& message);
void encode(std::string& out, const GssEncryptionRequest& message);

// ---- Messages of a session ----

struct Query {
    std::string_view text;
    friend bool operator==(const Query&, const Query&) = default;
};
struct Parse {
    std::string_view statement;
    std::string_view text;
    /// 0, or left out at the end: to be inferred.
    std::vector<std::uint32_t> parameter_types = {};
    friend bool operator==(const Parse&, const Parse&) = default;
};
struct Bind {
    std::string_view portal;
    std::string_view statement;
    /// None (all text), one for all, or one for each.
    std::vector<std::uint16_t> parameter_formats = {};
    std::vector<std::optional<std::string_view>> parameters = {};
    std::vector<std::uint16_t> result_formats = {};
    friend bool operator==(const Bind&, const Bind&) = default;
};
enum class Named : char { statement = 'S', portal = 'P' };
struct Describe {
    Named what = Named::statement;
    std::string_view name;
    friend bool operator==(const Describe&, const Describe&) = default;
};
struct Close {
    Named what = Named::statement;
    std::string_view name;
    friend bool operator==(const Close&, const Close&) = default;
};
struct Execute {
    std::string_view portal;
    std::uint32_t row_limit = 0;  ///< 0: all.
    friend bool operator==(const Execute&, const Execute&) = default;
};
struct Flush {
    friend bool operator==(const Flush&, const Flush&) = default;
};
struct Sync {
    friend bool operator==(const Sync&, const Sync&) = default;
};
struct Terminate {
    friend bool operator==(const Terminate&, const Terminate&) = default;
};
/// Known, and not read further: FunctionCall 'F', Copy 'd', 'c', 'f', authentication 'p'.
struct OtherFrontendMessage {
    char type = 0;
    std::string_view payload;
    friend bool operator==(const OtherFrontendMessage&, const OtherFrontendMessage&) = default;
};

using FrontendMessage = std::variant<Query, Parse, Bind, Describe, Close, Execute, Flush, Sync,
                                     Terminate, OtherFrontendMessage>;

std::expected<FrontendMessage, Malformed> decode_frontend(const Frame& frame);

void encode(std::string& out, const Query& message);
void encode(std::string& out, const Parse& message);
void encode(std::string& out, const Bind& message);
void encode(std::string& out, const Describe& message);
void encode(std::string& out, const Close& message);
void encode(std::string& out, const Execute& message);
void encode(std::string& out, const Flush& message);
void encode(std::string& out, const Sync& message);
void encode(std::string& out, const Terminate& message);
void encode(std::string& out, const OtherFrontendMessage& message);

}  // namespace atlas::sql::protocol
