#pragma once
// What a program holds of a simulated connection, and of a listening socket.

#include <deque>
#include <memory>

#include "sim/network/connection.hpp"
#include "system/host/event.hpp"
#include "system/host/host.hpp"

namespace atlas::sim::network {

class SimulatedNetwork;

class SimulatedStream final : public host::ByteStream, private EndObserver {
  public:
    SimulatedStream(SimulatedNetwork& network, host::Host& host,
                    std::shared_ptr<Connection> connection, Side side);
    ~SimulatedStream();

    host::Task<host::Result<std::size_t>> read_some(std::span<std::byte> buffer,
                                                    host::Deadline deadline) override;
    host::Task<host::Result<std::size_t>> write_some(std::span<const std::byte> buffer,
                                                     host::Deadline deadline) override;
    void shutdown_send() noexcept override;
    void close() noexcept override;
    host::Endpoint local_endpoint() const override { return end().endpoint; }
    host::Endpoint remote_endpoint() const override {
        return connection_->end(other(side_)).endpoint;
    }

    /// Waits until the peer has answered the connection's first packet.
    host::Task<host::Result<void>> wait_until_established(host::Deadline deadline);

  private:
    End& end() const { return connection_->end(side_); }
    void readable() override { readers_.wake_all(); }
    void writable() override { writers_.wake_all(); }
    void give_credit(std::size_t bytes);
    std::unexpected<host::Error> reset_error();

    SimulatedNetwork& network_;
    std::shared_ptr<Connection> connection_;
    Side side_;
    host::WaitList readers_;
    host::WaitList writers_;
};

class SimulatedListener final : public host::Listener {
  public:
    SimulatedListener(SimulatedNetwork& network, host::Host& host, kernel::Process& process,
                      MachineNumber machine, host::Endpoint endpoint);
    ~SimulatedListener();

    host::Task<host::Result<std::unique_ptr<host::ByteStream>>> accept(
        host::Deadline deadline) override;
    void close() noexcept override;
    host::Endpoint local_endpoint() const override { return endpoint_; }

    MachineNumber machine() const { return machine_; }
    kernel::Process& process() const { return process_; }
    /// False when the backlog is full: the machine drops the request.
    bool offer(std::shared_ptr<Connection> connection);
    /// The machine lost power.
    void vanish();

  private:
    static constexpr std::size_t backlog = 128;

    SimulatedNetwork& network_;
    host::Host& host_;
    kernel::Process& process_;
    MachineNumber machine_;
    host::Endpoint endpoint_;
    bool open_ = true;
    std::deque<std::shared_ptr<Connection>> waiting_;
    host::WaitList acceptors_;
};

}  // namespace atlas::sim::network
