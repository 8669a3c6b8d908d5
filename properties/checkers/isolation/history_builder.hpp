#pragma once
// A history of transactions, put together line by line from whatever format it came in.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "properties/checkers/isolation/transactions.hpp"
#include "properties/history/unreadable.hpp"

namespace atlas::properties::isolation {

/// One access as it is written down, before the data model is known.
struct WrittenAccess {
    AccessKind kind = AccessKind::read;
    std::string key;
    /// What was appended, written or read; nothing for nil, and where a list was read.
    std::optional<std::string> value = std::nullopt;
    std::optional<std::vector<std::string>> list = std::nullopt;
};

class HistoryBuilder {
  public:
    using Step = std::expected<void, Unreadable>;

    /// Errors: the process has one under way.
    Step invoke(std::size_t line, std::uint64_t process,
                const std::vector<WrittenAccess>& accesses);

    /// A committed one with its answers; otherwise the accesses do not count. Errors: none is under
    /// way, or it is another than the one that was invoked.
    Step complete(std::size_t line, std::uint64_t process, Outcome outcome,
                  const std::vector<WrittenAccess>& accesses);

    /// What has not ended is of unknown outcome. Errors: it has no transactions; both appends and
    /// writes; answers that do not fit the model; a value that is appended or written twice to a
    /// key; another model than the one wanted.
    std::expected<TransactionHistory, Unreadable> finish(std::optional<DataModel> wanted);

  private:
    Access interned(const WrittenAccess& access);
    Step fix_model(std::optional<DataModel> wanted);
    Step check_answers() const;
    Step check_unique() const;

    TransactionHistory history_;
    std::map<std::uint64_t, std::size_t> open_;  ///< By process, a position in the history.
    /// Lines of the first of each, 0 when there is none.
    std::size_t first_append_ = 0;
    std::size_t first_write_ = 0;
    std::size_t first_list_ = 0;
    std::size_t first_single_ = 0;
};

}  // namespace atlas::properties::isolation
