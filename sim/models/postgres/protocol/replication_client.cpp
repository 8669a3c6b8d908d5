#include "sim/models/postgres/protocol/replication_client.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include "sim/models/postgres/engine/engine.hpp"
#include "sim/models/postgres/protocol/replies.hpp"
#include "sim/models/postgres/types/log_position.hpp"
#include "sim/models/postgres/types/timestamp.hpp"
#include "system/host/task_group.hpp"
#include "system/host/whole_file.hpp"
#include "system/sql/protocol/backend.hpp"
#include "system/sql/protocol/frontend.hpp"
#include "system/sql/protocol/payload.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

namespace wire = sql::protocol;
using host::Deadline;
using host::Task;

/// One message of the stream; PostgreSQL's MAX_SEND_SIZE.
constexpr std::size_t most_bytes = 128 * 1024;

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false;
    const auto finish = [&] {
        if (!word.empty()) words.push_back(std::exchange(word, {}));
    };
    for (const char c : text) {
        if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == ' ' || c == '\n' || c == '\t' || c == ';')) {
            finish();
        } else {
            word += c;
        }
    }
    finish();
    return words;
}

std::string upper(std::string text) {
    for (char& c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return text;
}

std::optional<Timeline> timeline_of(std::string_view text) {
    Timeline timeline = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, timeline);
    if (error != std::errc{} || stopped != end || timeline == 0) return std::nullopt;
    return timeline;
}

ServerMessage error_of(std::string sqlstate, std::string message) {
    return {.sqlstate = std::move(sqlstate), .message = std::move(message)};
}

ServerMessage syntax_error() {
    return error_of("42601", "syntax error");
}

ColumnDescription column(std::string name, TypeId type) {
    return {.name = std::move(name),
            .type_oid = static_cast<std::uint32_t>(type),
            .type_size = type_size(type)};
}

struct StartReplication {
    std::string slot = {};
    LogPosition position = 0;
    Timeline timeline = 0;  ///< 0: the server's own.
};

// START_REPLICATION [SLOT name] [PHYSICAL] X/X [TIMELINE n]
std::optional<StartReplication> parse_start(const std::vector<std::string>& words) {
    StartReplication start;
    std::size_t at = 1;
    const auto is = [&](std::string_view word) {
        return at < words.size() && upper(words[at]) == word;
    };
    if (is("SLOT") && at + 1 < words.size()) {
        start.slot = words[at + 1];
        at += 2;
    }
    if (is("PHYSICAL")) ++at;
    const auto position = at < words.size() ? read_log_position(words[at]) : std::nullopt;
    if (!position) return std::nullopt;
    start.position = *position;
    ++at;
    if (is("TIMELINE") && at + 1 < words.size()) {
        const auto timeline = timeline_of(words[at + 1]);
        if (!timeline) return std::nullopt;
        start.timeline = *timeline;
        at += 2;
    }
    if (at != words.size()) return std::nullopt;
    return start;
}

// One client, which is in the engine's list of followers for as long as it is there.
class Sender {
  public:
    Sender(Engine& engine, ReplicationClient client, std::uint32_t process_id)
        : engine_(engine),
          host_(engine.host()),
          client_(std::move(client)),
          follower_{.process_id = process_id, .user = client_.user} {
        follower_.client = client_.stream->remote_endpoint();
        follower_.started_at = now();
        follower_.progress.application_name = client_.application_name;
        engine_.add_follower(follower_);
    }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
    ~Sender() {
        engine_.remove_follower(follower_);
        release_slot();
    }

    Task<> serve() {
        greet();
        bool alive = co_await flush();
        while (alive) {
            auto text = co_await next_command();
            if (!text) break;
            co_await run(*text);
            if (gone_) break;
            encode(out_, wire::ReadyForQuery{'I'});
            alive = co_await flush();
        }
        client_.stream->close();
    }

  private:
    std::int64_t now() { return timestamp_of(host_.clock().utc_now()); }

    void greet() {
        encode(out_, wire::Authentication{});
        encode(out_, wire::ParameterStatus{"server_version", "15.0"});
        encode(out_, wire::ParameterStatus{"server_encoding", "UTF8"});
        encode(out_, wire::ParameterStatus{"client_encoding", "UTF8"});
        encode(out_, wire::BackendKeyData{follower_.process_id, 0});
        encode(out_, wire::ReadyForQuery{'I'});
    }

    Task<bool> flush() {
        const std::string bytes = std::exchange(out_, {});
        const auto written = co_await host::write_all(
            *client_.stream, std::as_bytes(std::span(bytes)), give_up_at());
        if (!written) gone_ = true;
        co_return written.has_value();
    }

    /// When a client that takes nothing, or says nothing, is given up.
    Deadline give_up_at() const {
        const host::Duration limit = engine_.settings().wal_sender_timeout;
        return limit > host::Duration::zero() ? host::deadline_after(host_, limit)
                                              : Deadline::never();
    }

    /// nullopt when there is nothing more to come.
    Task<std::optional<wire::Frame>> next_frame() {
        while (true) {
            const auto frame = client_.frames.next();
            if (!frame) co_return std::nullopt;
            if (*frame) co_return **frame;
            const auto received =
                co_await client_.stream->read_some(client_.frames.prepare(), Deadline::never());
            if (!received || *received == 0) co_return std::nullopt;
            client_.frames.commit(*received);
        }
    }

    Task<std::optional<std::string>> next_command() {
        while (true) {
            const auto frame = co_await next_frame();
            if (!frame || frame->type == 'X') co_return std::nullopt;
            // Late ends of a stream are ignored.
            if (frame->type == 'c' || frame->type == 'd') continue;
            if (frame->type != 'Q') co_return std::nullopt;
            const auto message = wire::decode_frontend(*frame);
            const auto* query = message ? std::get_if<wire::Query>(&*message) : nullptr;
            if (query == nullptr) co_return std::nullopt;
            co_return std::string(query->text);
        }
    }

    Task<> run(std::string text) {
        const std::vector<std::string> words = words_of(text);
        const std::string command = words.empty() ? "" : upper(words.front());
        if (command == "IDENTIFY_SYSTEM") {
            identify();
        } else if (command == "TIMELINE_HISTORY" && words.size() == 2) {
            co_await send_history(words[1]);
        } else if (command == "CREATE_REPLICATION_SLOT" && words.size() >= 3) {
            co_await create_slot(words);
        } else if (command == "DROP_REPLICATION_SLOT" && words.size() >= 2) {
            answer(co_await engine_.drop_slot(words[1]), "DROP_REPLICATION_SLOT");
        } else if (command == "BASE_BACKUP") {
            co_await send_backup();
        } else if (command == "START_REPLICATION") {
            const auto start = parse_start(words);
            if (start) {
                co_await replicate(*start);
            } else {
                fail(syntax_error());
            }
        } else {
            fail(error_of("0A000",
                          "cannot execute SQL commands in WAL sender for physical replication"));
        }
    }

    void fail(ServerMessage error) { append_error(out_, error); }

    void answer(Checked<> outcome, const char* tag) {
        if (outcome) {
            append_completion(out_, tag);
        } else {
            fail(std::move(outcome).error().release());
        }
    }

    void answer_row(std::vector<ColumnDescription> columns, TextRow row, const char* tag) {
        append_row_description(out_, columns);
        append_rows(out_, {std::move(row)});
        append_completion(out_, tag);
    }

    void identify() {
        answer_row({column("systemid", TypeId::text), column("timeline", TypeId::int4),
                    column("xlogpos", TypeId::text), column("dbname", TypeId::text)},
                   {fmt::format("{}", engine_.system_identifier()),
                    fmt::format("{}", engine_.history().timeline),
                    format_log_position(engine_.sendable()), std::nullopt},
                   "IDENTIFY_SYSTEM");
    }

    Task<> send_history(std::string number) {
        const auto timeline = timeline_of(number);
        if (!timeline) co_return fail(error_of("22023", "invalid timeline " + number));
        const std::string name = history_file_name(*timeline);
        const auto text = co_await host::read_whole_file(
            host_, fmt::format("{}/pg_wal/{}", engine_.data_directory(), name));
        if (!text) {
            co_return fail(error_of("58030", fmt::format("could not read file \"pg_wal/{}\": {}",
                                                         name, host::describe(text.error()))));
        }
        if (!*text) {
            co_return fail(error_of("58P01", fmt::format("could not open file \"pg_wal/{}\": No "
                                                         "such file or directory",
                                                         name)));
        }
        answer_row({column("filename", TypeId::text), column("content", TypeId::bytea)},
                   {name, **text}, "TIMELINE_HISTORY");
    }

    Task<> create_slot(std::vector<std::string> words) {
        if (upper(words[2]) != "PHYSICAL")
            co_return fail(error_of("0A000", "only physical replication slots are covered"));
        // For those to come the log is kept from now on, not from the first connection.
        const bool reserves = words.size() == 4 && upper(words[3]) == "RESERVE_WAL";
        if (words.size() > 3 && !reserves)
            co_return fail(
                error_of("0A000", "this option of CREATE_REPLICATION_SLOT is not covered"));
        Checked<> created = co_await engine_.create_slot(words[1], reserves);
        if (!created) co_return fail(std::move(created).error().release());
        answer_row({column("slot_name", TypeId::text), column("consistent_point", TypeId::text),
                    column("snapshot_name", TypeId::text), column("output_plugin", TypeId::text)},
                   {words[1], "0/0", std::nullopt, std::nullopt}, "CREATE_REPLICATION_SLOT");
    }

    void append_copy_response(char type) {
        wire::MessageWriter writer(out_, type);
        writer.byte(0);
        writer.int16(0);
    }

    // In the model's own form: the bytes of a checkpoint in parts.
    Task<> send_backup() {
        follower_.state = FollowerState::backup;
        const std::string bytes = co_await engine_.make_backup();
        append_copy_response('H');
        for (std::size_t at = 0; at < bytes.size() && !gone_; at += most_bytes) {
            {
                wire::MessageWriter writer(out_, 'd');
                writer.bytes(std::string_view(bytes).substr(at, most_bytes));
            }
            co_await flush();
        }
        {
            const wire::MessageWriter done(out_, 'c');
        }
        append_completion(out_, "BASE_BACKUP");
        follower_.state = FollowerState::startup;
    }

    std::optional<ServerMessage> refuse(const StartReplication& start) const {
        const TimelineHistory& history = engine_.history();
        const Timeline wanted = start.timeline == 0 ? history.timeline : start.timeline;
        if (!history.contains(wanted)) {
            return error_of("XX000", fmt::format("requested timeline {} is not in this server's "
                                                 "history",
                                                 wanted));
        }
        if (const auto end = history.end_of(wanted)) {
            if (start.position <= *end) return std::nullopt;
            ServerMessage error =
                error_of("XX000", fmt::format("requested starting point {} on timeline {} is not "
                                              "in this server's history",
                                              format_log_position(start.position), wanted));
            error.detail = fmt::format("This server's history forked from timeline {} at {}.",
                                       wanted, format_log_position(*end));
            return error;
        }
        if (start.position <= engine_.sendable()) return std::nullopt;
        return error_of("XX000",
                        fmt::format("requested starting point {} is ahead of the WAL flush "
                                    "position of this server {}",
                                    format_log_position(start.position),
                                    format_log_position(engine_.sendable())));
    }

    std::optional<ServerMessage> take_slot(const std::string& name) {
        if (name.empty()) return std::nullopt;
        Engine::Slot* const slot = engine_.find_slot(name);
        if (slot == nullptr) {
            return error_of("42704", fmt::format("replication slot \"{}\" does not exist", name));
        }
        if (slot->active_process != 0) {
            return error_of("55006", fmt::format("replication slot \"{}\" is active for PID {}",
                                                 name, slot->active_process));
        }
        slot->active_process = follower_.process_id;
        slot_ = name;
        return std::nullopt;
    }

    void release_slot() {
        Engine::Slot* const slot = engine_.find_slot(slot_);
        if (slot != nullptr && slot->active_process == follower_.process_id)
            slot->active_process = 0;
        slot_.clear();
    }

    Task<> replicate(StartReplication start) {
        if (auto error = take_slot(start.slot)) co_return fail(*std::move(error));
        if (auto error = refuse(start)) {
            release_slot();
            co_return fail(*std::move(error));
        }
        co_await stream(start);
        // The same connection may ask for the next timeline.
        release_slot();
    }

    Task<> stream(StartReplication start) {
        timeline_ = start.timeline == 0 ? engine_.history().timeline : start.timeline;
        follower_.sent = start.position;
        const auto end = engine_.history().end_of(timeline_);
        if (!end || start.position < *end) {
            append_copy_response('W');
            const bool begun = co_await flush();
            if (!begun) co_return;
            follower_.state = FollowerState::catchup;
            const auto both = [this](host::TaskGroup& group) -> Task<> {
                group.spawn(read_replies());
                co_await send_log();
                group.cancel();
            };
            copy_done_ = false;
            heard_ = host_.clock().now();
            co_await host::with_task_group(host_, both);
            follower_.state = FollowerState::startup;
            // It says anew how far it is when it streams again.
            follower_.progress = {.application_name = follower_.progress.application_name};
            if (gone_ || fatal_) co_return;
        }
        const auto next = engine_.history().after(timeline_);
        const auto left = engine_.history().end_of(timeline_);
        if (next && left) {
            answer_row(
                {column("next_tli", TypeId::int8), column("next_tli_startpos", TypeId::text)},
                {fmt::format("{}", *next), format_log_position(*left)}, "START_STREAMING");
        } else {
            append_completion(out_, "START_STREAMING");
        }
    }

    Task<> read_replies() {
        while (!copy_done_) {
            const auto frame = co_await next_frame();
            if (!frame || frame->type == 'X') {
                gone_ = true;
                break;
            }
            heard_ = host_.clock().now();
            asked_ = false;
            if (frame->type == 'c') copy_done_ = true;
            if (frame->type != 'd') continue;
            if (const auto status = decode_standby_status(frame->payload)) take_status(*status);
        }
        engine_.log_moved().wake_all();
    }

    void take_status(const StandbyStatus& status) {
        follower_.progress.written = status.written;
        follower_.progress.flushed = status.flushed;
        follower_.progress.applied = status.applied;
        follower_.replied_at = status.sent_at;
        follower_.lag.reply(status, follower_.sent, now());
        Engine::Slot* const slot = engine_.find_slot(slot_);
        if (slot != nullptr && status.flushed != 0) slot->restart = status.flushed;
        if (status.reply_requested) reply_wanted_ = true;
        if (reply_wanted_) engine_.log_moved().wake_all();
        engine_.follower_moved();
    }

    // Until the client goes, its timeline ends, or there is a reason to send it away.
    Task<> send_log() {
        while (!gone_ && !copy_done_) {
            const auto end = engine_.history().end_of(timeline_);
            const LogPosition limit =
                std::min(end.value_or(engine_.sendable()), engine_.sendable());
            follower_.lag.sample(limit, now());
            if (follower_.sent < limit) {
                co_await send_part(std::min<std::size_t>(most_bytes, limit - follower_.sent));
                continue;
            }
            if (end && follower_.sent >= *end) {
                {
                    const wire::MessageWriter done(out_, 'c');
                }
                co_await flush();
                const Deadline patience = give_up_at();
                while (!gone_ && !copy_done_ && !patience.passed(host_.clock().now()))
                    co_await engine_.log_moved().wait(patience);
                if (!copy_done_) gone_ = true;
                co_return;
            }
            if (follower_.state == FollowerState::catchup) {
                follower_.state = FollowerState::streaming;
                engine_.follower_moved();
            }
            if (engine_.is_shutting_down() && engine_.has_ended_sessions() &&
                follower_.progress.flushed >= follower_.sent) {
                co_return end_with(error_of("57P01", ""));
            }
            co_await wait_for_more();
        }
    }

    void end_with(ServerMessage error) {
        // A clean end: the follower has everything.
        if (error.message.empty()) {
            append_completion(out_, "COPY 0");
        } else {
            append_error(out_, error);
        }
        fatal_ = true;
    }

    Task<> send_part(std::size_t size) {
        auto bytes = co_await engine_.read_sendable(follower_.sent, size);
        if (!bytes || !*bytes || (*bytes)->empty()) {
            const std::string segment = fmt::format("{:08X}{:016X}", timeline_, follower_.sent);
            fail(bytes ? error_of("58P01", fmt::format("requested WAL segment {} has already been "
                                                       "removed",
                                                       segment))
                       : error_of("58030", fmt::format("could not read from WAL segment {}: {}",
                                                       segment, host::describe(bytes.error()))));
            co_await flush();
            gone_ = true;
            co_return;
        }
        append_copy_data(out_, LogData{.start = follower_.sent,
                                       .log_end = engine_.sendable(),
                                       .sent_at = now(),
                                       .records = **bytes});
        const std::size_t sent = (*bytes)->size();
        const bool flushed = co_await flush();
        if (flushed) follower_.sent += sent;
    }

    Task<> wait_for_more() {
        const host::Duration limit = engine_.settings().wal_sender_timeout;
        const bool limited = limit > host::Duration::zero();
        const Deadline next =
            limited ? Deadline::at(heard_ + (asked_ ? limit : limit / 2)) : Deadline::never();
        if (!reply_wanted_) co_await engine_.log_moved().wait(next);
        if (!std::exchange(reply_wanted_, false)) {
            if (!next.passed(host_.clock().now())) co_return;
            if (asked_) {
                gone_ = true;
                co_return;
            }
            asked_ = true;
        }
        append_copy_data(
            out_,
            Keepalive{.log_end = engine_.sendable(), .sent_at = now(), .reply_requested = asked_});
        co_await flush();
    }

    Engine& engine_;
    host::Host& host_;
    ReplicationClient client_;
    Follower follower_;
    std::string slot_;
    Timeline timeline_ = 0;
    std::string out_;
    host::TimePoint heard_{};
    bool asked_ = false;
    bool reply_wanted_ = false;
    bool copy_done_ = false;
    bool gone_ = false;
    bool fatal_ = false;
};

Task<> refuse(host::Host& host, ReplicationClient client, ServerMessage error) {
    error.severity = "FATAL";
    std::string bytes;
    append_error(bytes, error);
    const Deadline soon = host::deadline_after(host, std::chrono::seconds(5));
    co_await host::write_all(*client.stream, std::as_bytes(std::span(bytes)), soon);
    client.stream->close();
}

}  // namespace

host::Task<> serve_replication(Engine& engine, ReplicationClient client) {
    Checked<> accepting = engine.check_accepting();
    if (!accepting) {
        co_await refuse(engine.host(), std::move(client), std::move(accepting).error().release());
        co_return;
    }
    if (client.user != superuser) {
        const bool is_known = client.user == "atlas";
        ServerMessage error{
            .sqlstate = is_known ? "42501" : "28000",
            .message = is_known ? "must be superuser or replication role to start walsender"
                                : fmt::format("role \"{}\" does not exist", client.user)};
        co_await refuse(engine.host(), std::move(client), std::move(error));
        co_return;
    }
    Checked<std::uint32_t> process_id = engine.admit_follower();
    if (!process_id) {
        co_await refuse(engine.host(), std::move(client), std::move(process_id).error().release());
        co_return;
    }
    Sender sender(engine, std::move(client), *process_id);
    co_await sender.serve();
}

}  // namespace atlas::sim::models::postgres::protocol
