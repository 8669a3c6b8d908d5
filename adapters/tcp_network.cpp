#include "adapters/tcp_network.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "adapters/descriptor.hpp"
#include "adapters/socket_address.hpp"
#include "system/host/event.hpp"

namespace atlas::adapters {
namespace {

using host::Certainty;
using host::Deadline;
using host::Endpoint;
using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;
using Readiness = Descriptor::Readiness;

// Connections that the kernel holds until they are accepted. It cuts this to net.core.somaxconn.
constexpr int listen_backlog = 1024;

// After so many operations in a row that did not have to wait, a stream or a listener lets other
// tasks run: peers that send or connect faster than we read must not keep the loop to themselves.
constexpr unsigned operations_before_yield = 16;

std::string error_text(int error) {
    return std::system_category().message(error);
}

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

bool out_of_descriptors(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void disable_nagle(int socket) {
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

class TcpStream final : public host::ByteStream {
  public:
    TcpStream(boost::asio::io_context& loop, Descriptor descriptor)
        : loop_(loop),
          descriptor_(std::move(descriptor)),
          local_(local_endpoint_of(descriptor_.native())),
          remote_(remote_endpoint_of(descriptor_.native())) {
        disable_nagle(descriptor_.native());
    }

    Task<Result<std::size_t>> read_some(std::span<std::byte> buffer, Deadline deadline) override {
        return transfer(Readiness::readable, deadline, [buffer](int socket) {
            return ::recv(socket, buffer.data(), buffer.size(), 0);
        });
    }

    Task<Result<std::size_t>> write_some(std::span<const std::byte> buffer,
                                         Deadline deadline) override {
        return transfer(Readiness::writable, deadline, [buffer](int socket) {
            return ::send(socket, buffer.data(), buffer.size(), MSG_NOSIGNAL);
        });
    }

    void shutdown_send() noexcept override {
        if (descriptor_.is_open()) ::shutdown(descriptor_.native(), SHUT_WR);
    }

    void close() noexcept override { descriptor_.close(); }
    Endpoint local_endpoint() const override { return local_; }
    Endpoint remote_endpoint() const override { return remote_; }

  private:
    // A plain function object as parameter, not captures of the coroutine: it lives in the frame.
    template <typename SystemCall>
    Task<Result<std::size_t>> transfer(Readiness readiness, Deadline deadline, SystemCall call) {
        for (;;) {
            if (!descriptor_.is_open()) co_return failure(ErrorCode::closed);
            const ssize_t count = call(descriptor_.native());
            const int error = errno;
            if (count >= 0) {
                if (++operations_without_wait_ >= operations_before_yield) {
                    operations_without_wait_ = 0;
                    co_await boost::asio::post(loop_, boost::asio::use_awaitable);
                }
                co_return static_cast<std::size_t>(count);
            }
            if (error == EINTR) continue;
            if (!would_block(error)) {
                co_return failure(ErrorCode::connection_reset, error_text(error),
                                  Certainty::indefinite);
            }
            operations_without_wait_ = 0;
            Result<void> ready = co_await descriptor_.wait_until(readiness, deadline);
            if (!ready) co_return std::unexpected(std::move(ready.error()));
        }
    }

    boost::asio::io_context& loop_;
    Descriptor descriptor_;
    Endpoint local_;
    Endpoint remote_;
    unsigned operations_without_wait_ = 0;
};

class TcpListener final : public host::Listener {
  public:
    TcpListener(boost::asio::io_context& loop, Descriptor descriptor)
        : loop_(loop),
          descriptor_(std::move(descriptor)),
          local_(local_endpoint_of(descriptor_.native())) {}

    Task<Result<std::unique_ptr<host::ByteStream>>> accept(Deadline deadline) override {
        // Before, not after: a task cancelled meanwhile loses no connection.
        if (++accepted_without_wait_ > operations_before_yield) {
            accepted_without_wait_ = 1;
            co_await boost::asio::post(loop_, boost::asio::use_awaitable);
        }
        for (;;) {
            if (!descriptor_.is_open()) co_return failure(ErrorCode::closed);
            const int socket =
                ::accept4(descriptor_.native(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            const int error = errno;
            if (socket >= 0) {
                co_return std::make_unique<TcpStream>(loop_, Descriptor(loop_, socket));
            }
            if (out_of_descriptors(error)) {
                co_return failure(ErrorCode::resource_exhausted, error_text(error));
            }
            // All other errors are those of one connection that died in the backlog (accept(2)).
            if (!would_block(error)) continue;
            accepted_without_wait_ = 0;
            Result<void> ready = co_await descriptor_.wait_until(Readiness::readable, deadline);
            if (!ready) co_return std::unexpected(std::move(ready.error()));
        }
    }

    void close() noexcept override { descriptor_.close(); }
    Endpoint local_endpoint() const override { return local_; }

  private:
    boost::asio::io_context& loop_;
    Descriptor descriptor_;
    Endpoint local_;
    unsigned accepted_without_wait_ = 0;
};

std::unexpected<host::Error> connect_failure(int error, const Endpoint& endpoint) {
    const std::string detail = to_string(endpoint) + ": " + error_text(error);
    if (error == ECONNREFUSED) return failure(ErrorCode::connection_refused, detail);
    if (error == ETIMEDOUT) return failure(ErrorCode::deadline_exceeded, detail);
    if (out_of_descriptors(error)) return failure(ErrorCode::resource_exhausted, detail);
    return failure(ErrorCode::unavailable, detail);
}

struct LookUp {
    int status = 0;
    std::vector<std::string> addresses;
    host::Parked waiting;
};

// Blocks. The order is the system's (RFC 6724), duplicates by socket type left out.
void look_up(const std::string& name, LookUp& result) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    result.status = ::getaddrinfo(name.c_str(), nullptr, &hints, &first);
    if (result.status != 0) return;
    for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next) {
        SocketAddress address;
        address.length = entry->ai_addrlen;
        std::copy_n(reinterpret_cast<const char*>(entry->ai_addr), entry->ai_addrlen,
                    reinterpret_cast<char*>(&address.storage));
        std::string text = to_endpoint(address).address;
        const bool known = std::ranges::find(result.addresses, text) != result.addresses.end();
        if (text.empty() || known) continue;
        result.addresses.push_back(std::move(text));
    }
    ::freeaddrinfo(first);
}

}  // namespace

TcpNetwork::TcpNetwork(boost::asio::io_context& loop, host::Host& parking, WorkerPool& blocking,
                       ListenSharing sharing)
    : loop_(loop), parking_(parking), blocking_(blocking), sharing_(sharing) {}

Task<Result<std::unique_ptr<host::ByteStream>>> TcpNetwork::connect(Endpoint endpoint,
                                                                    host::Transport transport,
                                                                    Deadline deadline) {
    if (transport.is_tls()) co_return failure(ErrorCode::unsupported, "TLS is not offered");
    const std::optional<SocketAddress> address = to_socket_address(endpoint);
    if (!address) {
        co_return failure(ErrorCode::invalid_argument, endpoint.address + " is not an address");
    }
    const int socket = ::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) co_return connect_failure(errno, endpoint);
    Descriptor descriptor(loop_, socket);
    if (::connect(socket, address->get(), address->length) != 0) {
        if (errno != EINPROGRESS) co_return connect_failure(errno, endpoint);
        Result<void> ready = co_await descriptor.wait_until(Readiness::writable, deadline);
        if (!ready) {
            ready.error().detail = to_string(endpoint);
            co_return std::unexpected(std::move(ready.error()));
        }
        int error = 0;
        socklen_t length = sizeof error;
        ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0) co_return connect_failure(error, endpoint);
    }
    auto stream = std::make_unique<TcpStream>(loop_, std::move(descriptor));
    // TCP's simultaneous open: a connect to a free port of this machine from that very port meets
    // itself.
    if (stream->local_endpoint() == stream->remote_endpoint()) {
        co_return connect_failure(ECONNREFUSED, endpoint);
    }
    co_return stream;
}

Result<std::unique_ptr<host::Listener>> TcpNetwork::listen(Endpoint endpoint,
                                                           host::Transport transport) {
    if (transport.is_tls()) return failure(ErrorCode::unsupported, "TLS is not offered");
    const std::optional<SocketAddress> address = to_socket_address(endpoint);
    if (!address) {
        return failure(ErrorCode::invalid_argument, endpoint.address + " is not an address");
    }
    const auto failed = [&endpoint](int error) {
        const std::string detail = to_string(endpoint) + ": " + error_text(error);
        if (error == EADDRINUSE) return failure(ErrorCode::address_in_use, detail);
        if (out_of_descriptors(error)) return failure(ErrorCode::resource_exhausted, detail);
        return failure(ErrorCode::invalid_argument, detail);
    };
    const int socket = ::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return failed(errno);
    Descriptor descriptor(loop_, socket);
    // A restarted process takes its port back at once, though connections of the one before linger.
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (sharing_ == ListenSharing::shared &&
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
        return failed(errno);
    }
    if (::bind(socket, address->get(), address->length) != 0) return failed(errno);
    if (::listen(socket, listen_backlog) != 0) return failed(errno);
    return std::make_unique<TcpListener>(loop_, std::move(descriptor));
}

Task<Result<std::vector<std::string>>> TcpNetwork::resolve(std::string name, Deadline deadline) {
    if (to_socket_address({name, 0})) co_return std::vector{name};
    // Shared: a look-up cannot be called back, and a task that waits no longer leaves it behind.
    auto result = std::make_shared<LookUp>();
    const bool started =
        blocking_.start([name, result] { look_up(name, *result); },
                        [result, &parking = parking_] { parking.unpark(result->waiting); });
    if (!started) co_return failure(ErrorCode::unavailable, "too many look-ups wait");
    // It ends by way of the loop, which runs again only once this task is parked.
    const host::Wake wake = co_await parking_.park(result->waiting, deadline);
    if (wake == host::Wake::deadline) {
        co_return failure(ErrorCode::deadline_exceeded, "while looking up " + name);
    }
    if (result->status == EAI_NONAME || result->status == EAI_NODATA) {
        co_return failure(ErrorCode::not_found, name);
    }
    if (result->status != 0 || result->addresses.empty()) {
        co_return failure(ErrorCode::unavailable, name + ": " + ::gai_strerror(result->status));
    }
    co_return std::move(result->addresses);
}

}  // namespace atlas::adapters
