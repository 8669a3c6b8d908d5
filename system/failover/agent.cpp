#include "system/failover/agent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "system/failover/conninfo.hpp"
#include "system/failover/own_server.hpp"
#include "system/failover/server_session.hpp"
#include "system/failover/store_session.hpp"
#include "system/host/task_group.hpp"

namespace atlas::failover {

using host::Deadline;
using host::ErrorCode;
using host::failure;
using host::LogLevel;
using host::Result;
using host::Task;

namespace {

/// However little of the lease is left, a look has so long: it may be that it can be renewed.
constexpr host::Duration shortest_look = std::chrono::milliseconds{300};
/// After an act that changed something: what it led to is seen soon.
constexpr host::Duration after_act = std::chrono::milliseconds{50};

class Agent {
  public:
    Agent(host::Host& host, DatabaseServer& server, sql::Driver& driver, AgentSettings settings)
        : host_(host),
          server_(server),
          settings_(std::move(settings)),
          store_(host, settings_.lease_store, settings_.cluster, settings_.name,
                 settings_.options.lease_time),
          session_(host, driver, settings_.server),
          watch_(settings_.name, settings_.options) {}

    Task<> run() {
        while (true) {
            const std::optional<Observation> looked = co_await look();
            if (!looked) {
                co_await host::sleep_for(host_, settings_.interval);
                continue;
            }
            const Observation& seen = *looked;
            const Decision decision = settings_.decide(seen, settings_.options);
            if (std::holds_alternative<Wait>(decision)) {
                co_await host::sleep_for(host_, settings_.interval);
                continue;
            }
            host_.log({LogLevel::info,
                       "the agent acts",
                       {{"act", describe(decision)}, {"seen", describe(seen)}}});
            const Result<void> done =
                co_await std::visit([&](const auto& act) { return perform(act, seen); }, decision);
            if (!done) {
                host_.log({LogLevel::warning,
                           "an act has failed",
                           {{"act", describe(decision)}, {"error", host::describe(done.error())}}});
            }
            co_await host::sleep_for(host_, done ? pause_after(decision) : settings_.interval);
        }
    }

  private:
    // Whoever gives the lease up lets others have it.
    host::Duration pause_after(const Decision& decision) const {
        if (std::holds_alternative<GiveUpLease>(decision)) return settings_.options.lease_time;
        if (std::holds_alternative<Start>(decision)) return settings_.interval;
        return after_act;
    }

    Deadline soon() const { return Deadline::at(host_.clock().now() + settings_.look_time); }

    // While it leads, an agent must find out in time that it cannot renew the lease.
    Deadline before_lease_ends() const {
        const host::TimePoint now = host_.clock().now();
        Deadline deadline = soon();
        if (store_.lease_until()) {
            deadline = deadline.earlier_of(
                Deadline::at(*store_.lease_until() - settings_.options.stopping_time));
        }
        return Deadline::at(std::max(deadline.point(), now + shortest_look));
    }

    // Nothing as long as the disk has never said what there is.
    Task<std::optional<Observation>> look() {
        Observation seen{.self = settings_.name, .looked_at = host_.clock().now()};
        const Result<StoreView> view = co_await store_.look(before_lease_ends());
        if (view) seen.store = *view;
        report("the lease store", view ? std::nullopt : std::optional(view.error()),
               store_trouble_);
        const std::optional<OwnServerWatch::Looked> looked = co_await look_at_server();
        if (!looked) co_return std::nullopt;
        seen.now = host_.clock().now();
        seen.lease_until = store_.lease_until();
        seen.published = store_.published();
        watch_.see(*looked, seen);
        if (watch_.receives()) rewound_ = false;
        if (seen.server.is_unpublished && is_published(seen)) {
            seen.server.is_unpublished = false;
            co_await note_published();
        }
        if (seen.store) co_await tell_others(seen);
        seen.now = host_.clock().now();
        co_return seen;
    }

    static bool is_published(const Observation& seen) {
        return seen.store && seen.store->synchronous && seen.store->synchronous->created &&
               !seen.server.database.empty() &&
               seen.store->synchronous->database == seen.server.database;
    }

    Task<> note_published() {
        const Result<void> noted = co_await server_.published();
        if (noted) co_return;
        host_.log({LogLevel::warning,
                   "that the database is published was not written down",
                   {{"error", host::describe(noted.error())}}});
    }

    Task<std::optional<OwnServerWatch::Looked>> look_at_server() {
        OwnServerWatch::Looked looked{.began = host_.clock().now()};
        const Result<ServerState> state = co_await server_.state({.deadline = soon()});
        report("the data directory", state ? std::nullopt : std::optional(state.error()),
               state_trouble_);
        if (state) last_state_ = *state;
        if (!last_state_) co_return std::nullopt;
        looked.state = *last_state_;
        if (!looked.state.running) {
            session_.close();
            co_return looked;
        }
        const Result<ServerStatus> status = co_await session_.look(before_lease_ends());
        report("the server", status ? std::nullopt : std::optional(status.error()),
               status_trouble_);
        looked.is_starting = session_.is_starting();
        if (!status) co_return looked;
        looked.status = *status;
        looked.confirming = session_.confirming();
        looked.confirming_since = session_.confirming_since();
        co_return looked;
    }

    // That it is not told does no harm: whoever is not known to be there is not counted on.
    Task<> tell_others(const Observation& seen) {
        Result<void> told;
        if (seen.server.answers) {
            told = co_await store_.tell(before_lease_ends(), {.name = settings_.name,
                                                              .endpoint = settings_.advertised,
                                                              .role = seen.server.role,
                                                              .received = seen.server.place});
        } else {
            told = co_await store_.leave(before_lease_ends());
        }
        if (!told && host_.logs(LogLevel::debug)) {
            host_.log({LogLevel::debug,
                       "the other members were not told",
                       {{"error", host::describe(told.error())}}});
        }
    }

    // Once when it begins and once when it is over.
    void report(std::string_view of_what, std::optional<host::Error> error, bool& trouble) {
        if (error.has_value() == trouble) return;
        trouble = error.has_value();
        host_.log({trouble ? LogLevel::warning : LogLevel::info,
                   trouble ? "it cannot be seen" : "it is seen again",
                   {{"what", std::string(of_what)},
                    {"error", error ? host::describe(*error) : std::string()}}});
    }

    /// For a member that the view shows.
    Result<std::string> conninfo_of(const std::string& member, const Observation& seen) const {
        const Member* found = seen.store ? seen.store->find(member) : nullptr;
        if (found == nullptr)
            return failure(ErrorCode::unavailable, member + " has not told where it is");
        return conninfo(found->endpoint, settings_.server.user, settings_.name);
    }

    Task<Result<void>> perform(Wait, const Observation&) { co_return Result<void>{}; }

    Task<Result<void>> perform(TakeLease, const Observation&) {
        co_return co_await store_.take_lease(soon());
    }

    Task<Result<void>> perform(GiveUpLease, const Observation& seen) {
        const std::uint64_t revision = seen.store->leadership->revision;
        co_return co_await store_.give_up_lease(soon(), revision);
    }

    Task<Result<void>> perform(PublishSynchronous act, const Observation&) {
        co_return co_await store_.publish(soon(), std::move(act.synchronous));
    }

    Task<Result<void>> perform(StopNow, const Observation&) {
        session_.close();
        co_return co_await server_.stop_now(within(settings_.stop_time));
    }

    Task<Result<void>> perform(Start, const Observation&) {
        co_return co_await server_.start(within(settings_.start_time));
    }

    Task<Result<void>> perform(Promote, const Observation&) {
        co_return co_await session_.promote(soon());
    }

    Task<Result<void>> perform(Create, const Observation&) {
        ServerSettings first;
        if (settings_.options.strict)
            first.emplace("synchronous_standby_names", synchronous_names({"*"}));
        watch_.is_another();
        last_state_.reset();
        co_return co_await server_.create(within(settings_.copy_time), std::move(first));
    }

    Task<Result<void>> perform(Copy act, const Observation& seen) {
        const Result<std::string> from = conninfo_of(act.from, seen);
        if (!from) co_return std::unexpected(from.error());
        watch_.is_another();
        last_state_.reset();
        co_return co_await server_.copy_from(within(settings_.copy_time), *from);
    }

    // One that was rewound and still finds nothing to follow needs a whole copy.
    Task<Result<void>> perform(Rewind act, const Observation& seen) {
        const Result<std::string> to = conninfo_of(act.to, seen);
        if (!to) co_return std::unexpected(to.error());
        if (rewound_) {
            rewound_ = false;
            co_return co_await perform(Copy{act.to}, seen);
        }
        last_state_.reset();
        const Result<void> done = co_await server_.rewind_to(within(settings_.copy_time), *to);
        const bool was_needed = done || done.error().code != ErrorCode::already_exists;
        if (!done && was_needed) co_return done;
        rewound_ = true;
        if (done) watch_.has_changed();
        co_return done;
    }

    // One that runs and does not answer may not come to answer before it follows another.
    Task<Result<void>> perform(Follow act, const Observation& seen) {
        const Result<std::string> whom = conninfo_of(act.whom, seen);
        if (!whom) co_return std::unexpected(whom.error());
        watch_.has_changed();
        if (seen.server.answers) co_return co_await session_.follow(soon(), *whom);
        if (seen.server.running) co_return co_await perform(StopNow{}, seen);
        co_return co_await server_.follow(within(settings_.start_time), *whom);
    }

    Task<Result<void>> perform(SetConfirming act, const Observation&) {
        co_return co_await session_.set_confirming(soon(), std::move(act.followers));
    }

    host::Context within(host::Duration time) const {
        return {.deadline = Deadline::at(host_.clock().now() + time)};
    }

    host::Host& host_;
    DatabaseServer& server_;
    AgentSettings settings_;
    StoreSession store_;
    ServerSession session_;
    OwnServerWatch watch_;
    /// Nothing when it is not known: at first, and after an act that may have changed it.
    std::optional<ServerState> last_state_;
    bool rewound_ = false;
    bool store_trouble_ = false;
    bool state_trouble_ = false;
    bool status_trouble_ = false;
};

}  // namespace

Task<Result<void>> run_agent(host::Host& host, DatabaseServer& server, sql::Driver& driver,
                             AgentSettings settings) {
    if (!is_member_name(settings.name)) {
        co_return failure(ErrorCode::invalid_argument,
                          fmt::format("\"{}\" is no name of a member", settings.name));
    }
    Agent agent(host, server, driver, std::move(settings));
    const auto body = [&](host::TaskGroup& tasks) -> Task<> {
        tasks.spawn(agent.run());
        co_await host.wait_for_shutdown();
        tasks.cancel();
    };
    co_await host::with_task_group(host, body);
    co_return Result<void>{};
}

}  // namespace atlas::failover
