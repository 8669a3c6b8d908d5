#include "adapters/descriptor.hpp"

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "system/host/task_group.hpp"

namespace atlas::adapters {

namespace asio = boost::asio;

// Held by the tasks that wait, too: whoever destroys the descriptor need not know of them.
struct Descriptor::State {
    State(asio::io_context& loop, int native)
        : descriptor(loop, native), alarms{asio::steady_timer(loop), asio::steady_timer(loop)} {
        descriptor.non_blocking(true);
    }

    asio::posix::stream_descriptor descriptor;
    /// One for each kind of readiness.
    std::array<asio::steady_timer, 2> alarms;
};

namespace {

std::chrono::steady_clock::time_point to_steady(host::Deadline deadline) {
    return std::chrono::steady_clock::time_point(deadline.point().since_epoch);
}

host::TimePoint steady_now() {
    return {std::chrono::steady_clock::now().time_since_epoch()};
}

}  // namespace

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
    asio::steady_timer& alarm = state->alarms[static_cast<std::size_t>(readiness)];
    const auto kind = readiness == Readiness::readable ? asio::posix::stream_descriptor::wait_read
                                                       : asio::posix::stream_descriptor::wait_write;
    for (;;) {
        if (!state->descriptor.is_open()) co_return host::failure(host::ErrorCode::closed);
        if (deadline.passed(steady_now())) {
            co_return host::failure(host::ErrorCode::deadline_exceeded);
        }
        if (!deadline.is_never()) {
            // The alarm can only cancel the waits of both kinds; the other one, and a wait begun
            // after a late alarm, look at their own deadlines and wait again.
            alarm.expires_at(to_steady(deadline));
            alarm.async_wait([state](const boost::system::error_code& error) {
                boost::system::error_code ignored;
                if (!error) state->descriptor.cancel(ignored);
            });
        }
        boost::system::error_code error;
        auto wait =
            state->descriptor.async_wait(kind, asio::redirect_error(asio::use_awaitable, error));
        co_await std::move(wait);
        if (!deadline.is_never()) alarm.cancel();
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
}

}  // namespace atlas::adapters
