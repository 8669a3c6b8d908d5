#include "sim/disk/damages.hpp"

#include <algorithm>
#include <utility>

namespace atlas::sim::disk {

void Damages::mark(ByteRange spoilt, std::uint64_t number, std::optional<Carrier> carrier) {
    damages_.push_back({.spoilt = spoilt, .number = number, .carrier = carrier});
}

void Damages::mend(ByteRange mended, std::uint64_t change) {
    for (Damage& damage : damages_) {
        if (mended.covers(damage.spoilt)) damage.menders.push_back(change);
    }
}

std::optional<std::uint64_t> Damages::newest_to(ByteRange bytes) const {
    for (auto damage = damages_.rbegin(); damage != damages_.rend(); ++damage) {
        if (damage->menders.empty() && damage->spoilt.overlaps(bytes)) return damage->number;
    }
    return std::nullopt;
}

void Damages::make_durable(std::uint64_t up_to) {
    lose(up_to, [](std::uint64_t, ByteRange) { return true; });
}

void Damages::lose(std::uint64_t up_to, const Reached& reached) {
    std::erase_if(damages_, [&](Damage& damage) {
        if (damage.carrier && damage.carrier->change <= up_to) {
            if (!reached(damage.carrier->change, damage.carrier->range)) return true;
            damage.carrier.reset();
        }
        const auto later = std::ranges::upper_bound(damage.menders, up_to);
        const bool is_mended =
            std::any_of(damage.menders.begin(), later,
                        [&](std::uint64_t mender) { return reached(mender, damage.spoilt); });
        damage.menders.erase(damage.menders.begin(), later);
        return is_mended;
    });
}

}  // namespace atlas::sim::disk
