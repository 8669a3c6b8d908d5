#include "system/sql/protocol/frontend.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "system/host/check.hpp"
#include "system/sql/protocol/payload.hpp"

namespace atlas::sql::protocol {
namespace {

// The packets before a session are told apart by what stands where the protocol version would.
constexpr std::uint32_t cancel_request_code = 1234u << 16 | 5678;
constexpr std::uint32_t ssl_request_code = 1234u << 16 | 5679;
constexpr std::uint32_t gss_encryption_request_code = 1234u << 16 | 5680;

std::unexpected<Malformed> malformed(const PayloadReader& reader) {
    return std::unexpected(Malformed{std::string(reader.complaint())});
}

std::expected<StartupPacket, Malformed> decode_parameters(PayloadReader& reader,
                                                          StartupMessage message) {
    while (true) {
        const std::string_view name = reader.text();
        if (name.empty()) break;
        const std::string_view value = reader.text();
        message.parameters.emplace_back(name, value);
    }
    if (!reader.finished()) {
        return std::unexpected(
            Malformed{"invalid startup packet layout: expected terminator as last byte"});
    }
    return message;
}

// The count is the sender's claim: room is made for no more than the payload can hold.
template <typename T, typename Read>
std::vector<T> read_counted(PayloadReader& reader, std::size_t element_size, Read read) {
    const std::size_t count = reader.int16();
    std::vector<T> items;
    items.reserve(std::min(count, reader.remaining() / element_size));
    for (std::size_t i = 0; i < count && !reader.failed(); ++i)
        items.push_back(read(reader));
    return items;
}

std::vector<std::uint16_t> read_formats(PayloadReader& reader) {
    return read_counted<std::uint16_t>(reader, 2, [](PayloadReader& from) { return from.int16(); });
}

std::optional<std::string_view> read_value(PayloadReader& reader) {
    constexpr std::uint32_t null_length = 0xffff'ffff;
    const std::uint32_t length = reader.int32();
    if (length == null_length) return std::nullopt;
    return reader.bytes(length);
}

std::expected<FrontendMessage, Malformed> decode_parse(PayloadReader& reader) {
    Parse message;
    message.statement = reader.text();
    message.text = reader.text();
    message.parameter_types =
        read_counted<std::uint32_t>(reader, 4, [](PayloadReader& from) { return from.int32(); });
    if (!reader.finished()) return malformed(reader);
    return message;
}

std::expected<FrontendMessage, Malformed> decode_bind(PayloadReader& reader) {
    Bind message;
    message.portal = reader.text();
    message.statement = reader.text();
    message.parameter_formats = read_formats(reader);
    message.parameters = read_counted<std::optional<std::string_view>>(reader, 4, read_value);
    message.result_formats = read_formats(reader);
    if (!reader.finished()) return malformed(reader);
    if (message.parameter_formats.size() > 1 &&
        message.parameter_formats.size() != message.parameters.size()) {
        return std::unexpected(
            Malformed{fmt::format("bind message has {} parameter formats but {} parameters",
                                  message.parameter_formats.size(), message.parameters.size())});
    }
    return message;
}

template <typename Message>
std::expected<FrontendMessage, Malformed> decode_named(PayloadReader& reader,
                                                       std::string_view name_of_message) {
    const char what = static_cast<char>(reader.byte());
    const std::string_view name = reader.text();
    if (!reader.finished()) return malformed(reader);
    if (what != 'S' && what != 'P') {
        return std::unexpected(
            Malformed{fmt::format("invalid {} message subtype {}", name_of_message,
                                  static_cast<unsigned>(static_cast<unsigned char>(what)))});
    }
    return Message{static_cast<Named>(what), name};
}

std::expected<FrontendMessage, Malformed> decode_execute(PayloadReader& reader) {
    const std::string_view portal = reader.text();
    const std::uint32_t rows = reader.int32();
    if (!reader.finished()) return malformed(reader);
    // The field is signed, and PostgreSQL takes what is not positive for "all".
    return Execute{portal, rows > 0x7fff'ffffu ? 0 : rows};
}

std::expected<FrontendMessage, Malformed> decode_query(PayloadReader& reader) {
    const std::string_view text = reader.text();
    if (!reader.finished()) return malformed(reader);
    return Query{text};
}

template <typename Message>
std::expected<FrontendMessage, Malformed> decode_empty(PayloadReader& reader) {
    if (!reader.finished()) return malformed(reader);
    return Message{};
}

std::uint16_t count_of(std::size_t size) {
    ATLAS_CHECK(size <= 0xffff, "a message counts its parts in 16 bits");
    return static_cast<std::uint16_t>(size);
}

void write_formats(MessageWriter& writer, const std::vector<std::uint16_t>& formats) {
    writer.int16(count_of(formats.size()));
    for (const std::uint16_t format : formats)
        writer.int16(format);
}

void write_named(std::string& out, char type, Named what, std::string_view name) {
    MessageWriter writer(out, type);
    writer.byte(static_cast<std::uint8_t>(what));
    writer.text(name);
}

}  // namespace

std::expected<StartupPacket, Malformed> decode_startup(const Frame& frame) {
    PayloadReader reader(frame.payload);
    const std::uint32_t code = reader.int32();
    if (reader.failed()) return malformed(reader);
    switch (code) {
        case cancel_request_code: {
            CancelRequest request;
            request.process_id = reader.int32();
            request.secret = reader.int32();
            if (!reader.finished()) return malformed(reader);
            return request;
        }
        case ssl_request_code:
            if (!reader.finished()) return malformed(reader);
            return SslRequest{};
        case gss_encryption_request_code:
            if (!reader.finished()) return malformed(reader);
            return GssEncryptionRequest{};
        default:
            break;
    }
    StartupMessage message;
    message.major_version = static_cast<std::uint16_t>(code >> 16);
    message.minor_version = static_cast<std::uint16_t>(code);
    if (message.major_version != 3) return message;
    return decode_parameters(reader, std::move(message));
}

void encode(std::string& out, const StartupMessage& message) {
    MessageWriter writer(out);
    writer.int16(message.major_version);
    writer.int16(message.minor_version);
    for (const auto& [name, value] : message.parameters) {
        ATLAS_CHECK(!name.empty(), "an empty name would end the list of parameters");
        writer.text(name);
        writer.text(value);
    }
    writer.byte(0);
}

void encode(std::string& out, const CancelRequest& message) {
    MessageWriter writer(out);
    writer.int32(cancel_request_code);
    writer.int32(message.process_id);
    writer.int32(message.secret);
}

void encode(std::string& out, const SslRequest&) {
    MessageWriter(out).int32(ssl_request_code);
}

void encode(std::string& out, const GssEncryptionRequest&) {
    MessageWriter(out).int32(gss_encryption_request_code);
}

std::expected<FrontendMessage, Malformed> decode_frontend(const Frame& frame) {
    PayloadReader reader(frame.payload);
    switch (frame.type) {
        case 'Q':
            return decode_query(reader);
        case 'P':
            return decode_parse(reader);
        case 'B':
            return decode_bind(reader);
        case 'D':
            return decode_named<Describe>(reader, "DESCRIBE");
        case 'C':
            return decode_named<Close>(reader, "CLOSE");
        case 'E':
            return decode_execute(reader);
        case 'H':
            return decode_empty<Flush>(reader);
        case 'S':
            return decode_empty<Sync>(reader);
        case 'X':
            return Terminate{};
        default:
            return OtherFrontendMessage{frame.type, frame.payload};
    }
}

void encode(std::string& out, const Query& message) {
    MessageWriter(out, 'Q').text(message.text);
}

void encode(std::string& out, const Parse& message) {
    MessageWriter writer(out, 'P');
    writer.text(message.statement);
    writer.text(message.text);
    writer.int16(count_of(message.parameter_types.size()));
    for (const std::uint32_t type : message.parameter_types)
        writer.int32(type);
}

void encode(std::string& out, const Bind& message) {
    MessageWriter writer(out, 'B');
    writer.text(message.portal);
    writer.text(message.statement);
    write_formats(writer, message.parameter_formats);
    writer.int16(count_of(message.parameters.size()));
    for (const std::optional<std::string_view>& value : message.parameters) {
        writer.int32(value ? static_cast<std::uint32_t>(value->size()) : 0xffff'ffff);
        if (value) writer.bytes(*value);
    }
    write_formats(writer, message.result_formats);
}

void encode(std::string& out, const Describe& message) {
    write_named(out, 'D', message.what, message.name);
}

void encode(std::string& out, const Close& message) {
    write_named(out, 'C', message.what, message.name);
}

void encode(std::string& out, const Execute& message) {
    MessageWriter writer(out, 'E');
    writer.text(message.portal);
    writer.int32(message.row_limit);
}

void encode(std::string& out, const Flush&) {
    MessageWriter(out, 'H');
}
void encode(std::string& out, const Sync&) {
    MessageWriter(out, 'S');
}
void encode(std::string& out, const Terminate&) {
    MessageWriter(out, 'X');
}

void encode(std::string& out, const OtherFrontendMessage& message) {
    MessageWriter(out, message.type).bytes(message.payload);
}

}  // namespace atlas::sql::protocol
