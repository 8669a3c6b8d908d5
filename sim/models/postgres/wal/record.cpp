#include "sim/models/postgres/wal/record.hpp"

#include "sim/models/postgres/analysis/analyse.hpp"

namespace atlas::sim::models::postgres {
namespace {

enum class Operation : std::uint8_t {
    insert = 1,
    remove,
    put_table,
    drop_table,
    set_sequence,
    rewrite_table,
};

void encode_expression(Encoder& encoder, const StoredExpression& expression) {
    encoder.string(expression.parsed);
}

StoredExpression decode_expression(Decoder& decoder, const TableDefinition& table,
                                   ColumnType result) {
    StoredExpression stored{decoder.string(), nullptr};
    if (decoder.failed()) return stored;
    Checked<ExpressionPtr> analysed = analyse_stored(stored.parsed, table, result);
    if (!analysed || *analysed == nullptr) {
        decoder.fail();
        return stored;
    }
    stored.expression = *std::move(analysed);
    return stored;
}

void encode_index(Encoder& encoder, const IndexDefinition& index) {
    encoder.u32(index.oid);
    encoder.string(index.name);
    encoder.boolean(index.unique);
    encoder.boolean(index.primary);
    encoder.boolean(index.constraint);
    encoder.u32(static_cast<std::uint32_t>(index.keys.size()));
    for (const IndexKey& key : index.keys) {
        encoder.boolean(key.column.has_value());
        encoder.u32(static_cast<std::uint32_t>(key.column.value_or(0)));
        encode_expression(encoder, key.expression);
        encoder.string(key.text);
        encoder.boolean(key.descending);
        encoder.boolean(key.nulls_first);
        encoder.string(key.name);
    }
    encoder.boolean(index.predicate.has_value());
    if (index.predicate) encode_expression(encoder, *index.predicate);
}

IndexDefinition decode_index(Decoder& decoder, const TableDefinition& table) {
    IndexDefinition index{.oid = decoder.u32(), .name = {}, .keys = {}};
    index.name = decoder.string();
    index.unique = decoder.boolean();
    index.primary = decoder.boolean();
    index.constraint = decoder.boolean();
    const std::uint32_t keys = decoder.u32();
    for (std::uint32_t i = 0; i < keys && !decoder.failed(); ++i) {
        IndexKey key;
        const bool is_column = decoder.boolean();
        const std::uint32_t column = decoder.u32();
        if (is_column) key.column = column;
        key.expression = decode_expression(decoder, table, {});
        key.text = decoder.string();
        key.descending = decoder.boolean();
        key.nulls_first = decoder.boolean();
        key.name = decoder.string();
        index.keys.push_back(std::move(key));
    }
    if (decoder.boolean()) index.predicate = decode_expression(decoder, table, {TypeId::boolean});
    return index;
}

void encode_places(Encoder& encoder, const std::vector<std::size_t>& places) {
    encoder.u32(static_cast<std::uint32_t>(places.size()));
    for (const std::size_t place : places)
        encoder.u32(static_cast<std::uint32_t>(place));
}

std::vector<std::size_t> decode_places(Decoder& decoder) {
    std::vector<std::size_t> places;
    const std::uint32_t size = decoder.u32();
    for (std::uint32_t i = 0; i < size && !decoder.failed(); ++i)
        places.push_back(decoder.u32());
    return places;
}

void encode_foreign_key(Encoder& encoder, const ForeignKey& key) {
    encoder.u32(key.oid);
    encoder.string(key.name);
    encode_places(encoder, key.columns);
    encoder.u32(key.table);
    encode_places(encoder, key.referenced);
    encoder.u32(key.index);
    encoder.u8(static_cast<std::uint8_t>(key.on_delete));
    encoder.u8(static_cast<std::uint8_t>(key.on_update));
    encode_places(encoder, key.set_on_delete);
}

ReferentialAction decode_action(Decoder& decoder) {
    const std::uint8_t action = decoder.u8();
    if (action > static_cast<std::uint8_t>(ReferentialAction::set_default)) decoder.fail();
    return static_cast<ReferentialAction>(action);
}

ForeignKey decode_foreign_key(Decoder& decoder) {
    ForeignKey key{.oid = decoder.u32(), .name = {}, .columns = {}, .referenced = {}};
    key.name = decoder.string();
    key.columns = decode_places(decoder);
    key.table = decoder.u32();
    key.referenced = decode_places(decoder);
    key.index = decoder.u32();
    key.on_delete = decode_action(decoder);
    key.on_update = decode_action(decoder);
    key.set_on_delete = decode_places(decoder);
    return key;
}

void encode_sequence(Encoder& encoder, const SequenceDefinition& sequence) {
    encoder.u32(static_cast<std::uint32_t>(sequence.type));
    for (const std::int64_t number : {sequence.start, sequence.increment, sequence.minimum,
                                      sequence.maximum, sequence.cache, sequence.first_value})
        encoder.i64(number);
    encoder.boolean(sequence.cycle);
    encoder.boolean(sequence.first_called);
    encoder.u32(sequence.storage);
    encoder.boolean(sequence.owner.has_value());
    if (!sequence.owner) return;
    encoder.u32(sequence.owner->table);
    encoder.u32(static_cast<std::uint32_t>(sequence.owner->column));
    encoder.boolean(sequence.owner->identity);
}

SequenceDefinition decode_sequence(Decoder& decoder) {
    SequenceDefinition sequence;
    const std::optional<TypeId> type = type_of_oid(decoder.u32());
    if (!type) decoder.fail();
    sequence.type = type.value_or(TypeId::int8);
    for (std::int64_t* number : {&sequence.start, &sequence.increment, &sequence.minimum,
                                 &sequence.maximum, &sequence.cache, &sequence.first_value})
        *number = decoder.i64();
    sequence.cycle = decoder.boolean();
    sequence.first_called = decoder.boolean();
    sequence.storage = decoder.u32();
    if (!decoder.boolean()) return sequence;
    SequenceOwner owner;
    owner.table = decoder.u32();
    owner.column = decoder.u32();
    owner.identity = decoder.boolean();
    sequence.owner = owner;
    return sequence;
}

}  // namespace

void RedoLog::insert(Oid table, std::uint64_t version, const Row& values) {
    encoder_.u8(static_cast<std::uint8_t>(Operation::insert));
    encoder_.u32(table);
    encoder_.u64(version);
    encoder_.row(values);
}

void RedoLog::remove(Oid table, std::uint64_t version, std::uint64_t newer,
                     RowLockStrength strength) {
    encoder_.u8(static_cast<std::uint8_t>(Operation::remove));
    encoder_.u32(table);
    encoder_.u64(version);
    encoder_.u64(newer);
    encoder_.u8(static_cast<std::uint8_t>(strength));
}

void RedoLog::put_table(const TableDefinition& table) {
    encoder_.u8(static_cast<std::uint8_t>(Operation::put_table));
    encode_table(encoder_, table);
}

void RedoLog::drop_table(Oid table, std::string_view name) {
    encoder_.u8(static_cast<std::uint8_t>(Operation::drop_table));
    encoder_.u32(table);
    encoder_.string(name);
}

void RedoLog::rewrite_table(Oid table) {
    encoder_.u8(static_cast<std::uint8_t>(Operation::rewrite_table));
    encoder_.u32(table);
}

void RedoLog::set_sequence(Oid storage, std::int64_t value, bool called) {
    encoder_.u8(static_cast<std::uint8_t>(Operation::set_sequence));
    encoder_.u32(storage);
    encoder_.i64(value);
    encoder_.boolean(called);
}

bool replay(std::string_view redo, RedoTarget& target) {
    Decoder decoder(redo);
    while (!decoder.at_end()) {
        switch (static_cast<Operation>(decoder.u8())) {
            case Operation::insert: {
                const Oid table = decoder.u32();
                const std::uint64_t version = decoder.u64();
                Row values = decoder.row();
                if (!decoder.failed()) target.insert(table, version, std::move(values));
                break;
            }
            case Operation::remove: {
                const Oid table = decoder.u32();
                const std::uint64_t version = decoder.u64();
                const std::uint64_t newer = decoder.u64();
                const RowLockStrength strength{decoder.u8()};
                if (!decoder.failed()) target.remove(table, version, newer, strength);
                break;
            }
            case Operation::put_table: {
                TableDefinition table = decode_table(decoder);
                if (!decoder.failed()) target.put_table(std::move(table));
                break;
            }
            case Operation::drop_table: {
                const Oid table = decoder.u32();
                const std::string name = decoder.string();
                if (!decoder.failed()) target.drop_table(table, name);
                break;
            }
            case Operation::set_sequence: {
                const Oid storage = decoder.u32();
                const std::int64_t value = decoder.i64();
                const bool called = decoder.boolean();
                if (!decoder.failed()) target.set_sequence(storage, value, called);
                break;
            }
            case Operation::rewrite_table: {
                const Oid table = decoder.u32();
                if (!decoder.failed()) target.rewrite_table(table);
                break;
            }
            default:
                decoder.fail();
        }
    }
    return !decoder.failed();
}

void encode_table(Encoder& encoder, const TableDefinition& table) {
    encoder.u32(table.oid);
    encoder.string(table.name);
    encoder.u32(static_cast<std::uint32_t>(table.columns.size()));
    for (const Column& column : table.columns) {
        encoder.string(column.name);
        encoder.u32(static_cast<std::uint32_t>(column.type.id));
        encoder.i64(column.type.modifier);
        encoder.boolean(column.not_null);
        encoder.u8(static_cast<std::uint8_t>(column.identity));
        encoder.boolean(column.dropped);
        encoder.boolean(column.default_value.has_value());
        if (column.default_value) encode_expression(encoder, *column.default_value);
        encoder.value(column.missing_value);
    }
    encoder.u32(static_cast<std::uint32_t>(table.checks.size()));
    for (const CheckConstraint& check : table.checks) {
        encoder.u32(check.oid);
        encoder.string(check.name);
        encode_expression(encoder, check.condition);
    }
    encoder.u32(static_cast<std::uint32_t>(table.indexes.size()));
    for (const auto& index : table.indexes)
        encode_index(encoder, *index);
    encoder.u32(static_cast<std::uint32_t>(table.foreign_keys.size()));
    for (const ForeignKey& key : table.foreign_keys)
        encode_foreign_key(encoder, key);
    encoder.boolean(table.sequence.has_value());
    if (table.sequence) encode_sequence(encoder, *table.sequence);
    encoder.boolean(table.view.has_value());
    if (!table.view) return;
    encoder.string(table.view->parsed);
    encoder.u32(static_cast<std::uint32_t>(table.view->relations.size()));
    for (const Oid relation : table.view->relations)
        encoder.u32(relation);
}

TableDefinition decode_table(Decoder& decoder) {
    TableDefinition table;
    table.oid = decoder.u32();
    table.name = decoder.string();
    const std::uint32_t columns = decoder.u32();
    for (std::uint32_t i = 0; i < columns && !decoder.failed(); ++i) {
        Column column{.name = decoder.string(), .type = {}};
        const std::optional<TypeId> type = type_of_oid(decoder.u32());
        if (!type) {
            decoder.fail();
            break;
        }
        column.type = {*type, static_cast<std::int32_t>(decoder.i64())};
        column.not_null = decoder.boolean();
        column.identity = static_cast<Identity>(decoder.u8());
        column.dropped = decoder.boolean();
        // A default names no column, so the table need not be complete yet.
        if (decoder.boolean())
            column.default_value = decode_expression(decoder, table, column.type);
        column.missing_value = decoder.value();
        table.columns.push_back(std::move(column));
    }
    const std::uint32_t checks = decoder.u32();
    for (std::uint32_t i = 0; i < checks && !decoder.failed(); ++i) {
        CheckConstraint check{.oid = decoder.u32(), .name = {}, .condition = {}};
        check.name = decoder.string();
        check.condition = decode_expression(decoder, table, {TypeId::boolean});
        table.checks.push_back(std::move(check));
    }
    const std::uint32_t indexes = decoder.u32();
    for (std::uint32_t i = 0; i < indexes && !decoder.failed(); ++i)
        table.indexes.push_back(
            std::make_shared<const IndexDefinition>(decode_index(decoder, table)));
    const std::uint32_t foreign_keys = decoder.u32();
    for (std::uint32_t i = 0; i < foreign_keys && !decoder.failed(); ++i)
        table.foreign_keys.push_back(decode_foreign_key(decoder));
    if (decoder.boolean()) table.sequence = decode_sequence(decoder);
    if (!decoder.boolean()) return table;
    ViewDefinition view{.parsed = decoder.string(), .relations = {}};
    const std::uint32_t relations = decoder.u32();
    for (std::uint32_t i = 0; i < relations && !decoder.failed(); ++i)
        view.relations.push_back(decoder.u32());
    table.view = std::move(view);
    return table;
}

}  // namespace atlas::sim::models::postgres
