#include "adapters/log_sink.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "system/telemetry/traceparent.hpp"

namespace atlas::adapters {
namespace {

constexpr std::size_t queued_records = 8192;

spdlog::level::level_enum to_spdlog(host::LogLevel level) {
    switch (level) {
        case host::LogLevel::debug:
            return spdlog::level::debug;
        case host::LogLevel::info:
            return spdlog::level::info;
        case host::LogLevel::warning:
            return spdlog::level::warn;
        case host::LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

bool has_trace(const host::LogRecord& record) {
    return std::ranges::any_of(record.trace_id, [](std::uint8_t byte) { return byte != 0; });
}

std::string dump(const nlohmann::ordered_json& value) {
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::ordered_json to_json(const host::LogField& field) {
    return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, field.value);
}

}  // namespace

LogFormat default_log_format() {
    return ::isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
}

std::string to_rfc3339(host::UtcTime time) {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t nanoseconds = time.since_epoch.count();
    // Rounded down, before 1970 too.
    const std::int64_t seconds = nanoseconds / second - (nanoseconds % second < 0 ? 1 : 0);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(static_cast<time_t>(seconds)),
                       nanoseconds - seconds * second);
}

std::string to_json_line(const host::LogRecord& record, host::UtcTime time,
                         std::string_view machine) {
    nlohmann::ordered_json line;
    line["time"] = to_rfc3339(time);
    line["level"] = host::name(record.level);
    line["message"] = record.message;
    line["machine"] = machine;
    if (has_trace(record)) line["trace_id"] = telemetry::format_trace_id(record.trace_id);
    for (const host::LogField& field : record.fields)
        line[std::string(field.key)] = to_json(field);
    return dump(line);
}

std::string to_text_line(const host::LogRecord& record, host::UtcTime time) {
    std::string line =
        fmt::format("{} {:7} {}", to_rfc3339(time), host::name(record.level), record.message);
    for (const host::LogField& field : record.fields)
        line += fmt::format(" {}={}", field.key, dump(to_json(field)));
    if (has_trace(record)) line += " trace_id=" + telemetry::format_trace_id(record.trace_id);
    return line;
}

LogSink::LogSink(LogFormat format, std::string machine)
    : format_(format),
      machine_(std::move(machine)),
      writer_(std::make_shared<spdlog::details::thread_pool>(queued_records, 1)) {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    logger_ = std::make_shared<spdlog::async_logger>("atlas", std::move(sink), writer_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    // The line is complete as it stands: spdlog adds nothing to it.
    logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
    logger_->set_level(spdlog::level::trace);
}

LogSink::~LogSink() = default;

std::string LogSink::render(const host::LogRecord& record, host::UtcTime time) const {
    return format_ == LogFormat::json ? to_json_line(record, time, machine_)
                                      : to_text_line(record, time);
}

void LogSink::write(const host::LogRecord& record, host::UtcTime time) {
    logger_->log(to_spdlog(record.level), spdlog::string_view_t(render(record, time)));
}

void LogSink::write_last_words(const host::LogRecord& record, host::UtcTime time) {
    // Its end is in the line behind all that was logged before; it is waited for.
    writer_.reset();
    const std::string line = render(record, time) + '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
}

}  // namespace atlas::adapters
