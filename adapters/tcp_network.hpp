#pragma once
// The network of the real world: TCP over IPv4 and IPv6. No TLS in this version (`unsupported`).

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/worker_pool.hpp"
#include "system/host/host.hpp"

namespace atlas::adapters {

/// Whether processes of one user may listen on one port; each must have asked for it
/// (SO_REUSEPORT). The kernel then deals the connections out among them.
enum class ListenSharing : std::uint8_t { alone, shared };

class TcpNetwork final : public host::Network {
  public:
    /// `parking` is the host of the tasks that call; `blocking` runs name look-ups.
    TcpNetwork(boost::asio::io_context& loop, host::Host& parking, WorkerPool& blocking,
               ListenSharing sharing);

    host::Task<host::Result<std::unique_ptr<host::ByteStream>>> connect(
        host::Endpoint endpoint, host::Transport transport, host::Deadline deadline) override;
    host::Result<std::unique_ptr<host::Listener>> listen(host::Endpoint endpoint,
                                                         host::Transport transport) override;
    host::Task<host::Result<std::vector<std::string>>> resolve(std::string name,
                                                               host::Deadline deadline) override;

  private:
    boost::asio::io_context& loop_;
    host::Host& parking_;
    WorkerPool& blocking_;
    const ListenSharing sharing_;
};

}  // namespace atlas::adapters
