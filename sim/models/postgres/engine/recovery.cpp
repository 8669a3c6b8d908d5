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

LogPosition after_segments(const std::vector<std::string>& names) {
    LogPosition last = 0;
    for (const std::string& name : names) {
        LogPosition position = 0;
        std::from_chars(name.data(), name.data() + name.size(), position, 16);
        last = std::max(last, position);
    }
    return last + first_position;
}

}  // namespace

// Puts what the log says into the catalog and the heaps. Indexes are built when all is read.
class Engine::Replayer : public RedoTarget {
  public:
    explicit Replayer(Engine& engine) : engine_(engine) {}

    void insert(Oid table, std::uint64_t version, Row values) override {
        Heap* heap = find(table);
        if (heap == nullptr || heap->find(version) != nullptr) {
            consistent_ = false;
            return;
        }
        heap->insert(version, std::move(values)).made_by = frozen_transaction;
        engine_.next_version_ = std::max(engine_.next_version_, version + 1);
    }

    void remove(Oid table, std::uint64_t version) override {
        Heap* heap = find(table);
        RowVersion* found = heap == nullptr ? nullptr : heap->find(version);
        if (found == nullptr) {
            consistent_ = false;
            return;
        }
        heap->remove(*found);
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
        for (const auto& index : table.indexes)
            engine_.next_oid_ = std::max(engine_.next_oid_, index->oid + 1);
        CatalogChanges change;
        const std::string name = table.name;
        change.emplace(name, std::make_shared<const TableDefinition>(std::move(table)));
        engine_.catalog_.apply(change);
    }

    void drop_table(Oid table, const std::string& name) override {
        consistent_ &= engine_.heaps_.erase(table) == 1;
        engine_.catalog_.apply({{name, nullptr}});
    }

    /// False once an operation did not fit the state before it.
    bool consistent() const { return consistent_; }

  private:
    Heap* find(Oid table) {
        const auto found = engine_.heaps_.find(table);
        return found == engine_.heaps_.end() ? nullptr : found->second.get();
    }

    Engine& engine_;
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

Result<LogPosition> Engine::load_checkpoint(std::string_view bytes) {
    const std::optional<CheckpointFile> checkpoint = decode_checkpoint_file(bytes);
    Replayer replayer(*this);
    if (!checkpoint || !replay(checkpoint->state, replayer) || !replayer.consistent())
        return failure(ErrorCode::data_corrupted, "the checkpoint is damaged");
    transactions_.set_next_id(checkpoint->next_transaction);
    next_version_ = std::max(next_version_, checkpoint->next_version);
    next_oid_ = std::max(next_oid_, checkpoint->next_oid);
    return checkpoint->redo;
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
    LogPosition next = first_position;
    if (checkpoint) {
        const Result<LogPosition> redo = load_checkpoint(*checkpoint);
        if (!redo) co_return std::unexpected(redo.error());
        Replayer replayer(*this);
        const auto replay_record = [this, &replayer](std::string_view payload) {
            constexpr std::size_t counters = 8 + 8 + 4;
            if (payload.size() < counters) return false;
            Decoder decoder(payload);
            transactions_.set_next_id(std::max(transactions_.next_id(), decoder.u64()));
            next_version_ = std::max(next_version_, decoder.u64());
            next_oid_ = std::max(next_oid_, decoder.u32());
            return replay(payload.substr(counters), replayer) && replayer.consistent();
        };
        auto end = co_await read_log(host_, log_directory, *redo, settings_.fsync, replay_record);
        if (!end) co_return std::unexpected(std::move(end).error());
        // Clear of all that is there: a torn tail must never run into the new segment.
        next = (*end / first_position + 2) * first_position;
    } else if (checkpoint.error().code == ErrorCode::not_found) {
        // Without a checkpoint this is a new directory, or one whose making was cut short.
        auto written = co_await has_records(host_, log_directory);
        if (!written) co_return std::unexpected(std::move(written).error());
        if (*written)
            co_return failure(ErrorCode::data_corrupted, "there is a log but no checkpoint");
        auto names = co_await host_.disk().list(log_directory);
        if (!names) co_return std::unexpected(std::move(names).error());
        // An earlier try may have left its first segment.
        next = after_segments(*names);
    } else {
        co_return std::unexpected(std::move(checkpoint).error());
    }
    const Result<void> finished = finish_recovery();
    if (!finished) co_return finished;
    auto started = co_await log_.start(next);
    if (!started) co_return started;
    auto written = co_await write_checkpoint(encode_checkpoint(next));
    if (!written) co_return written;
    checkpoint_position_ = next;
    auto removed = co_await log_.remove_segments_before(next);
    co_return removed;
}

}  // namespace atlas::sim::models::postgres
