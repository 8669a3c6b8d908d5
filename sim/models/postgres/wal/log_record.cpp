#include "sim/models/postgres/wal/log_record.hpp"

namespace atlas::sim::models::postgres {

namespace {

constexpr std::size_t fields_size = 1 + 8 + 8 + 4 + 8 + 1;

}  // namespace

std::string encode_log_record(const LogRecord& record) {
    Encoder encoder;
    encoder.u8(static_cast<std::uint8_t>(record.kind));
    encoder.u64(record.next_transaction);
    encoder.u64(record.next_version);
    encoder.u32(record.next_oid);
    encoder.i64(record.time);
    encoder.boolean(record.definitions);
    encoder.append(record.body);
    return encoder.take();
}

std::optional<LogRecord> decode_log_record(std::string_view payload) {
    if (payload.size() < fields_size) return std::nullopt;
    Decoder decoder(payload.substr(0, fields_size));
    const std::uint8_t kind = decoder.u8();
    if (kind < static_cast<std::uint8_t>(LogRecordKind::commit) ||
        kind > static_cast<std::uint8_t>(LogRecordKind::end_of_recovery))
        return std::nullopt;
    LogRecord record{.kind = LogRecordKind{kind}};
    record.next_transaction = decoder.u64();
    record.next_version = decoder.u64();
    record.next_oid = decoder.u32();
    record.time = decoder.i64();
    record.definitions = decoder.boolean();
    record.body = payload.substr(fields_size);
    return record;
}

void encode_prepared(Encoder& encoder, const PreparedRecord& prepared) {
    encoder.string(prepared.gid);
    encoder.string(prepared.owner);
    encoder.string(prepared.database);
    encoder.i64(prepared.prepared_at);
    encoder.u32(static_cast<std::uint32_t>(prepared.ids.size()));
    for (const std::uint64_t id : prepared.ids)
        encoder.u64(id);
    encoder.u32(static_cast<std::uint32_t>(prepared.locks.size()));
    for (const LoggedLock& lock : prepared.locks) {
        encoder.u8(lock.kind);
        encoder.u64(lock.first);
        encoder.u64(lock.second);
        encoder.u8(lock.mode);
    }
    encoder.u32(static_cast<std::uint32_t>(prepared.row_locks.size()));
    for (const LoggedRowLock& lock : prepared.row_locks) {
        encoder.u64(lock.holder);
        encoder.u32(lock.table);
        encoder.u64(lock.version);
        encoder.u8(lock.strength);
    }
    encoder.boolean(prepared.is_watched);
    encoder.u32(static_cast<std::uint32_t>(prepared.reads.size()));
    for (const std::uint32_t relation : prepared.reads)
        encoder.u32(relation);
    encoder.string(prepared.redo);
}

PreparedRecord decode_prepared(Decoder& decoder) {
    PreparedRecord prepared;
    prepared.gid = decoder.string();
    prepared.owner = decoder.string();
    prepared.database = decoder.string();
    prepared.prepared_at = decoder.i64();
    const std::uint32_t ids = decoder.u32();
    for (std::uint32_t i = 0; i < ids && !decoder.failed(); ++i)
        prepared.ids.push_back(decoder.u64());
    const std::uint32_t locks = decoder.u32();
    for (std::uint32_t i = 0; i < locks && !decoder.failed(); ++i) {
        LoggedLock lock;
        lock.kind = decoder.u8();
        lock.first = decoder.u64();
        lock.second = decoder.u64();
        lock.mode = decoder.u8();
        prepared.locks.push_back(lock);
    }
    const std::uint32_t row_locks = decoder.u32();
    for (std::uint32_t i = 0; i < row_locks && !decoder.failed(); ++i) {
        LoggedRowLock lock;
        lock.holder = decoder.u64();
        lock.table = decoder.u32();
        lock.version = decoder.u64();
        lock.strength = decoder.u8();
        prepared.row_locks.push_back(lock);
    }
    prepared.is_watched = decoder.boolean();
    const std::uint32_t reads = decoder.u32();
    for (std::uint32_t i = 0; i < reads && !decoder.failed(); ++i)
        prepared.reads.push_back(decoder.u32());
    prepared.redo = decoder.string();
    if (prepared.ids.empty()) decoder.fail();
    return prepared;
}

}  // namespace atlas::sim::models::postgres
