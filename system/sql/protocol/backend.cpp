#include "system/sql/protocol/backend.hpp"

#include <algorithm>

#include "system/host/check.hpp"
#include "system/sql/protocol/payload.hpp"

namespace atlas::sql::protocol {
namespace {

constexpr std::uint32_t null_length = 0xffff'ffff;

std::unexpected<Malformed> malformed(const PayloadReader& reader) {
    return std::unexpected(Malformed{std::string(reader.complaint())});
}

std::expected<BackendMessage, Malformed> finish(const PayloadReader& reader,
                                                BackendMessage message) {
    if (!reader.finished()) return malformed(reader);
    return message;
}

BackendMessage read_authentication(PayloadReader& reader) {
    Authentication message;
    message.kind = reader.int32();
    message.data = reader.bytes(reader.remaining());
    return message;
}

BackendMessage read_backend_key_data(PayloadReader& reader) {
    BackendKeyData message;
    message.process_id = reader.int32();
    message.secret = reader.int32();
    return message;
}

BackendMessage read_parameter_status(PayloadReader& reader) {
    ParameterStatus message;
    message.name = reader.text();
    message.value = reader.text();
    return message;
}

BackendMessage read_negotiation(PayloadReader& reader) {
    NegotiateProtocolVersion message;
    message.minor_version = reader.int32();
    const std::uint32_t count = reader.int32();
    for (std::uint32_t i = 0; i < count && !reader.failed(); ++i) {
        message.unknown_options.push_back(reader.text());
    }
    return message;
}

BackendMessage read_row_description(PayloadReader& reader) {
    constexpr std::size_t least_field_size = 19;
    const std::size_t count = reader.int16();
    RowDescription message;
    message.fields.reserve(std::min(count, reader.remaining() / least_field_size));
    for (std::size_t i = 0; i < count && !reader.failed(); ++i) {
        Field field;
        field.name = reader.text();
        field.table_oid = reader.int32();
        field.column_number = static_cast<std::int16_t>(reader.int16());
        field.type_oid = reader.int32();
        field.type_size = static_cast<std::int16_t>(reader.int16());
        field.type_modifier = static_cast<std::int32_t>(reader.int32());
        field.format = reader.int16();
        message.fields.push_back(field);
    }
    return message;
}

BackendMessage read_data_row(PayloadReader& reader) {
    const std::size_t count = reader.int16();
    DataRow message;
    message.values.reserve(std::min(count, reader.remaining() / 4));
    for (std::size_t i = 0; i < count && !reader.failed(); ++i) {
        const std::uint32_t length = reader.int32();
        if (length == null_length) {
            message.values.emplace_back(std::nullopt);
        } else {
            message.values.emplace_back(reader.bytes(length));
        }
    }
    return message;
}

BackendMessage read_parameter_description(PayloadReader& reader) {
    const std::size_t count = reader.int16();
    ParameterDescription message;
    message.types.reserve(std::min(count, reader.remaining() / 4));
    for (std::size_t i = 0; i < count && !reader.failed(); ++i) {
        message.types.push_back(reader.int32());
    }
    return message;
}

Diagnostics read_diagnostics(PayloadReader& reader) {
    Diagnostics diagnostics;
    while (true) {
        const char code = static_cast<char>(reader.byte());
        if (code == '\0') break;  // also when the reader has failed
        diagnostics.add(static_cast<Diagnostic>(code), reader.text());
    }
    return diagnostics;
}

void write_diagnostics(std::string& out, char type, const Diagnostics& diagnostics) {
    MessageWriter writer(out, type);
    for (const auto& [code, value] : diagnostics.fields) {
        writer.byte(static_cast<std::uint8_t>(code));
        writer.text(value);
    }
    writer.byte(0);
}

std::uint16_t count_of(std::size_t size) {
    ATLAS_CHECK(size <= 0xffff, "a message counts its parts in 16 bits");
    return static_cast<std::uint16_t>(size);
}

template <typename Values>
void write_data_row(std::string& out, const Values& values) {
    MessageWriter writer(out, 'D');
    writer.int16(count_of(values.size()));
    for (const auto& value : values) {
        writer.int32(value ? static_cast<std::uint32_t>(value->size()) : null_length);
        if (value) writer.bytes(*value);
    }
}

}  // namespace

std::string_view Diagnostics::find(Diagnostic code) const {
    for (const auto& [candidate, value] : fields) {
        if (candidate == code) return value;
    }
    return {};
}

std::expected<BackendMessage, Malformed> decode_backend(const Frame& frame) {
    PayloadReader reader(frame.payload);
    BackendMessage message;
    switch (frame.type) {
        case 'R':
            message = read_authentication(reader);
            break;
        case 'K':
            message = read_backend_key_data(reader);
            break;
        case 'S':
            message = read_parameter_status(reader);
            break;
        case 'v':
            message = read_negotiation(reader);
            break;
        case 'Z': {
            const char status = static_cast<char>(reader.byte());
            if (!reader.failed() && status != 'I' && status != 'T' && status != 'E') {
                return std::unexpected(Malformed{"unknown transaction status"});
            }
            message = ReadyForQuery{status};
            break;
        }
        case 'T':
            message = read_row_description(reader);
            break;
        case 'D':
            message = read_data_row(reader);
            break;
        case 'C':
            message = CommandComplete{reader.text()};
            break;
        case 'I':
            message = EmptyQueryResponse{};
            break;
        case '1':
            message = ParseComplete{};
            break;
        case '2':
            message = BindComplete{};
            break;
        case '3':
            message = CloseComplete{};
            break;
        case 'n':
            message = NoData{};
            break;
        case 's':
            message = PortalSuspended{};
            break;
        case 't':
            message = read_parameter_description(reader);
            break;
        case 'E':
            message = ErrorResponse{read_diagnostics(reader)};
            break;
        case 'N':
            message = NoticeResponse{read_diagnostics(reader)};
            break;
        default:
            return OtherBackendMessage{frame.type, frame.payload};
    }
    return finish(reader, std::move(message));
}

void encode(std::string& out, const Authentication& message) {
    MessageWriter writer(out, 'R');
    writer.int32(message.kind);
    writer.bytes(message.data);
}

void encode(std::string& out, const BackendKeyData& message) {
    MessageWriter writer(out, 'K');
    writer.int32(message.process_id);
    writer.int32(message.secret);
}

void encode(std::string& out, const ParameterStatus& message) {
    MessageWriter writer(out, 'S');
    writer.text(message.name);
    writer.text(message.value);
}

void encode(std::string& out, const NegotiateProtocolVersion& message) {
    MessageWriter writer(out, 'v');
    writer.int32(message.minor_version);
    writer.int32(static_cast<std::uint32_t>(message.unknown_options.size()));
    for (const std::string_view option : message.unknown_options)
        writer.text(option);
}

void encode(std::string& out, const ReadyForQuery& message) {
    MessageWriter(out, 'Z').byte(static_cast<std::uint8_t>(message.transaction_status));
}

void encode(std::string& out, const RowDescription& message) {
    MessageWriter writer(out, 'T');
    writer.int16(count_of(message.fields.size()));
    for (const Field& field : message.fields) {
        writer.text(field.name);
        writer.int32(field.table_oid);
        writer.int16(static_cast<std::uint16_t>(field.column_number));
        writer.int32(field.type_oid);
        writer.int16(static_cast<std::uint16_t>(field.type_size));
        writer.int32(static_cast<std::uint32_t>(field.type_modifier));
        writer.int16(field.format);
    }
}

void encode(std::string& out, const DataRow& message) {
    write_data_row(out, message.values);
}

void encode_data_row(std::string& out, std::span<const std::optional<std::string>> values) {
    write_data_row(out, values);
}

void encode(std::string& out, const CommandComplete& message) {
    MessageWriter(out, 'C').text(message.tag);
}

void encode(std::string& out, const EmptyQueryResponse&) {
    MessageWriter(out, 'I');
}
void encode(std::string& out, const ParseComplete&) {
    MessageWriter(out, '1');
}
void encode(std::string& out, const BindComplete&) {
    MessageWriter(out, '2');
}
void encode(std::string& out, const CloseComplete&) {
    MessageWriter(out, '3');
}
void encode(std::string& out, const NoData&) {
    MessageWriter(out, 'n');
}
void encode(std::string& out, const PortalSuspended&) {
    MessageWriter(out, 's');
}

void encode(std::string& out, const ParameterDescription& message) {
    MessageWriter writer(out, 't');
    writer.int16(count_of(message.types.size()));
    for (const std::uint32_t type : message.types)
        writer.int32(type);
}

void encode(std::string& out, const ErrorResponse& message) {
    write_diagnostics(out, 'E', message.diagnostics);
}

void encode(std::string& out, const NoticeResponse& message) {
    write_diagnostics(out, 'N', message.diagnostics);
}

void encode(std::string& out, const OtherBackendMessage& message) {
    MessageWriter(out, message.type).bytes(message.payload);
}

}  // namespace atlas::sql::protocol
