// Opening a data directory: the checkpoint, then the log after it, then a checkpoint of both.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/wal/checkpoint_file.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

constexpr LogPosition first_position = 0x10000;

}  // namespace

// Puts what the log says into the catalog and the heaps. Indexes are built when all is read.
class Engine::Replayer : public RedoTarget {
  public:
    /// What is replayed counts as that transaction's work.
    explicit Replayer(Engine& engine, TransactionId by = frozen_transaction)
        : engine_(engine), by_(by) {}

    void insert(Oid table, std::uint64_t version, Row values) override {
        Heap* heap = find(table);
        if (heap == nullptr || heap->find(version) != nullptr) {
            consistent_ = false;
            return;
        }
        RowVersion& made = heap->insert(version, std::move(values));
        made.made_by = by_;
        if (is_seen()) enter_indexes(*heap, made);
        engine_.next_version_ = std::max(engine_.next_version_, version + 1);
    }

    void remove(Oid table, std::uint64_t version, std::uint64_t newer, RowLockStrength) override {
        Heap* heap = find(table);
        RowVersion* found = heap == nullptr ? nullptr : heap->find(version);
        if (found == nullptr) {
            consistent_ = false;
            return;
        }
        engine_.move_prepared_locks(version, newer);
        if (!is_seen()) {
            heap->remove(*found);
            return;
        }
        found->ended_by = by_;
        found->newer = heap->find(newer);
        engine_.garbage_.push_back({by_, table, version});
    }

    void put_table(TableDefinition table) override {
        auto& heap = engine_.heaps_[table.oid];
        if (heap == nullptr) heap = std::make_unique<Heap>(table.oid);
        const TablePtr before = CatalogView(engine_.catalog_, {}).find_table(table.oid);
        for (auto& [id, version] : heap->versions()) {
            if (before != nullptr && version.values.size() > before->columns.size())
                version.values.resize(before->columns.size());
            for (std::size_t i = version.values.size(); i < table.columns.size(); ++i)
                version.values.push_back(table.columns[i].missing_value);
        }
        engine_.next_oid_ = std::max(engine_.next_oid_, table.oid + 1);
        for (const CheckConstraint& check : table.checks)
            engine_.next_oid_ = std::max(engine_.next_oid_, check.oid + 1);
        for (const auto& index : table.indexes)
            engine_.next_oid_ = std::max(engine_.next_oid_, index->oid + 1);
        for (const ForeignKey& key : table.foreign_keys)
            engine_.next_oid_ = std::max(engine_.next_oid_, key.oid + 1);
        if (table.sequence) {
            engine_.next_oid_ = std::max(engine_.next_oid_, table.sequence->storage + 1);
            forget_state(before, table.sequence->storage);
            engine_.sequence(*table.sequence);
        }
        if (is_seen()) change_indexes(*heap, table);
        CatalogChanges change;
        if (before != nullptr && before->name != table.name) change.emplace(before->name, nullptr);
        const std::string name = table.name;
        change.insert_or_assign(name, std::make_shared<const TableDefinition>(std::move(table)));
        engine_.catalog_.apply(change);
    }

    void drop_table(Oid table, const std::string& name) override {
        forget_state(CatalogView(engine_.catalog_, {}).find_table(table), 0);
        consistent_ &= engine_.heaps_.erase(table) == 1;
        engine_.catalog_.apply({{name, nullptr}});
    }

    // A session that reads the table has been waited for, or cancelled.
    void rewrite_table(Oid table) override {
        consistent_ &= find(table) != nullptr;
        engine_.heaps_[table] = std::make_shared<Heap>(table);
    }

    // The sequence may be one whose making comes later in the log, or never.
    void set_sequence(Oid storage, std::int64_t value, bool called) override {
        engine_.sequences_.insert_or_assign(storage, SequenceState{value, called});
    }

    /// False once an operation did not fit the state before it.
    bool consistent() const { return consistent_; }

  private:
    /// Of a sequence that is dropped, or goes on under another storage.
    void forget_state(const TablePtr& before, Oid storage) {
        if (before != nullptr && before->sequence && before->sequence->storage != storage)
            engine_.sequences_.erase(before->sequence->storage);
    }

    /// Sessions read beside the replay, each by its snapshot, and by way of indexes.
    bool is_seen() const { return by_ != frozen_transaction; }

    void enter_indexes(Heap& heap, RowVersion& version) {
        for (const auto& [oid, known] : heap.indexes())
            enter(*heap.index(oid), version);
    }

    void enter(Index& index, RowVersion& version) {
        Checked<std::optional<Row>> key = index.key_of(version.values);
        // A version that nobody has to find any more need not have a key: who made the index did
        // not compute one either.
        consistent_ &= key.has_value() || version.ended_by != no_transaction;
        if (key && *key) index.insert(**std::move(key), version);
    }

    void change_indexes(Heap& heap, const TableDefinition& table) {
        std::vector<Oid> dropped;
        for (const auto& [oid, index] : heap.indexes()) {
            const bool kept = std::ranges::any_of(
                table.indexes, [&](const auto& definition) { return definition->oid == oid; });
            if (!kept) dropped.push_back(oid);
        }
        for (const Oid oid : dropped)
            heap.drop_index(oid);
        for (const auto& definition : table.indexes) {
            if (heap.index(definition->oid) != nullptr) continue;
            Index& index = heap.add_index(definition);
            for (auto& [id, version] : heap.versions())
                enter(index, version);
        }
    }

    Heap* find(Oid table) {
        const auto found = engine_.heaps_.find(table);
        return found == engine_.heaps_.end() ? nullptr : found->second.get();
    }

    Engine& engine_;
    TransactionId by_;
    bool consistent_ = true;
};

Task<Result<std::string>> Engine::read_checkpoint() {
    auto opened =
        co_await host_.disk().open(directory_ + "/checkpoint", host::OpenMode::read_write);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    const std::unique_ptr<host::File> file = *std::move(opened);
    auto size = co_await file->size();
    if (!size) co_return std::unexpected(std::move(size).error());
    std::string bytes(*size, '\0');
    auto read = co_await host::read_up_to(*file, 0, std::as_writable_bytes(std::span(bytes)));
    if (!read) co_return std::unexpected(std::move(read).error());
    bytes.resize(*read);
    co_return bytes;
}

Result<CheckpointFile> Engine::load_checkpoint(std::string_view bytes) {
    std::optional<CheckpointFile> checkpoint = decode_checkpoint_file(bytes);
    Replayer replayer(*this);
    if (!checkpoint || !replay(checkpoint->state, replayer) || !replayer.consistent())
        return failure(ErrorCode::data_corrupted, "the checkpoint is damaged");
    Decoder prepared(checkpoint->prepared);
    while (!prepared.at_end()) {
        PreparedRecord record = decode_prepared(prepared);
        const std::string gid = record.gid;
        prepared_.emplace(gid,
                          PreparedTransaction{
                              .record = std::move(record), .transaction = nullptr, .valid = true});
    }
    if (prepared.failed()) return failure(ErrorCode::data_corrupted, "the checkpoint is damaged");
    transactions_.set_next_id(checkpoint->next_transaction);
    next_version_ = std::max(next_version_, checkpoint->next_version);
    next_oid_ = std::max(next_oid_, checkpoint->next_oid);
    system_identifier_ = checkpoint->system_identifier;
    return *std::move(checkpoint);
}

bool Engine::replay_operations(std::string_view redo) {
    if (!replay_is_seen_) {
        Replayer replayer(*this);
        return replay(redo, replayer) && replayer.consistent();
    }
    // An id of its own, that the primary has given by now: snapshots taken so far do not see it.
    const TransactionId id = transactions_.next_id();
    transactions_.set_next_id(id + 1);
    Replayer replayer(*this, id);
    return replay(redo, replayer) && replayer.consistent();
}

// A prepared transaction's changes are kept apart until it is known how it ends: whoever holds its
// locks in the meantime is itself.
bool Engine::replay_finish(std::string_view gid, bool commit) {
    const auto prepared = prepared_.find(gid);
    if (prepared == prepared_.end()) return false;
    const std::string redo = std::move(prepared->second.record.redo);
    prepared_.erase(prepared);
    return !commit || replay_operations(redo);
}

bool Engine::replay_record(std::string_view payload, LogPosition end) {
    const std::optional<LogRecord> record = decode_log_record(payload);
    if (!record) return false;
    transactions_.set_next_id(std::max(transactions_.next_id(), record->next_transaction));
    next_version_ = std::max(next_version_, record->next_version);
    next_oid_ = std::max(next_oid_, record->next_oid);
    replayed_ = end;
    if (record->kind != LogRecordKind::prepare && record->kind != LogRecordKind::end_of_recovery)
        last_replayed_at_ = record->time;
    switch (record->kind) {
        case LogRecordKind::commit:
            return replay_operations(record->body);
        case LogRecordKind::prepare: {
            Decoder decoder(record->body);
            PreparedRecord prepared = decode_prepared(decoder);
            if (decoder.failed()) return false;
            const std::string gid = prepared.gid;
            const auto [place, added] = prepared_.emplace(
                gid, PreparedTransaction{
                         .record = std::move(prepared), .transaction = nullptr, .valid = true});
            if (added && recovery_locks_ != nullptr) hold_strongest_locks(place->second);
            return added;
        }
        case LogRecordKind::commit_prepared:
        case LogRecordKind::rollback_prepared:
            return replay_finish(record->body, record->kind == LogRecordKind::commit_prepared);
        case LogRecordKind::end_of_recovery:
            return true;
    }
    return false;
}

Result<void> Engine::finish_recovery() {
    for (const auto& [name, table] : catalog_.tables()) {
        Heap& rows = heap(table->oid);
        for (const auto& definition : table->indexes) {
            Index& index = rows.add_index(definition);
            for (auto& [id, version] : rows.versions()) {
                Checked<std::optional<Row>> key = index.key_of(version.values);
                if (!key)
                    return failure(ErrorCode::data_corrupted,
                                   fmt::format("index {} cannot be built", definition->name));
                if (*key) index.insert(**std::move(key), version);
            }
        }
    }
    return {};
}

Task<Result<void>> Engine::recover() {
    const std::string log_directory = directory_ + "/pg_wal";
    auto checkpoint = co_await read_checkpoint();
    LogEnd end{.position = first_position};
    if (checkpoint) {
        const Result<CheckpointFile> loaded = load_checkpoint(*checkpoint);
        if (!loaded) co_return std::unexpected(loaded.error());
        end = {.position = loaded->redo, .timeline = loaded->timeline, .link = loaded->link};
        replayed_ = loaded->redo;
        // The first start of a copy may have come as far as making a segment.
        auto has_log = co_await has_records(host_, log_directory);
        if (!has_log) co_return std::unexpected(std::move(has_log).error());
        if (*has_log || !loaded->is_backup) {
            const auto replay = [this](std::string_view payload, LogPosition behind) {
                phase_ = Phase::replaying;
                return replay_record(payload, behind);
            };
            auto read = co_await read_log(host_, log_directory, loaded->redo, loaded->link,
                                          settings_.fsync, replay);
            if (!read) co_return std::unexpected(std::move(read).error());
            end = *read;
        }
    } else if (checkpoint.error().code == ErrorCode::not_found) {
        // Without a checkpoint this is a new directory, or one whose making was cut short.
        auto written = co_await has_records(host_, log_directory);
        if (!written) co_return std::unexpected(std::move(written).error());
        if (*written)
            co_return failure(ErrorCode::data_corrupted, "there is a log but no checkpoint");
        // SQL shows it as a bigint, the protocol as it is: they agree below 2^63.
        system_identifier_ = host_.random("postgres.system_identifier").next() >> 1;
    } else {
        co_return std::unexpected(std::move(checkpoint).error());
    }
    auto history = co_await read_history(end.timeline);
    if (!history) co_return std::unexpected(std::move(history).error());
    history_ = *std::move(history);
    Result<void> finished = finish_recovery();
    if (finished && !in_recovery_) finished = resume_prepared();
    if (!finished) co_return finished;
    auto started = co_await log_.start(end);
    if (!started) co_return started;
    replayed_ = end.position;
    replayed_link_ = end.link;
    auto written = co_await write_checkpoint(encode_checkpoint(end.position));
    if (!written) co_return written;
    last_checkpoint_ = checkpoint_of_now(end.position);
    auto removed = co_await remove_old_segments();
    co_return removed;
}

}  // namespace atlas::sim::models::postgres
