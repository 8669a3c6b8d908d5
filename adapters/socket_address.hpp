#pragma once
// Endpoints of the seam as the socket calls of POSIX want them, and back.

#include <sys/socket.h>

#include <optional>

#include "system/host/network.hpp"

namespace atlas::adapters {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
};

/// Nothing when the address is not numeric.
std::optional<SocketAddress> to_socket_address(const host::Endpoint& endpoint);

host::Endpoint to_endpoint(const SocketAddress& address);

/// The addresses of a socket's two ends; an empty endpoint when it has none.
host::Endpoint local_endpoint_of(int socket);
host::Endpoint remote_endpoint_of(int socket);

}  // namespace atlas::adapters
