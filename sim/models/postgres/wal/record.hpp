#pragma once
// What the log says: one record a committed transaction, holding all it did in order. Row versions
// are named by their ids, so that replaying is a matter of putting in and taking out.

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/models/postgres/catalog/table.hpp"
#include "sim/models/postgres/locks/lock_mode.hpp"
#include "sim/models/postgres/wal/encoding.hpp"

namespace atlas::sim::models::postgres {

/// The operations of one transaction, encoded as they happen.
class RedoLog {
  public:
    void insert(Oid table, std::uint64_t version, const Row& values);
    /// A version that is deleted, or replaced by a newer one. (Undecided once more after a restart,
    /// as part of a prepared transaction, the newer one is followed and the strength matters.)
    void remove(Oid table, std::uint64_t version, std::uint64_t newer = 0,
                RowLockStrength strength = RowLockStrength::update);
    /// A table made or changed. The definition is the whole of it.
    void put_table(const TableDefinition& table);
    void drop_table(Oid table, std::string_view name);
    /// All of its rows go, whoever sees them. Those that follow have another shape.
    void rewrite_table(Oid table);
    /// No value up to this one is given again.
    void set_sequence(Oid storage, std::int64_t value, bool called);

    bool empty() const { return encoder_.size() == 0; }
    const std::string& bytes() const { return encoder_.bytes(); }
    std::size_t mark() const { return encoder_.size(); }
    void truncate(std::size_t mark) { encoder_.truncate(mark); }

  private:
    Encoder encoder_;
};

/// Receives the operations of a log, or of a checkpoint.
class RedoTarget {
  public:
    virtual ~RedoTarget() = default;
    virtual void insert(Oid table, std::uint64_t version, Row values) = 0;
    virtual void remove(Oid table, std::uint64_t version, std::uint64_t newer,
                        RowLockStrength strength) = 0;
    virtual void put_table(TableDefinition table) = 0;
    virtual void drop_table(Oid table, const std::string& name) = 0;
    virtual void rewrite_table(Oid table) = 0;
    virtual void set_sequence(Oid storage, std::int64_t value, bool called) = 0;
};

/// False if the bytes are not what RedoLog writes.
bool replay(std::string_view redo, RedoTarget& target);

void encode_table(Encoder& encoder, const TableDefinition& table);
/// Expressions are analysed again. Fails the decoder if that does not work out.
TableDefinition decode_table(Decoder& decoder);

}  // namespace atlas::sim::models::postgres
