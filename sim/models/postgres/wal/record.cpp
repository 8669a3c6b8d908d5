#include "sim/models/postgres/wal/record.hpp"

#include "sim/models/postgres/analysis/analyse.hpp"

namespace atlas::sim::models::postgres {
namespace {

enum class Operation : std::uint8_t { insert = 1, remove, put_table, drop_table };

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
        index.keys.push_back(std::move(key));
    }
    if (decoder.boolean()) index.predicate = decode_expression(decoder, table, {TypeId::boolean});
    return index;
}

}  // namespace

void RedoLog::insert(Oid table, std::uint64_t version, const Row& values) {
    encoder_.u8(static_cast<std::uint8_t>(Operation::insert));
    encoder_.u32(table);
    encoder_.u64(version);
    encoder_.row(values);
}

void RedoLog::remove(Oid table, std::uint64_t version) {
    encoder_.u8(static_cast<std::uint8_t>(Operation::remove));
    encoder_.u32(table);
    encoder_.u64(version);
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
                if (!decoder.failed()) target.remove(table, version);
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
        encoder.boolean(column.default_value.has_value());
        if (column.default_value) encode_expression(encoder, *column.default_value);
        encoder.value(column.missing_value);
    }
    encoder.u32(static_cast<std::uint32_t>(table.checks.size()));
    for (const CheckConstraint& check : table.checks) {
        encoder.string(check.name);
        encode_expression(encoder, check.condition);
    }
    encoder.u32(static_cast<std::uint32_t>(table.indexes.size()));
    for (const auto& index : table.indexes)
        encode_index(encoder, *index);
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
        // A default names no column, so the table need not be complete yet.
        if (decoder.boolean())
            column.default_value = decode_expression(decoder, table, column.type);
        column.missing_value = decoder.value();
        table.columns.push_back(std::move(column));
    }
    const std::uint32_t checks = decoder.u32();
    for (std::uint32_t i = 0; i < checks && !decoder.failed(); ++i) {
        CheckConstraint check{.name = decoder.string(), .condition = {}};
        check.condition = decode_expression(decoder, table, {TypeId::boolean});
        table.checks.push_back(std::move(check));
    }
    const std::uint32_t indexes = decoder.u32();
    for (std::uint32_t i = 0; i < indexes && !decoder.failed(); ++i)
        table.indexes.push_back(
            std::make_shared<const IndexDefinition>(decode_index(decoder, table)));
    return table;
}

}  // namespace atlas::sim::models::postgres
