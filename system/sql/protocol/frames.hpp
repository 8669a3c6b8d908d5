#pragma once
// Cutting a stream of bytes into messages: type, length, payload. Knows the types of each
// direction and how long each may be, and nothing of what they mean.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace atlas::sql::protocol {

/// Who sends the messages that are read.
enum class Sender : std::uint8_t { frontend, backend };

struct Frame {
    char type = 0;  ///< 0 for the packets before a session, which have none.
    std::string_view payload;
};

/// After one of these nobody knows where the next message starts: the connection must end.
struct FrameError {
    enum class Reason : std::uint8_t {
        unknown_type,    ///< No message of this direction has that type.
        invalid_length,  ///< Less than the length field itself, or more than the type may have.
        too_long,        ///< Allowed by the protocol, but past our own limit.
    };
    Reason reason;
    char type = 0;
    std::uint32_t length = 0;
};

/// Ours, where PostgreSQL's is 1 GiB: nothing that Atlas sends comes near.
inline constexpr std::uint32_t default_message_limit = 16u << 20;
/// PostgreSQL's MAX_STARTUP_PACKET_LENGTH.
inline constexpr std::uint32_t startup_packet_limit = 10'000;
/// PostgreSQL's PQ_SMALL_MESSAGE_LIMIT, for messages that are short by nature.
inline constexpr std::uint32_t small_message_limit = 10'000;

/// A receive buffer that gives out whole messages. It grows with the bytes that have arrived, not
/// with what a header claims, and lets go of its memory after a long message.
class FrameReader {
  public:
    explicit FrameReader(Sender sender, std::uint32_t message_limit = default_message_limit)
        : sender_(sender), message_limit_(message_limit) {}

    /// Where the next received bytes go; never empty. Invalidates the frames given out.
    std::span<std::byte> prepare();
    /// That many bytes were put there.
    void commit(std::size_t size);

    /// The next message, or nothing until more bytes come. The payload is valid until the next
    /// prepare().
    std::expected<std::optional<Frame>, FrameError> next();

    /// The same for the packets before a session, which have no type byte.
    std::expected<std::optional<Frame>, FrameError> next_startup();

    /// Bytes received and not yet given out.
    std::size_t buffered() const { return end_ - begin_; }

  private:
    std::expected<std::optional<Frame>, FrameError> take(char type, std::size_t header,
                                                         std::uint32_t limit,
                                                         FrameError::Reason past_limit);

    Sender sender_;
    std::uint32_t message_limit_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace atlas::sql::protocol
