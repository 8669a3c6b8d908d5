#include "sim/faults/cluster_control.hpp"

namespace atlas::sim::faults {

std::string_view name(Role role) noexcept {
    switch (role) {
        case Role::api:
            return "api";
        case Role::postgres:
            return "postgres";
        case Role::client:
            return "client";
        case Role::lease_store:
            return "lease store";
    }
    return "unknown";
}

}  // namespace atlas::sim::faults
