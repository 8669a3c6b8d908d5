#include "sim/network/stream.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/network/simulated_network.hpp"

namespace atlas::sim::network {

using host::Certainty;
using host::ErrorCode;
using host::failure;
using host::Wake;

void ByteQueue::take(std::span<std::byte> buffer) {
    size_ -= buffer.size();
    while (!buffer.empty()) {
        std::vector<std::byte>& first = chunks_.front();
        const std::size_t count = std::min(buffer.size(), first.size() - taken_of_first_);
        std::memcpy(buffer.data(), first.data() + taken_of_first_, count);
        buffer = buffer.subspan(count);
        taken_of_first_ += count;
        if (taken_of_first_ == first.size()) {
            chunks_.pop_front();
            taken_of_first_ = 0;
        }
    }
}

SimulatedStream::SimulatedStream(SimulatedNetwork& network, host::Host& host,
                                 std::shared_ptr<Connection> connection, Side side)
    : network_(network),
      connection_(std::move(connection)),
      side_(side),
      readers_(host),
      writers_(host) {
    end().observer = this;
}

SimulatedStream::~SimulatedStream() {
    close();
    end().observer = nullptr;
}

host::Task<host::Result<std::size_t>> SimulatedStream::read_some(std::span<std::byte> buffer,
                                                                 host::Deadline deadline) {
    for (;;) {
        End& mine = end();
        if (!mine.open) co_return failure(ErrorCode::closed);
        if (buffer.empty()) co_return std::size_t{0};
        if (mine.received.size() > 0) {
            const std::size_t most = std::min(buffer.size(), mine.received.size());
            const std::size_t count =
                network_.policy().read_limit(connection_->link(other(side_)), most);
            mine.received.take(buffer.first(count));
            give_credit(count);
            co_return count;
        }
        if (mine.reset) co_return reset_error();
        if (mine.ended_by_fault) network_.policy().half_close_seen(connection_->end_number(side_));
        if (mine.fin_received) co_return std::size_t{0};
        const Wake wake = co_await readers_.wait(deadline);
        if (wake == Wake::deadline) co_return failure(ErrorCode::deadline_exceeded);
    }
}

host::Task<host::Result<std::size_t>> SimulatedStream::write_some(std::span<const std::byte> buffer,
                                                                  host::Deadline deadline) {
    for (;;) {
        End& mine = end();
        if (!mine.open || mine.fin_sent) co_return failure(ErrorCode::closed);
        if (mine.reset) co_return reset_error();
        if (buffer.empty()) co_return std::size_t{0};
        if (mine.credit > 0) {
            const std::size_t most = std::min(buffer.size(), mine.credit);
            const std::size_t count = network_.policy().write_limit(connection_->link(side_), most);
            mine.credit -= count;
            network_.transmit(
                connection_, side_, PacketKind::data,
                {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count)});
            co_return count;
        }
        const Wake wake = co_await writers_.wait(deadline);
        if (wake == Wake::deadline) co_return failure(ErrorCode::deadline_exceeded);
    }
}

std::unexpected<host::Error> SimulatedStream::reset_error() {
    if (end().broken_by_fault) network_.policy().reset_seen(connection_->number);
    return failure(ErrorCode::connection_reset, {}, Certainty::indefinite);
}

// The acknowledgement that gives the peer room to send again travels against the data; while that
// way is blocked, it does not arrive. (Its delay is left out: the window is wide enough.)
void SimulatedStream::give_credit(std::size_t bytes) {
    End& peer = connection_->end(other(side_));
    if (network_.is_blocked(connection_->link(side_))) {
        peer.held_credit += bytes;
        return;
    }
    peer.credit += bytes;
    if (peer.observer != nullptr) peer.observer->writable();
}

void SimulatedStream::shutdown_send() noexcept {
    End& mine = end();
    if (!mine.open || mine.fin_sent || mine.reset) return;
    mine.fin_sent = true;
    network_.transmit(connection_, side_, PacketKind::fin);
}

void SimulatedStream::close() noexcept {
    End& mine = end();
    if (!mine.open) return;
    mine.open = false;
    if (!mine.vanished && !mine.reset) {
        // As Linux does it: bytes that nobody will read make the goodbye a reset.
        const bool unread = mine.received.size() > 0;
        if (unread) {
            network_.transmit(connection_, side_, PacketKind::reset);
        } else if (!mine.fin_sent) {
            network_.transmit(connection_, side_, PacketKind::fin);
        }
        mine.fin_sent = true;
    }
    readable();
    writable();
    network_.forget(*connection_);
}

host::Task<host::Result<void>> SimulatedStream::wait_until_established(host::Deadline deadline) {
    for (;;) {
        const End& mine = end();
        if (mine.refused) co_return failure(ErrorCode::connection_refused);
        if (mine.reset) co_return failure(ErrorCode::connection_reset);
        if (mine.established) co_return host::Result<void>{};
        const Wake wake = co_await readers_.wait(deadline);
        if (wake == Wake::deadline) {
            co_return failure(ErrorCode::deadline_exceeded, "no answer to the connection request");
        }
    }
}

SimulatedListener::SimulatedListener(SimulatedNetwork& network, host::Host& host,
                                     kernel::Process& process, MachineNumber machine,
                                     host::Endpoint endpoint)
    : network_(network),
      host_(host),
      process_(process),
      machine_(machine),
      endpoint_(std::move(endpoint)),
      acceptors_(host) {
    network_.listeners_.emplace(endpoint_, this);
}

SimulatedListener::~SimulatedListener() {
    close();
}

bool SimulatedListener::offer(std::shared_ptr<Connection> connection) {
    if (waiting_.size() >= backlog) return false;
    waiting_.push_back(std::move(connection));
    acceptors_.wake_one();
    return true;
}

host::Task<host::Result<std::unique_ptr<host::ByteStream>>> SimulatedListener::accept(
    host::Deadline deadline) {
    for (;;) {
        if (!open_) co_return failure(ErrorCode::closed);
        if (!waiting_.empty()) {
            std::shared_ptr<Connection> connection = std::move(waiting_.front());
            waiting_.pop_front();
            if (!waiting_.empty()) acceptors_.wake_one();
            co_return std::make_unique<SimulatedStream>(network_, host_, std::move(connection),
                                                        Side::server);
        }
        const Wake wake = co_await acceptors_.wait(deadline);
        if (wake == Wake::deadline) co_return failure(ErrorCode::deadline_exceeded);
    }
}

void SimulatedListener::close() noexcept {
    if (!open_) return;
    open_ = false;
    network_.listeners_.erase(endpoint_);
    for (const std::shared_ptr<Connection>& connection : std::exchange(waiting_, {})) {
        connection->end(Side::server).open = false;
        network_.transmit(connection, Side::server, PacketKind::reset);
        network_.forget(*connection);
    }
    acceptors_.wake_all();
}

void SimulatedListener::vanish() {
    for (const std::shared_ptr<Connection>& connection : std::exchange(waiting_, {})) {
        connection->end(Side::server).open = false;
        network_.forget(*connection);
    }
    open_ = false;
    network_.listeners_.erase(endpoint_);
}

}  // namespace atlas::sim::network
