#pragma once
// What a server sends ("Message Formats", the messages marked B). Views are into the received
// payload, or into what the sender owns. encode() appends to a buffer.

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "system/sql/protocol/frames.hpp"
#include "system/sql/protocol/frontend.hpp"

namespace atlas::sql::protocol {

/// The one byte that answers an SslRequest or GssEncryptionRequest: not offered, go on in plain.
inline constexpr char encryption_refused = 'N';

struct Authentication {
    static constexpr std::uint32_t ok = 0;
    std::uint32_t kind = ok;  ///< Other kinds ask for a password or a token.
    std::string_view data = {};
    friend bool operator==(const Authentication&, const Authentication&) = default;
};
struct BackendKeyData {
    std::uint32_t process_id = 0;
    std::uint32_t secret = 0;
    friend bool operator==(const BackendKeyData&, const BackendKeyData&) = default;
};
struct ParameterStatus {
    std::string_view name;
    std::string_view value;
    friend bool operator==(const ParameterStatus&, const ParameterStatus&) = default;
};
/// The newest minor version that the server speaks, and the options it does not know.
struct NegotiateProtocolVersion {
    std::uint32_t minor_version = 0;
    std::vector<std::string_view> unknown_options = {};
    friend bool operator==(const NegotiateProtocolVersion&,
                           const NegotiateProtocolVersion&) = default;
};
struct ReadyForQuery {
    char transaction_status = 'I';  ///< 'I' idle, 'T' in a transaction block, 'E' in a failed one.
    friend bool operator==(const ReadyForQuery&, const ReadyForQuery&) = default;
};

/// One column of a RowDescription.
struct Field {
    std::string_view name;
    std::uint32_t table_oid = 0;
    std::int16_t column_number = 0;
    std::uint32_t type_oid = 0;
    std::int16_t type_size = 0;
    std::int32_t type_modifier = -1;
    std::uint16_t format = text_format;
    friend bool operator==(const Field&, const Field&) = default;
};
struct RowDescription {
    std::vector<Field> fields = {};
    friend bool operator==(const RowDescription&, const RowDescription&) = default;
};
struct DataRow {
    std::vector<std::optional<std::string_view>> values = {};
    friend bool operator==(const DataRow&, const DataRow&) = default;
};
struct CommandComplete {
    std::string_view tag;
    friend bool operator==(const CommandComplete&, const CommandComplete&) = default;
};
struct EmptyQueryResponse {
    friend bool operator==(const EmptyQueryResponse&, const EmptyQueryResponse&) = default;
};
struct ParseComplete {
    friend bool operator==(const ParseComplete&, const ParseComplete&) = default;
};
struct BindComplete {
    friend bool operator==(const BindComplete&, const BindComplete&) = default;
};
struct CloseComplete {
    friend bool operator==(const CloseComplete&, const CloseComplete&) = default;
};
struct NoData {
    friend bool operator==(const NoData&, const NoData&) = default;
};
struct PortalSuspended {
    friend bool operator==(const PortalSuspended&, const PortalSuspended&) = default;
};
struct ParameterDescription {
    std::vector<std::uint32_t> types = {};
    friend bool operator==(const ParameterDescription&, const ParameterDescription&) = default;
};

/// The codes of "Error and Notice Message Fields" that Atlas reads or writes.
enum class Diagnostic : char {
    severity_localized = 'S',
    severity = 'V',
    sqlstate = 'C',
    message = 'M',
    detail = 'D',
    hint = 'H',
    context = 'W',
    position = 'P',
    schema = 's',
    table = 't',
    column = 'c',
    data_type = 'd',
    constraint = 'n',
};
/// The fields of an error or a notice; unknown ones are kept.
struct Diagnostics {
    std::vector<std::pair<Diagnostic, std::string_view>> fields = {};

    void add(Diagnostic code, std::string_view value) { fields.emplace_back(code, value); }
    /// Empty when it is not there.
    std::string_view find(Diagnostic code) const;
    friend bool operator==(const Diagnostics&, const Diagnostics&) = default;
};
struct ErrorResponse {
    Diagnostics diagnostics;
    friend bool operator==(const ErrorResponse&, const ErrorResponse&) = default;
};
struct NoticeResponse {
    Diagnostics diagnostics;
    friend bool operator==(const NoticeResponse&, const NoticeResponse&) = default;
};

/// Known, and not read further: notifications 'A', copying 'G' 'H' 'W' 'd' 'c', FunctionCall 'V'.
struct OtherBackendMessage {
    char type = 0;
    std::string_view payload;
    friend bool operator==(const OtherBackendMessage&, const OtherBackendMessage&) = default;
};

using BackendMessage =
    std::variant<Authentication, BackendKeyData, ParameterStatus, NegotiateProtocolVersion,
                 ReadyForQuery, RowDescription, DataRow, CommandComplete, EmptyQueryResponse,
                 ParseComplete, BindComplete, CloseComplete, NoData, PortalSuspended,
                 ParameterDescription, ErrorResponse, NoticeResponse, OtherBackendMessage>;

std::expected<BackendMessage, Malformed> decode_backend(const Frame& frame);

void encode(std::string& out, const Authentication& message);
void encode(std::string& out, const BackendKeyData& message);
void encode(std::string& out, const ParameterStatus& message);
void encode(std::string& out, const NegotiateProtocolVersion& message);
void encode(std::string& out, const ReadyForQuery& message);
void encode(std::string& out, const RowDescription& message);
void encode(std::string& out, const DataRow& message);
void encode(std::string& out, const CommandComplete& message);
void encode(std::string& out, const EmptyQueryResponse& message);
void encode(std::string& out, const ParseComplete& message);
void encode(std::string& out, const BindComplete& message);
void encode(std::string& out, const CloseComplete& message);
void encode(std::string& out, const NoData& message);
void encode(std::string& out, const PortalSuspended& message);
void encode(std::string& out, const ParameterDescription& message);
void encode(std::string& out, const ErrorResponse& message);
void encode(std::string& out, const NoticeResponse& message);
void encode(std::string& out, const OtherBackendMessage& message);

/// A DataRow straight from values that their owner keeps as strings.
void encode_data_row(std::string& out, std::span<const std::optional<std::string>> values);

}  // namespace atlas::sql::protocol
