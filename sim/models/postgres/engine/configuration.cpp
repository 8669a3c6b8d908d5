// The server's settings: those it was given, with postgresql.auto.conf on top, which ALTER SYSTEM
// and whoever looks after the server write.

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/replication/configuration_file.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::sim::models::postgres {

using host::Result;
using host::Task;

Task<Result<void>> Engine::load_configuration() {
    auto text =
        co_await host::read_whole_file(host_, fmt::format("{}/{}", directory_, configuration_file));
    if (!text) co_return std::unexpected(std::move(text).error());
    settings_ = given_settings_;
    for (const auto& [name, value] : parse_configuration(text->value_or(""))) {
        const Result<void> set = settings_.set(name, value);
        // As PostgreSQL does with a file that has mistakes in it when it starts.
        if (!set) co_return host::failure(set.error().code, set.error().detail);
    }
    if (!parse_synchronous_standbys(settings_.synchronous_standby_names)) {
        co_return host::failure(
            host::ErrorCode::invalid_argument,
            fmt::format("synchronous_standby_names: \"{}\"", settings_.synchronous_standby_names));
    }
    configuration_changed();
    co_return Result<void>{};
}

void Engine::configuration_changed() {
    const auto standbys = parse_synchronous_standbys(settings_.synchronous_standby_names);
    if (standbys) synchronous_ = *standbys;
    release_waiting();
}

Task<Result<void>> Engine::reload() {
    auto access = co_await configuration_access_.acquire(host::Deadline::never());
    if (!access) co_return std::unexpected(std::move(access).error());
    auto reloaded = co_await reload_now();
    co_return reloaded;
}

// What needs a restart keeps its value; a file with a mistake in it changes nothing.
Task<Result<void>> Engine::reload_now() {
    auto text =
        co_await host::read_whole_file(host_, fmt::format("{}/{}", directory_, configuration_file));
    if (!text) co_return std::unexpected(std::move(text).error());
    ServerSettings wanted = given_settings_;
    for (const auto& [name, value] : parse_configuration(text->value_or(""))) {
        const Result<void> set = wanted.set(name, value);
        const bool names_are_good =
            name != "synchronous_standby_names" || parse_synchronous_standbys(value);
        if (!set || !names_are_good) {
            log(host::LogLevel::warning, "the configuration was not reloaded", name);
            co_return Result<void>{};
        }
    }
    const bool follows_another = wanted.primary_conninfo != settings_.primary_conninfo ||
                                 wanted.primary_slot_name != settings_.primary_slot_name;
    settings_.reload_from(wanted);
    log_.configure(settings_.fsync, settings_.wal_writer_delay);
    configuration_changed();
    if (follows_another && in_recovery_) {
        conninfo_changed_ = true;
        attention_.set();
    }
    co_return Result<void>{};
}

Task<Checked<>> Engine::alter_system(std::string name, std::optional<std::string> value) {
    const auto access = co_await configuration_access_.acquire(host::Deadline::never());
    const std::string path = fmt::format("{}/{}", directory_, configuration_file);
    auto text = co_await host::read_whole_file(host_, path);
    Result<void> done;
    if (text) {
        Configuration configuration = parse_configuration(text->value_or(""));
        if (value) {
            configuration.insert_or_assign(name, *value);
        } else if (name.empty()) {
            configuration.clear();
        } else {
            configuration.erase(name);
        }
        done = co_await host::replace_file(host_, directory_, std::string(configuration_file),
                                           format_configuration(configuration),
                                           host::durable_if(settings_.fsync));
    } else {
        done = std::unexpected(std::move(text).error());
    }
    if (!done) {
        co_return sql_error("58030", fmt::format("could not write file \"{}\": {}",
                                                 configuration_file, describe(done.error())));
    }
    co_return Checked<>{};
}

}  // namespace atlas::sim::models::postgres
