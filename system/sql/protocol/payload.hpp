#pragma once
// The primitive data types of the protocol ("Message Data Types"): reading them from a message's
// payload, writing them into a message. Integers are big-endian.

#include <cstdint>
#include <string>
#include <string_view>

namespace atlas::sql::protocol {

/// Reads a payload from front to back. The first read past the end, or of a string without its
/// terminator, makes the reader fail for good: all later reads give zeros and empty strings, so
/// callers check once, at the end. Views point into the payload.
class PayloadReader {
  public:
    explicit PayloadReader(std::string_view payload) : rest_(payload) {}

    std::uint8_t byte() { return static_cast<std::uint8_t>(integer(1)); }
    std::uint16_t int16() { return static_cast<std::uint16_t>(integer(2)); }
    std::uint32_t int32() { return integer(4); }
    /// Up to the next NUL, which is consumed.
    std::string_view text();
    std::string_view bytes(std::size_t size);

    std::size_t remaining() const { return rest_.size(); }
    bool failed() const { return !failure_.empty(); }
    /// Everything was read, and nothing was missing.
    bool finished() const { return !failed() && rest_.empty(); }
    /// What was wrong when it is not finished, in PostgreSQL's words.
    std::string_view complaint() const { return failed() ? failure_ : "invalid message format"; }

  private:
    std::uint32_t integer(std::size_t size);
    void fail(std::string_view failure);

    std::string_view rest_;
    std::string_view failure_;
};

/// Appends one message to a buffer; its length is filled in when the writer is destroyed.
class MessageWriter {
  public:
    MessageWriter(std::string& out, char type) : MessageWriter((out += type, out)) {}
    /// A message without a type byte, as those before the session is open.
    explicit MessageWriter(std::string& out) : out_(out), start_(out.size()) { int32(0); }
    MessageWriter(const MessageWriter&) = delete;
    MessageWriter& operator=(const MessageWriter&) = delete;
    ~MessageWriter();

    void byte(std::uint8_t value) { out_ += static_cast<char>(value); }
    void int16(std::uint16_t value);
    void int32(std::uint32_t value);
    /// The text must hold no NUL: see contains_nul.
    void text(std::string_view value);
    void bytes(std::string_view value) { out_ += value; }

  private:
    std::string& out_;
    std::size_t start_;
};

/// The protocol's strings end at their first NUL, so a text that holds one cannot be sent.
inline bool contains_nul(std::string_view text) {
    return text.find('\0') != std::string_view::npos;
}

}  // namespace atlas::sql::protocol
