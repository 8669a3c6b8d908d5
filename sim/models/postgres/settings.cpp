#include "sim/models/postgres/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Duration;
using host::ErrorCode;
using host::failure;
using host::Result;

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::array<Unit, 6> time_units{{{"us", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"min", 60'000'000'000},
                                          {"h", 3'600'000'000'000},
                                          {"d", 86'400'000'000'000}}};
// PostgreSQL's memory units are powers of 1024 whatever their name.
constexpr std::array<Unit, 5> memory_units{{{"B", 1},
                                            {"kB", 1024},
                                            {"MB", 1024 * 1024},
                                            {"GB", 1024 * 1024 * 1024},
                                            {"TB", std::int64_t{1024} * 1024 * 1024 * 1024}}};

template <std::size_t N>
std::optional<std::int64_t> parse_with_unit(std::string_view text, const std::array<Unit, N>& units,
                                            std::int64_t default_factor) {
    text = trimmed(text);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0) return std::nullopt;
    const std::string_view unit = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
    std::int64_t factor = default_factor;
    if (!unit.empty()) {
        const auto found = std::ranges::find(units, unit, &Unit::name);
        if (found == units.end()) return std::nullopt;
        factor = found->factor;
    }
    std::int64_t product = 0;
    if (__builtin_mul_overflow(number, factor, &product)) return std::nullopt;
    return product;
}

Result<SynchronousCommit> parse_synchronous_commit(std::string_view text) {
    constexpr std::array levels{SynchronousCommit::local, SynchronousCommit::remote_write,
                                SynchronousCommit::remote_apply};
    for (const SynchronousCommit level : levels) {
        if (text == name(level)) return level;
    }
    const Result<bool> simple = parse_bool_setting(text);
    if (!simple) return std::unexpected(simple.error());
    return *simple ? SynchronousCommit::on : SynchronousCommit::off;
}

constexpr Duration milliseconds = std::chrono::milliseconds(1);

template <typename T>
Result<void> assign(T& target, Result<T> value) {
    if (!value) return std::unexpected(std::move(value).error());
    target = *value;
    return {};
}

Result<void> set_max_connections(ServerSettings& settings, std::string_view text) {
    const auto number = parse_with_unit(text, std::array<Unit, 0>{}, 1);
    if (!number || *number < 1 || *number > 262143)
        return failure(ErrorCode::invalid_argument, "not a number from 1 to 262143");
    settings.max_connections = static_cast<std::uint32_t>(*number);
    return {};
}

Result<void> set_max_wal_size(ServerSettings& settings, std::string_view text) {
    const auto bytes = parse_with_unit(text, memory_units, 1024 * 1024);
    if (!bytes || *bytes < 4096) return failure(ErrorCode::invalid_argument, "not a size");
    settings.max_wal_size = static_cast<std::uint64_t>(*bytes);
    return {};
}

using Change = ServerSettings::Change;

struct Definition {
    std::string_view name;
    Result<void> (*set)(ServerSettings&, std::string_view);
    /// Null where a change needs a restart.
    void (*reload)(ServerSettings&, const ServerSettings&);
    Change change = Change::by_session;
    std::string (*show)(const ServerSettings&) = nullptr;
};

template <auto Member>
void reload_member(ServerSettings& settings, const ServerSettings& wanted) {
    settings.*Member = wanted.*Member;
}

template <std::uint32_t ServerSettings::* Member>
Result<void> set_count(ServerSettings& settings, std::string_view text) {
    const auto number = parse_with_unit(text, std::array<Unit, 0>{}, 1);
    if (!number || *number > 262143)
        return failure(ErrorCode::invalid_argument, "not a number from 0 to 262143");
    settings.*Member = static_cast<std::uint32_t>(*number);
    return {};
}

template <std::uint32_t ServerSettings::* Member>
std::string show_count(const ServerSettings& settings) {
    return fmt::format("{}", settings.*Member);
}

template <std::string ServerSettings::* Member>
Result<void> set_text(ServerSettings& settings, std::string_view text) {
    settings.*Member = text;
    return {};
}

template <std::string ServerSettings::* Member>
std::string show_text(const ServerSettings& settings) {
    return settings.*Member;
}

template <Duration ServerSettings::* Member, std::int64_t Least = 0,
          std::int64_t UnitInMilliseconds = 1>
Result<void> set_reloaded_time(ServerSettings& settings, std::string_view text) {
    Result<Duration> time =
        text == "-1" ? Duration(-milliseconds)
                     : parse_time_setting(text, std::chrono::milliseconds(UnitInMilliseconds));
    if (time && *time < Least * milliseconds)
        return failure(ErrorCode::invalid_argument, "outside the valid range");
    return assign(settings.*Member, std::move(time));
}

// In the largest unit that divides it, as SHOW does.
template <Duration ServerSettings::* Member>
std::string show_time(const ServerSettings& settings) {
    const std::int64_t number = (settings.*Member).count();
    if (number <= 0) return number == 0 ? "0" : "-1";
    for (auto unit = time_units.rbegin(); unit != time_units.rend(); ++unit) {
        if (number % unit->factor == 0)
            return fmt::format("{}{}", number / unit->factor, unit->name);
    }
    return {};
}

template <Duration ServerSettings::* Member>
Result<void> set_time(ServerSettings& settings, std::string_view text) {
    return assign(settings.*Member, parse_time_setting(text, milliseconds));
}

// "16MB", in megabytes if there is no unit.
Result<void> set_wal_keep_size(ServerSettings& settings, std::string_view text) {
    const auto bytes = parse_with_unit(text, memory_units, 1024 * 1024);
    if (!bytes) return failure(ErrorCode::invalid_argument, "not a size");
    settings.wal_keep_size = static_cast<std::uint64_t>(*bytes);
    return {};
}

std::string show_wal_keep_size(const ServerSettings& settings) {
    if (settings.wal_keep_size == 0) return "0";
    for (auto unit = memory_units.rbegin(); unit != memory_units.rend(); ++unit) {
        const auto factor = static_cast<std::uint64_t>(unit->factor);
        if (settings.wal_keep_size % factor == 0)
            return fmt::format("{}{}", settings.wal_keep_size / factor, unit->name);
    }
    return {};
}

constexpr std::array<Definition, 24> definitions{{
    {"checkpoint_timeout",
     [](ServerSettings& settings, std::string_view text) {
         return assign(settings.checkpoint_timeout,
                       parse_time_setting(text, std::chrono::seconds(1)));
     },
     reload_member<&ServerSettings::checkpoint_timeout>},
    {"cluster_name", set_text<&ServerSettings::cluster_name>, nullptr, Change::by_restart,
     show_text<&ServerSettings::cluster_name>},
    {"deadlock_timeout", set_time<&ServerSettings::deadlock_timeout>,
     reload_member<&ServerSettings::deadlock_timeout>},
    {"fsync",
     [](ServerSettings& settings, std::string_view text) {
         return assign(settings.fsync, parse_bool_setting(text));
     },
     // Not while the log is being written: what was not synced before would count as durable.
     nullptr},
    {"idle_in_transaction_session_timeout",
     set_time<&ServerSettings::idle_in_transaction_session_timeout>,
     reload_member<&ServerSettings::idle_in_transaction_session_timeout>},
    {"idle_session_timeout", set_time<&ServerSettings::idle_session_timeout>,
     reload_member<&ServerSettings::idle_session_timeout>},
    {"lock_timeout", set_time<&ServerSettings::lock_timeout>,
     reload_member<&ServerSettings::lock_timeout>},
    {"max_connections", set_max_connections, nullptr},
    {"max_prepared_transactions", set_count<&ServerSettings::max_prepared_transactions>, nullptr,
     Change::by_restart, show_count<&ServerSettings::max_prepared_transactions>},
    {"max_replication_slots", set_count<&ServerSettings::max_replication_slots>, nullptr,
     Change::by_restart, show_count<&ServerSettings::max_replication_slots>},
    {"max_standby_streaming_delay",
     set_reloaded_time<&ServerSettings::max_standby_streaming_delay, -1>,
     reload_member<&ServerSettings::max_standby_streaming_delay>, Change::by_reload,
     show_time<&ServerSettings::max_standby_streaming_delay>},
    {"max_wal_senders", set_count<&ServerSettings::max_wal_senders>, nullptr, Change::by_restart,
     show_count<&ServerSettings::max_wal_senders>},
    {"max_wal_size", set_max_wal_size, reload_member<&ServerSettings::max_wal_size>},
    {"primary_conninfo", set_text<&ServerSettings::primary_conninfo>,
     reload_member<&ServerSettings::primary_conninfo>, Change::by_reload,
     show_text<&ServerSettings::primary_conninfo>},
    {"primary_slot_name", set_text<&ServerSettings::primary_slot_name>,
     reload_member<&ServerSettings::primary_slot_name>, Change::by_reload,
     show_text<&ServerSettings::primary_slot_name>},
    {"statement_timeout", set_time<&ServerSettings::statement_timeout>,
     reload_member<&ServerSettings::statement_timeout>},
    {"synchronous_commit",
     [](ServerSettings& settings, std::string_view text) {
         return assign(settings.synchronous_commit, parse_synchronous_commit(text));
     },
     reload_member<&ServerSettings::synchronous_commit>},
    {"synchronous_standby_names", set_text<&ServerSettings::synchronous_standby_names>,
     reload_member<&ServerSettings::synchronous_standby_names>, Change::by_reload,
     show_text<&ServerSettings::synchronous_standby_names>},
    {"wal_keep_size", set_wal_keep_size, reload_member<&ServerSettings::wal_keep_size>,
     Change::by_reload, show_wal_keep_size},
    {"wal_receiver_status_interval",
     set_reloaded_time<&ServerSettings::wal_receiver_status_interval, 0, 1000>,
     reload_member<&ServerSettings::wal_receiver_status_interval>, Change::by_reload,
     show_time<&ServerSettings::wal_receiver_status_interval>},
    {"wal_receiver_timeout", set_reloaded_time<&ServerSettings::wal_receiver_timeout>,
     reload_member<&ServerSettings::wal_receiver_timeout>, Change::by_reload,
     show_time<&ServerSettings::wal_receiver_timeout>},
    {"wal_retrieve_retry_interval",
     set_reloaded_time<&ServerSettings::wal_retrieve_retry_interval, 1>,
     reload_member<&ServerSettings::wal_retrieve_retry_interval>, Change::by_reload,
     show_time<&ServerSettings::wal_retrieve_retry_interval>},
    {"wal_sender_timeout", set_reloaded_time<&ServerSettings::wal_sender_timeout>,
     reload_member<&ServerSettings::wal_sender_timeout>, Change::by_user,
     show_time<&ServerSettings::wal_sender_timeout>},
    {"wal_writer_delay", set_time<&ServerSettings::wal_writer_delay>,
     reload_member<&ServerSettings::wal_writer_delay>},
}};

}  // namespace

Result<void> ServerSettings::set(std::string_view setting, std::string_view value) {
    const auto found = std::ranges::find(definitions, setting, &Definition::name);
    if (found == definitions.end()) {
        return failure(ErrorCode::not_found,
                       fmt::format("the PostgreSQL model has no setting \"{}\"", setting));
    }
    Result<void> outcome = found->set(*this, trimmed(value));
    if (!outcome) {
        return failure(ErrorCode::invalid_argument, fmt::format("{}: \"{}\": {}", setting, value,
                                                                std::move(outcome).error().detail));
    }
    return outcome;
}

void ServerSettings::reload_from(const ServerSettings& wanted) {
    for (const Definition& definition : definitions) {
        if (definition.reload != nullptr) definition.reload(*this, wanted);
    }
}

std::vector<std::string_view> ServerSettings::names() {
    std::vector<std::string_view> found;
    for (const Definition& definition : definitions)
        found.push_back(definition.name);
    return found;
}

std::optional<ServerSettings::Shown> ServerSettings::show(std::string_view setting) const {
    const auto found = std::ranges::find(definitions, setting, &Definition::name);
    if (found == definitions.end() || found->show == nullptr) return std::nullopt;
    return Shown{found->show(*this), found->change};
}

std::string_view name(SynchronousCommit level) noexcept {
    switch (level) {
        case SynchronousCommit::off:
            return "off";
        case SynchronousCommit::on:
            return "on";
        case SynchronousCommit::local:
            return "local";
        case SynchronousCommit::remote_write:
            return "remote_write";
        case SynchronousCommit::remote_apply:
            return "remote_apply";
    }
    return "unknown";
}

Result<Duration> parse_time_setting(std::string_view text, Duration unit) {
    const auto nanoseconds = parse_with_unit(text, time_units, unit.count());
    if (!nanoseconds)
        return failure(ErrorCode::invalid_argument,
                       "not a time; valid units are us, ms, s, min, h and d");
    return Duration(*nanoseconds);
}

Result<bool> parse_bool_setting(std::string_view text) {
    std::string lower(trimmed(text));
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    const auto is_prefix_of = [&](std::string_view word, std::size_t least) {
        return lower.size() >= least && word.starts_with(lower);
    };
    if (is_prefix_of("true", 1) || is_prefix_of("yes", 1) || is_prefix_of("on", 2) || lower == "1")
        return true;
    if (is_prefix_of("false", 1) || is_prefix_of("no", 1) || is_prefix_of("off", 2) || lower == "0")
        return false;
    return failure(ErrorCode::invalid_argument, "not a Boolean value");
}

}  // namespace atlas::sim::models::postgres
