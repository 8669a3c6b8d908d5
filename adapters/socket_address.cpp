#include "adapters/socket_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

namespace atlas::adapters {
namespace {

template <typename Native>
SocketAddress wrap(const Native& native) {
    SocketAddress address;
    std::memcpy(&address.storage, &native, sizeof native);
    address.length = sizeof native;
    return address;
}

template <typename Native>
Native unwrap(const SocketAddress& address) {
    Native native;
    std::memcpy(&native, &address.storage, sizeof native);
    return native;
}

host::Endpoint endpoint_of(int socket, int (*ask)(int, sockaddr*, socklen_t*)) {
    SocketAddress address;
    address.length = sizeof address.storage;
    if (ask(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.length) != 0) return {};
    return to_endpoint(address);
}

}  // namespace

std::optional<SocketAddress> to_socket_address(const host::Endpoint& endpoint) {
    sockaddr_in v4{};
    if (inet_pton(AF_INET, endpoint.address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        return wrap(v4);
    }
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET6, endpoint.address.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(endpoint.port);
        return wrap(v6);
    }
    return std::nullopt;
}

host::Endpoint to_endpoint(const SocketAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.family() == AF_INET) {
        const auto v4 = unwrap<sockaddr_in>(address);
        inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        return {text.data(), ntohs(v4.sin_port)};
    }
    if (address.family() == AF_INET6) {
        const auto v6 = unwrap<sockaddr_in6>(address);
        inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
        return {text.data(), ntohs(v6.sin6_port)};
    }
    return {};
}

host::Endpoint local_endpoint_of(int socket) {
    return endpoint_of(socket, ::getsockname);
}

host::Endpoint remote_endpoint_of(int socket) {
    return endpoint_of(socket, ::getpeername);
}

}  // namespace atlas::adapters
