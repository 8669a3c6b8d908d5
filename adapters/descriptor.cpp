#include "adapters/descriptor.hpp"

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "adapters/boot_clock.hpp"
#include "system/host/task_group.hpp"

namespace atlas::adapters {

namespace asio = boost::asio;

namespace {

// Most waits end long before their deadline, and the next one has a later deadline. So an alarm
// stays set when its wait has ended, and looks, when it goes off, for what is waited for then.
struct Alarm {
    explicit Alarm(asio::io_context& loop) : timer(loop) {}

    BootTimer timer;
    /// When it goes off; never, when it is not set.
    host::Deadline set_for = host::Deadline::never();
    /// Of the wait that is under way; never, when there is none or it has none.
    host::Deadline wanted = host::Deadline::never();
};

}  // namespace

// Held by the tasks that wait, too: whoever destroys the descriptor need not know of them.
struct Descriptor::State {
    State(asio::io_context& loop, int native)
        : descriptor(loop, native), alarms{Alarm(loop), Alarm(loop)} {
        descriptor.non_blocking(true);
    }

    Alarm& alarm_of(Readiness readiness) { return alarms[static_cast<std::size_t>(readiness)]; }

    asio::posix::stream_descriptor descriptor;
    /// One for each kind of readiness.
    std::array<Alarm, 2> alarms;
};

// Asio's timers let go of the state when close() cancels them.
void Descriptor::set_alarm(const std::shared_ptr<State>& state, Readiness readiness) {
    Alarm& alarm = state->alarm_of(readiness);
    alarm.set_for = alarm.wanted;
    alarm.timer.expires_at(to_boot_time(alarm.wanted));
    alarm.timer.async_wait([state, readiness](const boost::system::error_code& error) {
        if (error) return;  // Set anew for an earlier time, or closed.
        Alarm& rung = state->alarm_of(readiness);
        rung.set_for = host::Deadline::never();
        if (rung.wanted.is_never() || !state->descriptor.is_open()) return;
        if (!rung.wanted.passed(boot_now())) return set_alarm(state, readiness);
        // It can only cancel the waits of both kinds; the other one looks at its own deadline and
        // waits again.
        boost::system::error_code ignored;
        state->descriptor.cancel(ignored);
    });
}

Descriptor::Descriptor(asio::io_context& loop, int descriptor)
    : state_(std::make_shared<State>(loop, descriptor)) {}

Descriptor::~Descriptor() {
    if (state_) close();
}

int Descriptor::native() const {
    // native_handle() is not const in Asio; it changes nothing.
    return state_->descriptor.is_open() ? state_->descriptor.native_handle() : -1;
}

host::Task<host::Result<void>> Descriptor::wait_until(Readiness readiness,
                                                      host::Deadline deadline) {
    const std::shared_ptr<State> state = state_;
    Alarm& alarm = state->alarm_of(readiness);
    const auto kind = readiness == Readiness::readable ? asio::posix::stream_descriptor::wait_read
                                                       : asio::posix::stream_descriptor::wait_write;
    for (;;) {
        if (!state->descriptor.is_open()) co_return host::failure(host::ErrorCode::closed);
        if (deadline.passed(boot_now())) {
            co_return host::failure(host::ErrorCode::deadline_exceeded);
        }
        alarm.wanted = deadline;
        if (deadline.point() < alarm.set_for.point()) set_alarm(state, readiness);
        boost::system::error_code error;
        auto wait =
            state->descriptor.async_wait(kind, asio::redirect_error(asio::use_awaitable, error));
        co_await std::move(wait);
        alarm.wanted = host::Deadline::never();
        if (!error && state->descriptor.is_open()) co_return host::Result<void>{};
        const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
        const bool cancelled = cancellation.cancelled() != asio::cancellation_type::none;
        if (cancelled) throw boost::system::system_error(asio::error::operation_aborted);
        if (error && error != asio::error::operation_aborted) {
            co_return host::failure(host::ErrorCode::io_error, error.message());
        }
    }
}

void Descriptor::close() noexcept {
    boost::system::error_code ignored;
    state_->descriptor.close(ignored);
    for (Alarm& alarm : state_->alarms)
        alarm.timer.cancel();
}

}  // namespace atlas::adapters
