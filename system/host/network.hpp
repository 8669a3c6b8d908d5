#pragma once
// Byte streams between machines, as TCP gives them.
//
// Ownership: connect and accept give the stream to the caller; destroying it closes it. At most one
// read and one write may be under way on a stream at once; a read and a write may overlap.
// A deadline that passes ends the call with deadline_exceeded and leaves the stream open; bytes of
// a write that timed out may have been sent.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "system/host/error.hpp"
#include "system/host/task.hpp"
#include "system/host/time.hpp"

namespace atlas::host {

/// A numeric address (never a name: see Network::resolve) and a port.
struct Endpoint {
    std::string address;
    std::uint16_t port = 0;

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// "10.0.0.7:5432", "[::1]:80".
std::string to_string(const Endpoint& endpoint);

/// How the bytes travel. With a name, TLS: the peer's certificate must carry that name. (A world
/// that offers no TLS answers `unsupported`.)
struct Transport {
    std::string tls_name;

    bool is_tls() const { return !tls_name.empty(); }
    static Transport plain() { return {}; }
};

class ByteStream {
  public:
    virtual ~ByteStream() = default;

    /// At least one byte, or 0 at the end of the stream. Errors: connection_reset,
    /// deadline_exceeded, closed.
    virtual Task<Result<std::size_t>> read_some(std::span<std::byte> buffer, Deadline deadline) = 0;

    /// At least one byte of a non-empty buffer. Success means that the machine took the bytes, not
    /// that anybody received them. Errors: connection_reset, deadline_exceeded, closed.
    virtual Task<Result<std::size_t>> write_some(std::span<const std::byte> buffer,
                                                 Deadline deadline) = 0;

    /// No more bytes will be sent; the peer reads the end of the stream after those under way.
    virtual void shutdown_send() noexcept = 0;

    /// Ends both directions. Operations under way end with `closed`. Idempotent.
    virtual void close() noexcept = 0;

    virtual Endpoint local_endpoint() const = 0;
    virtual Endpoint remote_endpoint() const = 0;
};

class Listener {
  public:
    virtual ~Listener() = default;

    /// Errors: deadline_exceeded, closed, resource_exhausted (out of descriptors: wait, try again).
    virtual Task<Result<std::unique_ptr<ByteStream>>> accept(Deadline deadline) = 0;

    /// Refuses new connections; an accept under way ends with `closed`. Idempotent.
    virtual void close() noexcept = 0;

    /// With the port that was chosen, when port 0 was asked for.
    virtual Endpoint local_endpoint() const = 0;
};

class Network {
  public:
    virtual ~Network() = default;

    /// Errors: connection_refused (definite), deadline_exceeded, unavailable (no route),
    /// unsupported.
    virtual Task<Result<std::unique_ptr<ByteStream>>> connect(Endpoint endpoint,
                                                              Transport transport,
                                                              Deadline deadline) = 0;

    /// Errors: address_in_use, invalid_argument, unsupported.
    virtual Result<std::unique_ptr<Listener>> listen(Endpoint endpoint, Transport transport) = 0;

    /// The numeric addresses of a name, at least one. A numeric address resolves to itself.
    /// Errors: not_found, unavailable, deadline_exceeded.
    virtual Task<Result<std::vector<std::string>>> resolve(std::string name, Deadline deadline) = 0;
};

/// Writes the whole buffer. On failure some of it may have been sent. The caller keeps the bytes
/// alive until the task ends, and awaits it at once.
Task<Result<void>> write_all(ByteStream& stream, std::span<const std::byte> buffer,
                             Deadline deadline);

/// Fills the whole buffer; the end of the stream before that is connection_reset.
Task<Result<void>> read_exactly(ByteStream& stream, std::span<std::byte> buffer, Deadline deadline);

}  // namespace atlas::host
