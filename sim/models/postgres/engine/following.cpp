// A server that follows another one: it receives the other's log into its own, replays it beside
// the sessions that read, and ends all that when it is promoted.

#include <algorithm>
#include <charconv>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/replication/configuration_file.hpp"
#include "sim/models/postgres/replication/replication_connection.hpp"
#include "sim/models/postgres/session/backend_session.hpp"
#include "sim/models/postgres/types/log_position.hpp"
#include "sim/models/postgres/types/timestamp.hpp"
#include "sim/models/postgres/wal/record_frame.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

namespace {

/// How often a follower looks whether it has been told to stop being one.
constexpr host::Duration signal_interval = std::chrono::seconds(1);
/// For everything before the stream begins.
constexpr host::Duration command_patience = std::chrono::seconds(10);
/// Of what has been received and waits to be replayed, so much stays in memory.
constexpr std::size_t most_bytes_to_replay = 1 << 20;

std::uint64_t number_of(const std::optional<std::string>& text) {
    std::uint64_t number = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), number);
    return number;
}

// The tables that a record makes anew or drops.
class ChangedTables : public RedoTarget {
  public:
    void insert(Oid, std::uint64_t, Row) override {}
    void remove(Oid, std::uint64_t, std::uint64_t, RowLockStrength) override {}
    void put_table(TableDefinition table) override { add(table.oid); }
    void drop_table(Oid table, const std::string&) override { add(table); }
    void rewrite_table(Oid table) override { add(table); }
    void set_sequence(Oid, std::int64_t, bool) override {}

    const std::vector<LockTag>& locks() const { return locks_; }

  private:
    void add(Oid table) { locks_.push_back({LockKind::relation, table}); }

    std::vector<LockTag> locks_;
};

std::vector<LockTag> changed_tables(std::string_view redo) {
    ChangedTables changed;
    replay(redo, changed);
    return changed.locks();
}

Task<Result<std::string>> fetch_history_text(ReplicationConnection& connection, Timeline timeline,
                                             Deadline deadline) {
    auto rows = co_await connection.run(fmt::format("TIMELINE_HISTORY {}", timeline), deadline);
    if (!rows) co_return std::unexpected(std::move(rows).error());
    if (rows->size() != 1 || rows->front().size() != 2 || !rows->front()[1])
        co_return failure(ErrorCode::protocol_error, "not an answer to TIMELINE_HISTORY");
    co_return *rows->front()[1];
}

Task<Result<TimelineHistory>> fetch_history(ReplicationConnection& connection, Timeline timeline,
                                            Deadline deadline) {
    if (timeline == first_timeline) co_return TimelineHistory{};
    auto text = co_await fetch_history_text(connection, timeline, deadline);
    if (!text) co_return std::unexpected(std::move(text).error());
    auto history = parse_history(timeline, *text);
    if (!history) co_return failure(ErrorCode::protocol_error, "not a timeline's history");
    co_return *std::move(history);
}

/// What sessions see of the connection goes when its task does.
class ReceiverShown {
  public:
    explicit ReceiverShown(std::optional<Engine::ReceiverState>& state) : state_(state) {}
    ReceiverShown(const ReceiverShown&) = delete;
    ReceiverShown& operator=(const ReceiverShown&) = delete;
    ~ReceiverShown() { state_.reset(); }

  private:
    std::optional<Engine::ReceiverState>& state_;
};

}  // namespace

Engine::LogState Engine::log_state() const {
    LogState state{.inserted = log_.end(), .written = log_.written(), .flushed = log_.flushed()};
    if (!was_follower_) return state;
    if (has_received_) state.received = in_recovery_ ? log_.flushed() : received_;
    state.replayed = replayed_;
    state.last_replayed_at = last_replayed_at_;
    return state;
}

StandbyStatus Engine::standby_status(bool reply_requested) const {
    return {.written = log_.written(),
            .flushed = log_.flushed(),
            .applied = replayed_,
            .sent_at = timestamp_of(host_.clock().utc_now()),
            .reply_requested = reply_requested};
}

Task<Result<TimelineHistory>> Engine::read_history(Timeline timeline) {
    if (timeline == first_timeline) co_return TimelineHistory{.timeline = timeline};
    auto text = co_await host::read_whole_file(
        host_, fmt::format("{}/pg_wal/{}", directory_, history_file_name(timeline)));
    if (!text) co_return std::unexpected(std::move(text).error());
    auto history = *text ? parse_history(timeline, **text) : std::nullopt;
    if (!history) {
        co_return failure(
            ErrorCode::data_corrupted,
            fmt::format("the history of timeline {} is missing or damaged", timeline));
    }
    co_return *std::move(history);
}

void Engine::request_promotion() {
    promotion_wanted_ = true;
    attention_.set();
}

// Connects again whenever the connection ends, for as long as this server is a follower.
Task<> Engine::run_following() {
    following_.spawn(follow());
    while (true) {
        co_await attention_.wait(host::deadline_after(host_, signal_interval));
        attention_.reset();
        const auto signal = co_await host::read_whole_file(
            host_, fmt::format("{}/{}", directory_, promote_signal_file));
        if (signal && signal->has_value()) promotion_wanted_ = true;
        if (promotion_wanted_) {
            co_await following_.stop();
            co_await promote();
            co_return;
        }
        if (std::exchange(conninfo_changed_, false)) {
            co_await following_.stop();
            following_.spawn(follow());
        }
    }
}

Task<> Engine::follow() {
    while (true) {
        const auto conninfo = parse_conninfo(settings_.primary_conninfo);
        if (conninfo && !conninfo->host.empty()) {
            const Result<void> ended = co_await follow_once(*conninfo);
            if (!ended)
                log(host::LogLevel::info, "the log receiver has ended",
                    host::describe(ended.error()));
        }
        co_await host::sleep_for(host_, settings_.wal_retrieve_retry_interval);
    }
}

// What is in line to be written is part of the log; what came after it in the connection is not.
Task<Result<void>> Engine::follow_once(Conninfo conninfo) {
    if (conninfo.application_name.empty()) conninfo.application_name = settings_.cluster_name;
    if (conninfo.application_name.empty()) conninfo.application_name = "walreceiver";
    const Deadline deadline = host::deadline_after(host_, command_patience);
    auto opened = co_await ReplicationConnection::open(host_, conninfo, deadline);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    const std::unique_ptr<ReplicationConnection> connection = *std::move(opened);
    auto identity = co_await connection->run("IDENTIFY_SYSTEM", deadline);
    if (!identity) co_return std::unexpected(std::move(identity).error());
    if (identity->size() != 1 || identity->front().size() < 3)
        co_return failure(ErrorCode::protocol_error, "not an answer to IDENTIFY_SYSTEM");
    if (number_of(identity->front()[0]) != system_identifier_) {
        co_return failure(ErrorCode::conflict,
                          "database system identifier differs between the primary and standby");
    }
    const auto newest = static_cast<Timeline>(number_of(identity->front()[1]));
    if (newest < history_.timeline) {
        co_return failure(ErrorCode::conflict,
                          fmt::format("highest timeline {} of the primary is behind recovery "
                                      "timeline {}",
                                      newest, history_.timeline));
    }
    // Its number does not say that it is the same timeline.
    auto theirs = co_await fetch_history(*connection, newest, deadline);
    if (!theirs) co_return std::unexpected(std::move(theirs).error());
    if (!continues(*theirs, history_)) {
        co_return failure(ErrorCode::conflict,
                          fmt::format("timeline {} of the primary is not a child of database "
                                      "system timeline {}",
                                      newest, history_.timeline));
    }
    auto fetched = co_await fetch_histories(*connection, newest);
    if (!fetched) co_return fetched;
    receiver_ = ReceiverState{.process_id = next_process_id_++,
                              .conninfo = settings_.primary_conninfo,
                              .slot = settings_.primary_slot_name,
                              .host = conninfo.host,
                              .port = conninfo.port};
    // Also when this task is stopped.
    const ReceiverShown shown(receiver_);
    Result<void> streamed;
    while (streamed)
        streamed = co_await stream_from(*connection);
    co_return streamed;
}

Task<Result<void>> Engine::fetch_histories(ReplicationConnection& connection, Timeline newest) {
    const Deadline deadline = host::deadline_after(host_, command_patience);
    const std::string directory = directory_ + "/pg_wal";
    for (Timeline timeline = history_.timeline + 1; timeline <= newest; ++timeline) {
        // Also one that is here already: a promotion of this server that was cut short may have
        // left it, and the number gone to another.
        const std::string name = history_file_name(timeline);
        auto text = co_await fetch_history_text(connection, timeline, deadline);
        // Not every number was taken by a server that lived.
        if (!text && timeline < newest && text.error().code == ErrorCode::not_found) continue;
        if (!text) co_return std::unexpected(std::move(text).error());
        auto written = co_await host::replace_file(host_, directory, name, *std::move(text),
                                                   host::durable_if(settings_.fsync));
        if (!written) co_return written;
    }
    co_return Result<void>{};
}

// One timeline's part of the log. It returns without an error when the next one begins.
Task<Result<void>> Engine::stream_from(ReplicationConnection& connection) {
    const Deadline deadline = host::deadline_after(host_, command_patience);
    // Of what an earlier connection brought, all is on disk before more is asked for.
    co_await log_.wait_flushed(log_.end());
    const LogPosition start = log_.end();
    receiver_->start = start;
    receiver_->start_timeline = history_.timeline;
    const std::string slot =
        receiver_->slot.empty() ? "" : fmt::format("SLOT \"{}\" ", receiver_->slot);
    auto streams =
        co_await connection.start_stream(fmt::format("START_REPLICATION {}{} TIMELINE {}", slot,
                                                     format_log_position(start), history_.timeline),
                                         deadline);
    if (!streams) co_return std::unexpected(std::move(streams).error());
    has_received_ = true;
    Result<void> received;
    if (*streams) {
        status_wanted_.set();
        const auto both = [&](host::TaskGroup& group) -> Task<> {
            group.spawn(report_status(connection));
            co_await receive_log(connection, received);
            group.cancel();
        };
        co_await host::with_task_group(host_, both);
        if (!received) co_return received;
    }
    const Deadline soon = host::deadline_after(host_, command_patience);
    auto next = co_await (*streams ? connection.end_stream(soon) : connection.read_rows(soon));
    if (!next) co_return std::unexpected(std::move(next).error());
    if (next->size() != 1 || next->front().size() != 2)
        co_return failure(ErrorCode::connection_reset, "the server has ended the stream");
    const auto timeline = static_cast<Timeline>(number_of(next->front()[0]));
    const auto begins = read_log_position(next->front()[1].value_or(""));
    if (begins != log_.end()) {
        co_return failure(
            ErrorCode::conflict,
            fmt::format("new timeline {} forked off current database system timeline "
                        "{} before current recovery point {}",
                        timeline, history_.timeline, format_log_position(log_.end())));
    }
    auto fetched = co_await fetch_histories(connection, timeline);
    if (!fetched) co_return fetched;
    auto history = co_await read_history(timeline);
    if (!history) co_return std::unexpected(std::move(history).error());
    // Last, because a checkpoint may switch segments at any time; then all in one instant.
    co_await log_.wait_flushed(log_.end());
    history_ = *std::move(history);
    log_.switch_timeline(timeline);
    co_return Result<void>{};
}

Task<> Engine::receive_log(ReplicationConnection& connection, Result<void>& outcome) {
    std::string bytes;
    LogPosition position = log_.end();
    host::TimePoint heard = host_.clock().now();
    while (true) {
        const bool limited = settings_.wal_receiver_timeout > host::Duration::zero();
        const Deadline ask =
            limited ? Deadline::at(heard + settings_.wal_receiver_timeout / 2) : Deadline::never();
        const Deadline give_up =
            limited ? Deadline::at(heard + settings_.wal_receiver_timeout) : Deadline::never();
        auto data = co_await connection.next_data(ask.passed(host_.clock().now()) ? give_up : ask);
        if (!data) {
            const bool late = data.error().code == ErrorCode::deadline_exceeded;
            if (late && !give_up.passed(host_.clock().now())) {
                reply_wanted_ = true;
                status_wanted_.set();
                continue;
            }
            outcome = std::unexpected(std::move(data).error());
            co_return;
        }
        if (data->empty()) co_return;
        heard = host_.clock().now();
        const auto message = decode_sender_message(*data);
        if (!message) {
            outcome = failure(ErrorCode::protocol_error, "not a message of the stream");
            co_return;
        }
        receiver_->last_received_at = timestamp_of(host_.clock().utc_now());
        if (const auto* keepalive = std::get_if<Keepalive>(&*message)) {
            receiver_->last_sent_at = keepalive->sent_at;
            receiver_->sender_end = keepalive->log_end;
            if (keepalive->reply_requested) status_wanted_.set();
            continue;
        }
        const auto& log_data = std::get<LogData>(*message);
        receiver_->last_sent_at = log_data.sent_at;
        receiver_->sender_end = log_data.log_end;
        bytes += log_data.records;
        outcome = take_records(bytes, position);
        if (!outcome) co_return;
    }
}

// Whole records go into the log of this server, which says for itself what is durable of it.
Result<void> Engine::take_records(std::string& bytes, LogPosition& position) {
    std::size_t taken = 0;
    while (true) {
        const std::string_view rest = std::string_view(bytes).substr(taken);
        // Before its length is believed: a stream that begins elsewhere would be waited for, for
        // ever.
        const auto named = record_position(rest);
        if (named && *named != position)
            return failure(ErrorCode::data_corrupted, "the stream is of another log");
        const std::size_t size = record_size(rest);
        if (size == 0 || rest.size() < size) break;
        const auto record = decode_record(rest, position);
        if (!record || position != log_.end())
            return failure(ErrorCode::data_corrupted, "a log record was damaged on its way");
        if (record->link != log_.link())
            return failure(ErrorCode::data_corrupted, "the stream is of another log");
        const LogPosition end = log_.append(record->payload, true);
        Received& received =
            to_replay_.emplace_back(position, end, std::nullopt, log_.link(), host_.clock().now());
        if (bytes_to_replay_ < most_bytes_to_replay) {
            received.payload = record->payload;
            bytes_to_replay_ += record->payload.size();
        }
        position = end;
        taken += record->size;
    }
    bytes.erase(0, taken);
    const std::uint64_t enough = std::max(settings_.max_wal_size, checkpoint_size_);
    if (replayed_ > last_checkpoint_.position + enough) checkpoint_wanted_.set();
    return {};
}

// Each time something has changed, when the primary asks, and now and then.
Task<> Engine::report_status(ReplicationConnection& connection) {
    while (true) {
        const bool limited = settings_.wal_receiver_status_interval > host::Duration::zero();
        const Deadline next =
            limited ? host::deadline_after(host_, settings_.wal_receiver_status_interval)
                    : Deadline::never();
        co_await status_wanted_.wait(next);
        status_wanted_.reset();
        std::string bytes;
        append_copy_data(bytes, standby_status(std::exchange(reply_wanted_, false)));
        const Result<void> sent = co_await connection.send(std::move(bytes), Deadline::never());
        // The reader finds out as well.
        if (!sent) co_return;
    }
}

Task<> Engine::run_replay() {
    while (in_recovery_) {
        if (to_replay_.empty() || to_replay_.front().end > log_.flushed()) {
            co_await replay_wanted_.wait(Deadline::never());
            continue;
        }
        const std::string payload = co_await payload_to_replay();
        co_await clear_conflicts(payload);
        const Received received = std::move(to_replay_.front());
        to_replay_.pop_front();
        const bool replayed = replay_record(payload, received.end);
        replayed_link_ = received.next_link;
        if (!replayed)
            host_.fatal(fmt::format("PANIC: the log record before {} cannot be replayed",
                                    format_log_position(received.end)));
        locks_.release_all(*recovery_locks_);
        remove_garbage();
        status_wanted_.set();
        log_moved_.wake_all();
        replay_wanted_.wake_all();
    }
}

Task<std::string> Engine::payload_to_replay() {
    Received& first = to_replay_.front();
    if (first.payload) {
        bytes_to_replay_ -= first.payload->size();
        co_return *std::exchange(first.payload, std::nullopt);
    }
    const auto bytes = co_await read_sendable(first.start, first.end - first.start);
    const bool whole = bytes && *bytes;
    const auto record = whole ? decode_record(**bytes, first.start) : std::nullopt;
    if (!record)
        host_.fatal(fmt::format("PANIC: the log at {} cannot be read again",
                                format_log_position(first.start)));
    co_return std::string(record->payload);
}

// Sessions that hold a table which is about to change get so long; then they lose their statement,
// or, idle in a transaction, their connection.
Task<> Engine::clear_conflicts(std::string_view payload) {
    const std::optional<LogRecord> record = decode_log_record(payload);
    if (!record || !record->definitions) co_return;
    std::vector<LockTag> wanted;
    if (record->kind == LogRecordKind::prepare) {
        Decoder decoder(record->body);
        wanted = strongest_locks(decode_prepared(decoder));
    } else if (record->kind == LogRecordKind::commit) {
        wanted = changed_tables(record->body);
    } else if (const auto prepared = prepared_.find(record->body); prepared != prepared_.end()) {
        wanted = changed_tables(prepared->second.record.redo);
        // Those that it has held since it was prepared.
        locks_.hand_over(*prepared->second.locks, *recovery_locks_);
    }
    const host::Duration patience = settings_.max_standby_streaming_delay;
    const Deadline limit = patience < host::Duration::zero()
                               ? Deadline::never()
                               : Deadline::at(to_replay_.front().at + patience);
    for (const LockTag& tag : wanted)
        co_await take_from_sessions(tag, limit);
}

Task<> Engine::take_from_sessions(LockTag tag, Deadline limit) {
    WaitLimits limits{.statement = limit};
    limits.deadlock_timeout = std::chrono::hours(1);
    while (true) {
        const Checked<> taken =
            co_await locks_.acquire(*recovery_locks_, tag, TableLockMode::access_exclusive, limits);
        if (taken) co_return;
        cancel_holders(tag);
        limits.statement = host::deadline_after(host_, std::chrono::milliseconds(10));
    }
}

void Engine::cancel_holders(const LockTag& tag) {
    std::vector<BackendSession*> holders;
    for (const auto& [process_id, session] : sessions_) {
        if (session->holds_lock(tag)) holders.push_back(session);
    }
    for (BackendSession* session : holders)
        session->cancel_for_recovery();
}

// All that was received is replayed; then a new timeline begins where the old one ended.
Task<> Engine::promote() {
    while (!to_replay_.empty())
        co_await replay_wanted_.wait(Deadline::never());
    co_await log_.wait_flushed(log_.end());
    received_ = log_.end();
    const std::string directory = directory_ + "/pg_wal";
    Timeline newest = history_.timeline;
    auto names = co_await host_.disk().list(directory);
    if (!names) host_.fatal("PANIC: could not list pg_wal: " + describe(names.error()));
    for (const std::string& name : *names)
        newest = std::max(newest, timeline_of_history_file(name).value_or(newest));
    TimelineHistory history{.timeline = newest + 1, .forebears = history_.forebears};
    history.forebears.push_back({history_.timeline, log_.end()});
    auto done =
        co_await host::replace_file(host_, directory, history_file_name(history.timeline),
                                    format_history(history), host::durable_if(settings_.fsync));
    if (!done) host_.fatal("PANIC: could not write a history: " + describe(done.error()));
    // A checkpoint may have been at work meanwhile.
    co_await log_.wait_flushed(log_.end());
    log_.switch_timeline(history.timeline);
    history_ = std::move(history);
    co_await log_.wait_flushed(log_.end());
    append_record(LogRecordKind::end_of_recovery, "", true);
    co_await log_.wait_flushed(log_.end());
    // The wish first: if this is cut short in between, a follower is left, and not one that will
    // promote itself when nobody expects it any more.
    for (const std::string_view signal : {promote_signal_file, standby_signal_file}) {
        auto removed = co_await host::remove_file(host_, directory_, std::string(signal),
                                                  host::durable_if(settings_.fsync));
        if (!removed)
            host_.fatal("PANIC: could not remove a signal file: " + describe(removed.error()));
    }
    const Result<void> resumed = resume_prepared();
    if (!resumed) host_.fatal("PANIC: " + describe(resumed.error()));
    in_recovery_ = false;
    replay_is_seen_ = false;
    recovery_locks_.reset();
    checkpoint_wanted_.set();
    replay_wanted_.wake_all();
    log_moved_.wake_all();
}

}  // namespace atlas::sim::models::postgres
