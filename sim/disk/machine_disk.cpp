#include "sim/disk/machine_disk.hpp"

#include <utility>

namespace atlas::sim::disk {

MachineDisk::MachineDisk(std::string machine, DiskPolicy& policy, std::uint64_t capacity_bytes)
    : machine_(std::move(machine)), policy_(policy), capacity_bytes_(capacity_bytes) {}

Operation MachineDisk::next_operation(OperationKind kind, std::string_view path) {
    Operation operation{.kind = kind, .machine = machine_, .path = path};
    operation.ordinal = operations_[static_cast<std::size_t>(kind)]++;
    return operation;
}

ContentLoss MachineDisk::lose(const Loss& loss, std::string_view path, FileContent& content,
                              std::uint64_t up_to) {
    return content.lose_unsynced(
        up_to, [&](UnsyncedPart::Kind kind, std::uint64_t change, std::uint64_t sector) {
            return policy_.survives(
                loss, {.kind = kind, .path = path, .change = change, .sector = sector});
        });
}

ContentLoss MachineDisk::fail_sync(std::string_view path, FileContent& content,
                                   std::uint64_t up_to) {
    const Loss loss{LossCause::failed_sync, machine_, failed_syncs_++};
    ContentLoss lost = lose(loss, path, content, up_to);
    recount();
    return lost;
}

PowerLossReport MachineDisk::power_loss() {
    const Loss loss{LossCause::power_loss, machine_, power_losses_++};
    PowerLossReport report;
    report.names_lost = tree_.lose_unsynced([&](std::string_view directory, std::uint64_t change) {
        return policy_.survives(
            loss, {.kind = UnsyncedPart::Kind::name, .path = directory, .change = change});
    });
    for (const auto& [path, content] : tree_.files()) {
        // After a rename that crossed folders a file may be here under two names; the second time
        // nothing of it is unsynced.
        if (content->is_synced()) continue;
        report.content += lose(loss, path, *content, content->last_change());
    }
    recount();
    return report;
}

// Operations, losses and damages go on being counted: decisions about them keep their names.
std::size_t MachineDisk::replace() {
    const std::size_t durable = tree_.durable_files().size();
    tree_ = DirectoryTree();
    misdirection_.reset();
    recount();
    return durable;
}

std::optional<std::uint64_t> MachineDisk::rot_bit(std::uint64_t choice) {
    recount();
    if (used_bytes_ == 0) return std::nullopt;
    std::uint64_t bit = choice % (used_bytes_ * 8);
    for (const auto& [path, content] : tree_.files()) {
        if (bit / 8 < content->size()) {
            content->flip_bit(bit / 8, static_cast<unsigned>(bit % 8), damages_);
            return damages_++;
        }
        bit -= content->size() * 8;
    }
    return std::nullopt;
}

std::uint64_t MachineDisk::misdirect_next_write(std::uint64_t choice) {
    misdirection_ = {choice, damages_};
    return damages_++;
}

void MachineDisk::recount() {
    used_bytes_ = 0;
    for (const auto& [path, content] : tree_.files())
        used_bytes_ += content->size();
}

std::optional<std::vector<std::byte>> MachineDisk::seen_bytes(std::string_view path) const {
    const SharedContent content = tree_.find(path);
    if (content == nullptr) return std::nullopt;
    return std::vector<std::byte>(content->bytes().begin(), content->bytes().end());
}

std::optional<std::vector<std::byte>> MachineDisk::durable_bytes(std::string_view path) const {
    for (const auto& [durable_path, content] : tree_.durable_files()) {
        if (durable_path == path) return content->durable_bytes();
    }
    return std::nullopt;
}

std::vector<std::string> MachineDisk::durable_files() const {
    std::vector<std::string> paths;
    for (const auto& [path, content] : tree_.durable_files())
        paths.push_back(path);
    return paths;
}

}  // namespace atlas::sim::disk
