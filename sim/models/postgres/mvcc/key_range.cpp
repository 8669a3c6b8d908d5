#include "sim/models/postgres/mvcc/key_range.hpp"

namespace atlas::sim::models::postgres {

bool KeyRange::contains(const Row& key) const {
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        if (compare(key[i], prefix[i]) != std::strong_ordering::equal) return false;
    }
    if (prefix.size() == key.size()) return true;
    const Value& next = key[prefix.size()];
    if ((from || to) && is_null(next)) return false;
    if (from) {
        const std::strong_ordering order = compare(next, from->value);
        if (order < 0 || (order == 0 && !from->inclusive)) return false;
    }
    if (to) {
        const std::strong_ordering order = compare(next, to->value);
        if (order > 0 || (order == 0 && !to->inclusive)) return false;
    }
    return true;
}

bool KeyRange::is_before(const Row& key) const {
    return to && compare(key[prefix.size()], to->value) > 0;
}

}  // namespace atlas::sim::models::postgres
