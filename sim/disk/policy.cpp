#include "sim/disk/policy.hpp"

namespace atlas::sim::disk {

std::string_view name(OperationKind kind) noexcept {
    switch (kind) {
        case OperationKind::open:
            return "open";
        case OperationKind::read:
            return "read";
        case OperationKind::write:
            return "write";
        case OperationKind::sync:
            return "sync";
        case OperationKind::truncate:
            return "truncate";
        case OperationKind::rename:
            return "rename";
        case OperationKind::remove:
            return "remove";
        case OperationKind::make_directory:
            return "make_directory";
        case OperationKind::list:
            return "list";
        case OperationKind::sync_directory:
            return "sync_directory";
    }
    return "unknown";
}

}  // namespace atlas::sim::disk
