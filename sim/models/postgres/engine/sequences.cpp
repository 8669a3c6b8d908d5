// Where sequences have got to. No transaction undoes it: a value once given is not given again,
// also after a crash, because the log is ahead of what was given.

#include "sim/models/postgres/engine/engine.hpp"

namespace atlas::sim::models::postgres {

SequenceState& Engine::sequence(const SequenceDefinition& definition) {
    const SequenceState first{.last = definition.first_value, .called = definition.first_called};
    return sequences_.try_emplace(definition.storage, first).first->second;
}

void Engine::log_sequence(Transaction& transaction, Oid storage, std::int64_t value, bool called) {
    RedoLog redo;
    redo.set_sequence(storage, value, called);
    transactions_.assign_id(transaction);
    transaction.advanced_sequence = true;
    append_record(LogRecordKind::commit, redo.bytes(), false);
}

void Engine::forget_sequences(const CatalogChanges& before, const CatalogView& view) {
    for (const auto& [name, table] : before) {
        if (!table->sequence) continue;
        const Oid storage = table->sequence->storage;
        const TablePtr now = view.find_table(table->oid);
        if (now == nullptr || now->sequence->storage != storage) sequences_.erase(storage);
    }
}

}  // namespace atlas::sim::models::postgres
