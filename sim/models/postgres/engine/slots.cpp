// Physical replication slots: how far each follower is that has one, so that the log it wants next
// is not removed. They are in a file of their own.

#include <algorithm>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/replication/configuration_file.hpp"
#include "sim/models/postgres/wal/encoding.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::sim::models::postgres {

using host::Result;
using host::Task;

namespace {

constexpr std::size_t longest_slot_name = 63;

bool is_slot_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

Checked<> check_slot_name(const std::string& name) {
    if (name.empty()) return sql_error("42602", "replication slot name \"\" is too short");
    if (name.size() > longest_slot_name)
        return sql_error("42622", fmt::format("replication slot name \"{}\" is too long", name));
    if (std::ranges::all_of(name, is_slot_character)) return {};
    auto error = sql_error(
        "42602", fmt::format("replication slot name \"{}\" contains invalid character", name));
    error.error()->hint =
        "Replication slot names may only contain lower case letters, numbers, and the underscore "
        "character.";
    return error;
}

std::unexpected<Failure> not_saved(const host::Error& error) {
    return sql_error("58030", fmt::format("could not write the file \"{}\": {}", slots_file,
                                          host::describe(error)));
}

}  // namespace

Engine::Slot* Engine::find_slot(const std::string& name) {
    const auto found = slots_.find(name);
    return found == slots_.end() ? nullptr : &found->second;
}

Task<Checked<>> Engine::create_slot(std::string name, bool reserves_log) {
    SQL_CO_CHECK(check_slot_name(name));
    if (slots_.contains(name))
        co_return sql_error("42710", fmt::format("replication slot \"{}\" already exists", name));
    if (slots_.size() >= settings_.max_replication_slots) {
        auto error = sql_error("53400", "all replication slots are in use");
        error.error()->hint = "Free one or increase max_replication_slots.";
        co_return error;
    }
    slots_.emplace(name, Slot{.restart = reserves_log ? last_checkpoint_.position : 0});
    const Result<void> saved = co_await save_slots();
    if (!saved) co_return not_saved(saved.error());
    co_return Checked<>{};
}

Task<Checked<>> Engine::drop_slot(std::string name) {
    const Slot* const slot = find_slot(name);
    if (slot == nullptr)
        co_return sql_error("42704", fmt::format("replication slot \"{}\" does not exist", name));
    if (slot->active_process != 0) {
        co_return sql_error("55006", fmt::format("replication slot \"{}\" is active for PID {}",
                                                 name, slot->active_process));
    }
    slots_.erase(name);
    const Result<void> saved = co_await save_slots();
    if (!saved) co_return not_saved(saved.error());
    co_return Checked<>{};
}

Task<Result<void>> Engine::load_slots() {
    auto bytes =
        co_await host::read_whole_file(host_, fmt::format("{}/{}", directory_, slots_file));
    if (!bytes) co_return std::unexpected(std::move(bytes).error());
    if (!*bytes) co_return Result<void>{};
    Decoder decoder(**bytes);
    while (!decoder.at_end()) {
        std::string name = decoder.string();
        const LogPosition restart = decoder.u64();
        slots_.emplace(std::move(name), Slot{.restart = restart});
    }
    if (decoder.failed())
        co_return host::failure(host::ErrorCode::data_corrupted, "the file of slots is damaged");
    co_return Result<void>{};
}

Task<Result<void>> Engine::save_slots() {
    if (slots_.empty() && !slots_saved_) co_return Result<void>{};
    const auto access = co_await slots_access_.acquire(host::Deadline::never());
    Encoder encoder;
    for (const auto& [name, slot] : slots_) {
        encoder.string(name);
        encoder.u64(slot.restart);
    }
    slots_saved_ = true;
    auto saved = co_await host::replace_file(host_, directory_, std::string(slots_file),
                                             encoder.take(), host::durable_if(settings_.fsync));
    co_return saved;
}

}  // namespace atlas::sim::models::postgres
