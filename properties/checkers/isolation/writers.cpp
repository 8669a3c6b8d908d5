#include "properties/checkers/isolation/writers.hpp"

#include <map>

namespace atlas::properties::isolation {

Writers::Writers(const TransactionHistory& history) : first_(history.keys.size() + 1, 0) {
    for (TransactionNumber number = 0; number < history.transactions.size(); ++number) {
        const std::vector<Access>& accesses = history.transactions[number].accesses;
        std::map<Key, std::size_t> last;
        for (std::uint32_t i = 0; i < accesses.size(); ++i) {
            if (accesses[i].kind == AccessKind::read) continue;
            const auto [before, is_first] = last.try_emplace(accesses[i].key, written_.size());
            if (!is_first) {
                written_[before->second].is_last = false;
                before->second = written_.size();
            }
            written_.push_back({.key = accesses[i].key,
                                .value = accesses[i].value,
                                .transaction = number,
                                .access = i});
        }
    }
    std::ranges::sort(written_, std::less<>{});
    for (const Written& each : written_)
        ++first_[each.key + 1];
    for (std::size_t i = 1; i < first_.size(); ++i)
        first_[i] += first_[i - 1];
}

Written* Writers::find(Key key, Value value) {
    const std::span<Written> candidates = of(key);
    const auto found = std::ranges::lower_bound(candidates, value, {}, &Written::value);
    return found == candidates.end() || found->value != value ? nullptr : &*found;
}

std::span<Written> Writers::of(Key key) {
    return std::span(written_).subspan(first_[key], first_[key + 1] - first_[key]);
}

}  // namespace atlas::properties::isolation
