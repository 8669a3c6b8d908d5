#include "system/reliability/controlled_delay.hpp"

#include "system/host/check.hpp"

namespace atlas::reliability {

ControlledDelay::ControlledDelay(ControlledDelayOptions options) : options_(options) {
    ATLAS_CHECK(options.target > host::Duration::zero() && options.target <= options.interval,
                "the target is above zero and at most the interval");
}

}  // namespace atlas::reliability
