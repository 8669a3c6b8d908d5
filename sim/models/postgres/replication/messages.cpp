#include "sim/models/postgres/replication/messages.hpp"

#include "system/sql/protocol/payload.hpp"

namespace atlas::sim::models::postgres {
namespace {

using sql::protocol::MessageWriter;
using sql::protocol::PayloadReader;

void write64(MessageWriter& writer, std::uint64_t value) {
    writer.int32(static_cast<std::uint32_t>(value >> 32));
    writer.int32(static_cast<std::uint32_t>(value));
}

std::uint64_t read64(PayloadReader& reader) {
    const std::uint64_t high = reader.int32();
    return (high << 32) | reader.int32();
}

std::int64_t read_time(PayloadReader& reader) {
    return static_cast<std::int64_t>(read64(reader));
}

}  // namespace

void append_copy_data(std::string& out, const LogData& message) {
    MessageWriter writer(out, 'd');
    writer.byte('w');
    write64(writer, message.start);
    write64(writer, message.log_end);
    write64(writer, static_cast<std::uint64_t>(message.sent_at));
    writer.bytes(message.records);
}

void append_copy_data(std::string& out, const Keepalive& message) {
    MessageWriter writer(out, 'd');
    writer.byte('k');
    write64(writer, message.log_end);
    write64(writer, static_cast<std::uint64_t>(message.sent_at));
    writer.byte(message.reply_requested ? 1 : 0);
}

void append_copy_data(std::string& out, const StandbyStatus& message) {
    MessageWriter writer(out, 'd');
    writer.byte('r');
    write64(writer, message.written);
    write64(writer, message.flushed);
    write64(writer, message.applied);
    write64(writer, static_cast<std::uint64_t>(message.sent_at));
    writer.byte(message.reply_requested ? 1 : 0);
}

std::optional<SenderMessage> decode_sender_message(std::string_view payload) {
    PayloadReader reader(payload);
    const char kind = static_cast<char>(reader.byte());
    if (kind == 'w') {
        LogData message;
        message.start = read64(reader);
        message.log_end = read64(reader);
        message.sent_at = read_time(reader);
        message.records = reader.bytes(reader.remaining());
        if (!reader.finished()) return std::nullopt;
        return message;
    }
    if (kind != 'k') return std::nullopt;
    Keepalive message;
    message.log_end = read64(reader);
    message.sent_at = read_time(reader);
    message.reply_requested = reader.byte() != 0;
    if (!reader.finished()) return std::nullopt;
    return message;
}

std::optional<StandbyStatus> decode_standby_status(std::string_view payload) {
    PayloadReader reader(payload);
    if (reader.byte() != 'r') return std::nullopt;
    StandbyStatus message;
    message.written = read64(reader);
    message.flushed = read64(reader);
    message.applied = read64(reader);
    message.sent_at = read_time(reader);
    message.reply_requested = reader.byte() != 0;
    if (!reader.finished()) return std::nullopt;
    return message;
}

}  // namespace atlas::sim::models::postgres
