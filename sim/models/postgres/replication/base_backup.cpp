#include "sim/models/postgres/replication/base_backup.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "sim/models/postgres/replication/configuration_file.hpp"
#include "sim/models/postgres/replication/replication_connection.hpp"
#include "sim/models/postgres/wal/checkpoint_file.hpp"
#include "sim/models/postgres/wal/log.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

constexpr host::Duration patience = std::chrono::seconds(60);

struct Source {
    std::unique_ptr<ReplicationConnection> connection;
    std::uint64_t system_identifier = 0;
    Timeline timeline = first_timeline;
};

template <typename Number>
Number number_of(const std::optional<std::string>& text) {
    Number number = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), number);
    return number;
}

Task<Result<Source>> connect(host::Host& host, std::string text) {
    const auto conninfo = parse_conninfo(text);
    if (!conninfo) co_return failure(ErrorCode::invalid_argument, "not a connection string");
    const Deadline deadline = host::deadline_after(host, patience);
    auto connection = co_await ReplicationConnection::open(host, *conninfo, deadline);
    if (!connection) co_return std::unexpected(std::move(connection).error());
    auto identity = co_await (*connection)->run("IDENTIFY_SYSTEM", deadline);
    if (!identity) co_return std::unexpected(std::move(identity).error());
    if (identity->size() != 1 || identity->front().size() < 2)
        co_return failure(ErrorCode::protocol_error, "not an answer to IDENTIFY_SYSTEM");
    const TextRow& row = identity->front();
    Source source{.connection = *std::move(connection)};
    source.system_identifier = number_of<std::uint64_t>(row[0]);
    source.timeline = number_of<Timeline>(row[1]);
    co_return source;
}

// nullopt if the source has none of that number.
Task<Result<std::optional<std::string>>> fetch_history(host::Host& host, Source& source,
                                                       Timeline timeline) {
    const Deadline deadline = host::deadline_after(host, patience);
    auto rows =
        co_await source.connection->run(fmt::format("TIMELINE_HISTORY {}", timeline), deadline);
    if (!rows && rows.error().code == ErrorCode::not_found) co_return std::nullopt;
    if (!rows) co_return std::unexpected(std::move(rows).error());
    if (rows->size() != 1 || rows->front().size() != 2)
        co_return failure(ErrorCode::protocol_error, "not an answer to TIMELINE_HISTORY");
    co_return rows->front()[1];
}

Task<Result<std::string>> fetch_data(host::Host& host, Source& source) {
    auto streams = co_await source.connection->start_stream("BASE_BACKUP",
                                                            host::deadline_after(host, patience));
    if (!streams) co_return std::unexpected(std::move(streams).error());
    std::string bytes;
    while (*streams) {
        auto data = co_await source.connection->next_data(host::deadline_after(host, patience));
        if (!data) co_return std::unexpected(std::move(data).error());
        if (data->empty()) break;
        bytes += *data;
    }
    auto rest = co_await source.connection->read_rows(host::deadline_after(host, patience));
    if (!rest) co_return std::unexpected(std::move(rest).error());
    co_return bytes;
}

// The file that says so comes before anything else and goes after everything else, each durably:
// whatever is cut short in between is done again, and nobody takes it for a server's data.
Task<Result<void>> begin_copying(host::Host& host, std::string directory) {
    auto begun = co_await host::replace_file(host, directory, std::string(copying_file), "");
    co_return begun;
}

Task<Result<void>> empty_log(host::Host& host, std::string directory) {
    auto made = co_await host.disk().make_directory(directory);
    if (!made) co_return made;
    auto names = co_await host.disk().list(directory);
    if (!names) co_return std::unexpected(std::move(names).error());
    for (const std::string& name : *names) {
        auto removed = co_await host.disk().remove(directory + "/" + name);
        if (!removed) co_return removed;
    }
    auto synced = co_await host.disk().sync_directory(directory);
    co_return synced;
}

// The signal first: a server that was to follow must not come up as a primary.
Task<Result<void>> follow_source(host::Host& host, std::string directory, CopySource source) {
    auto written =
        co_await host::replace_file(host, directory, std::string(standby_signal_file), "");
    if (!written) co_return written;
    auto text =
        co_await host::read_whole_file(host, fmt::format("{}/{}", directory, configuration_file));
    if (!text) co_return std::unexpected(std::move(text).error());
    Configuration configuration = parse_configuration(text->value_or(""));
    configuration.insert_or_assign("primary_conninfo", source.conninfo);
    if (!source.slot.empty()) configuration.insert_or_assign("primary_slot_name", source.slot);
    written = co_await host::replace_file(host, directory, std::string(configuration_file),
                                          format_configuration(configuration));
    co_return written;
}

Task<Result<void>> copy_histories(host::Host& host, std::string directory, Source& from,
                                  Timeline newest) {
    for (Timeline timeline = first_timeline + 1; timeline <= newest; ++timeline) {
        auto history = co_await fetch_history(host, from, timeline);
        if (!history) co_return std::unexpected(std::move(history).error());
        if (!*history) continue;
        auto done =
            co_await host::replace_file(host, directory, history_file_name(timeline), **history);
        if (!done) co_return done;
    }
    co_return Result<void>{};
}

Task<Result<void>> copy(host::Host& host, std::string directory, Source& from, CopySource source) {
    auto bytes = co_await fetch_data(host, from);
    if (!bytes) co_return std::unexpected(std::move(bytes).error());
    const auto checkpoint = decode_checkpoint_file(*bytes);
    if (!checkpoint)
        co_return failure(ErrorCode::data_corrupted, "the copy was damaged on its way");
    auto done = co_await begin_copying(host, directory);
    if (!done) co_return done;
    const std::string log_directory = directory + "/pg_wal";
    done = co_await empty_log(host, log_directory);
    if (!done) co_return done;
    // The source may have come to a new timeline since it said which it is on.
    done = co_await copy_histories(host, log_directory, from, checkpoint->timeline);
    if (!done) co_return done;
    // Those that followed the server that this was do not follow the copy.
    done = co_await host::remove_file(host, directory, std::string(slots_file));
    if (!done) co_return done;
    if (source.follow) {
        done = co_await follow_source(host, directory, source);
        if (!done) co_return done;
    }
    done = co_await host::replace_file(host, directory, "checkpoint", *bytes);
    if (!done) co_return done;
    done = co_await host::remove_file(host, directory, std::string(copying_file));
    co_return done;
}

Task<Result<bool>> has_file(host::Host& host, std::string directory, std::string_view name) {
    auto text = co_await host::read_whole_file(host, fmt::format("{}/{}", directory, name));
    if (!text) co_return std::unexpected(std::move(text).error());
    co_return text->has_value();
}

/// Where a server that is down has left its log, and how it came there.
struct Past {
    LogEnd end;
    TimelineHistory history;
};

Task<Result<Past>> read_past(host::Host& host, std::string directory, CheckpointFile checkpoint) {
    const std::string log_directory = directory + "/pg_wal";
    Past past;
    past.end = {
        .position = checkpoint.redo, .timeline = checkpoint.timeline, .link = checkpoint.link};
    auto has_log = co_await has_records(host, log_directory);
    if (!has_log) co_return std::unexpected(std::move(has_log).error());
    // A copy that has never been started has none.
    if (*has_log || !checkpoint.is_backup) {
        const auto skip = [](std::string_view, LogPosition) { return true; };
        auto end =
            co_await read_log(host, log_directory, checkpoint.redo, checkpoint.link, true, skip);
        if (!end) co_return std::unexpected(std::move(end).error());
        past.end = *end;
    }
    past.history.timeline = past.end.timeline;
    if (past.end.timeline == first_timeline) co_return past;
    auto text = co_await host::read_whole_file(
        host, fmt::format("{}/{}", log_directory, history_file_name(past.end.timeline)));
    if (!text) co_return std::unexpected(std::move(text).error());
    const auto history = parse_history(past.end.timeline, text->value_or(""));
    if (!*text || !history)
        co_return failure(ErrorCode::data_corrupted, "a timeline's history is missing");
    past.history = *history;
    co_return past;
}

// Whether all that is in the log is part of the source's history.
Task<Result<bool>> is_part_of(host::Host& host, Past past, Source& from) {
    TimelineHistory theirs{.timeline = from.timeline};
    if (from.timeline != first_timeline) {
        auto text = co_await fetch_history(host, from, from.timeline);
        if (!text) co_return std::unexpected(std::move(text).error());
        auto history = parse_history(from.timeline, text->value_or(""));
        if (!history) co_return failure(ErrorCode::protocol_error, "not a timeline's history");
        theirs = *std::move(history);
    }
    if (!continues(theirs, past.history)) co_return false;
    const auto left = theirs.end_of(past.end.timeline);
    co_return !left || past.end.position <= *left;
}

}  // namespace

Task<Result<void>> base_backup(host::Host& host, std::string data_directory, CopySource source) {
    auto made = co_await host.disk().make_directory(data_directory);
    if (!made) co_return made;
    auto lock = host.disk().lock_directory(data_directory);
    if (!lock) co_return std::unexpected(std::move(lock).error());
    auto is_server = co_await has_file(host, data_directory, "checkpoint");
    if (!is_server) co_return std::unexpected(std::move(is_server).error());
    if (!*is_server) {
        auto begun = co_await begin_copying(host, data_directory);
        if (!begun) co_return begun;
    }
    auto from = co_await connect(host, source.conninfo);
    if (!from) co_return std::unexpected(std::move(from).error());
    auto copied = co_await copy(host, data_directory, *from, source);
    co_return copied;
}

Task<Result<std::uint64_t>> read_system_identifier(host::Host& host, std::string data_directory) {
    const auto bytes = co_await host::read_whole_file(host, data_directory + "/checkpoint");
    if (!bytes) co_return std::unexpected(bytes.error());
    const auto checkpoint = *bytes ? decode_checkpoint_file(**bytes) : std::nullopt;
    if (!checkpoint) co_return failure(ErrorCode::data_corrupted, "not a server's data");
    co_return checkpoint->system_identifier;
}

Task<Result<Rewind>> rewind(host::Host& host, std::string data_directory, CopySource source) {
    auto lock = host.disk().lock_directory(data_directory);
    if (!lock) co_return std::unexpected(std::move(lock).error());
    auto was_copied = co_await has_file(host, data_directory, copying_file);
    if (!was_copied) co_return std::unexpected(std::move(was_copied).error());
    auto bytes = co_await host::read_whole_file(host, data_directory + "/checkpoint");
    if (!bytes) co_return std::unexpected(std::move(bytes).error());
    const auto checkpoint = *bytes ? decode_checkpoint_file(**bytes) : std::nullopt;
    if (!checkpoint && !*was_copied)
        co_return failure(ErrorCode::data_corrupted, "not a server's data");
    // None if what is there is of no use any more.
    std::optional<Past> past;
    if (!*was_copied) {
        auto read = co_await read_past(host, data_directory, *checkpoint);
        if (!read && read.error().code != ErrorCode::data_corrupted)
            co_return std::unexpected(std::move(read).error());
        if (read) past = *std::move(read);
    }
    auto from = co_await connect(host, source.conninfo);
    if (!from) co_return std::unexpected(std::move(from).error());
    if (checkpoint && from->system_identifier != checkpoint->system_identifier)
        co_return failure(ErrorCode::conflict, "source and target are of different systems");
    Result<bool> is_part = false;
    if (past) is_part = co_await is_part_of(host, *past, *from);
    if (!is_part) co_return std::unexpected(std::move(is_part).error());
    Result<void> done;
    if (!*is_part) {
        done = co_await copy(host, data_directory, *from, source);
    } else if (source.follow) {
        done = co_await follow_source(host, data_directory, source);
    }
    if (!done) co_return std::unexpected(std::move(done).error());
    co_return *is_part ? Rewind::not_needed : Rewind::copied;
}

}  // namespace atlas::sim::models::postgres
