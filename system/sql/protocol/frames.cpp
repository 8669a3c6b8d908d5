#include "system/sql/protocol/frames.hpp"

#include <algorithm>

#include "system/host/check.hpp"
#include "system/sql/protocol/payload.hpp"

namespace atlas::sql::protocol {
namespace {

constexpr std::size_t usual_buffer = 8 * 1024;
constexpr std::size_t largest_idle_buffer = 64 * 1024;

enum class Length : std::uint8_t { unknown_type, short_by_nature, any };

Length length_of_frontend_message(char type) {
    switch (type) {
        case 'Q':  // Query
        case 'P':  // Parse
        case 'B':  // Bind
        case 'F':  // FunctionCall
        case 'd':  // CopyData
        case 'p':  // the answers to a request for authentication
            return Length::any;
        case 'C':  // Close
        case 'D':  // Describe
        case 'E':  // Execute
        case 'H':  // Flush
        case 'S':  // Sync
        case 'X':  // Terminate
        case 'c':  // CopyDone
        case 'f':  // CopyFail
            return Length::short_by_nature;
        default:
            return Length::unknown_type;
    }
}

Length length_of_backend_message(char type) {
    switch (type) {
        case 'T':  // RowDescription
        case 'D':  // DataRow
        case 't':  // ParameterDescription
        case 'E':  // ErrorResponse
        case 'N':  // NoticeResponse
        case 'A':  // NotificationResponse
        case 'S':  // ParameterStatus
        case 'V':  // FunctionCallResponse
        case 'd':  // CopyData
        case 'R':  // Authentication requests
            return Length::any;
        case 'C':  // CommandComplete
        case 'G':  // CopyInResponse
        case 'H':  // CopyOutResponse
        case 'W':  // CopyBothResponse
        case 'I':  // EmptyQueryResponse
        case 'K':  // BackendKeyData
        case 'Z':  // ReadyForQuery
        case '1':  // ParseComplete
        case '2':  // BindComplete
        case '3':  // CloseComplete
        case 'c':  // CopyDone
        case 'n':  // NoData
        case 's':  // PortalSuspended
        case 'v':  // NegotiateProtocolVersion
            return Length::short_by_nature;
        default:
            return Length::unknown_type;
    }
}

std::uint32_t load_int32(const char* place) {
    return PayloadReader(std::string_view(place, 4)).int32();
}

}  // namespace

std::span<std::byte> FrameReader::prepare() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (buffer_.size() > largest_idle_buffer) {
            buffer_.resize(usual_buffer);
            buffer_.shrink_to_fit();
        }
    }
    if (end_ == buffer_.size() && begin_ > 0) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.end(),
                  buffer_.begin());
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size()) buffer_.resize(std::max(usual_buffer, 2 * buffer_.size()));
    return std::as_writable_bytes(std::span(buffer_).subspan(end_));
}

void FrameReader::commit(std::size_t size) {
    ATLAS_CHECK(size <= buffer_.size() - end_, "no more is received than there was room for");
    end_ += size;
}

std::expected<std::optional<Frame>, FrameError> FrameReader::next() {
    if (buffered() == 0) return std::nullopt;
    const char type = buffer_[begin_];
    const Length length = sender_ == Sender::frontend ? length_of_frontend_message(type)
                                                      : length_of_backend_message(type);
    if (length == Length::unknown_type) {
        return std::unexpected(FrameError{FrameError::Reason::unknown_type, type});
    }
    if (length == Length::short_by_nature) {
        return take(type, 1, small_message_limit, FrameError::Reason::invalid_length);
    }
    return take(type, 1, message_limit_, FrameError::Reason::too_long);
}

std::expected<std::optional<Frame>, FrameError> FrameReader::next_startup() {
    return take(0, 0, startup_packet_limit, FrameError::Reason::invalid_length);
}

std::expected<std::optional<Frame>, FrameError> FrameReader::take(char type, std::size_t header,
                                                                  std::uint32_t limit,
                                                                  FrameError::Reason past_limit) {
    constexpr std::size_t length_field = 4;
    if (buffered() < header + length_field) return std::nullopt;
    const std::uint32_t length = load_int32(buffer_.data() + begin_ + header);
    // The length field is a signed number and counts itself.
    if (length < length_field || length > 0x7fff'ffffu) {
        return std::unexpected(FrameError{FrameError::Reason::invalid_length, type, length});
    }
    if (length > limit) return std::unexpected(FrameError{past_limit, type, length});
    if (buffered() < header + length) return std::nullopt;
    const std::string_view payload(buffer_.data() + begin_ + header + length_field,
                                   length - length_field);
    begin_ += header + length;
    return Frame{type, payload};
}

}  // namespace atlas::sql::protocol
