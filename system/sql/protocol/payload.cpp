#include "system/sql/protocol/payload.hpp"

#include "system/host/check.hpp"

namespace atlas::sql::protocol {

void PayloadReader::fail(std::string_view failure) {
    if (!failed()) failure_ = failure;
    rest_ = {};
}

std::uint32_t PayloadReader::integer(std::size_t size) {
    if (rest_.size() < size) {
        fail(rest_.empty() && size == 1 ? "no data left in message"
                                        : "insufficient data left in message");
        return 0;
    }
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value = value << 8 | static_cast<std::uint8_t>(rest_[i]);
    }
    rest_.remove_prefix(size);
    return value;
}

std::string_view PayloadReader::text() {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
        fail("invalid string in message");
        return {};
    }
    const std::string_view value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return value;
}

std::string_view PayloadReader::bytes(std::size_t size) {
    if (rest_.size() < size) {
        fail("insufficient data left in message");
        return {};
    }
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
}

namespace {

void store_int32(char* place, std::uint32_t value) {
    place[0] = static_cast<char>(value >> 24);
    place[1] = static_cast<char>(value >> 16);
    place[2] = static_cast<char>(value >> 8);
    place[3] = static_cast<char>(value);
}

}  // namespace

MessageWriter::~MessageWriter() {
    store_int32(out_.data() + start_, static_cast<std::uint32_t>(out_.size() - start_));
}

void MessageWriter::int16(std::uint16_t value) {
    const char encoded[2] = {static_cast<char>(value >> 8), static_cast<char>(value)};
    out_.append(encoded, sizeof encoded);
}

void MessageWriter::int32(std::uint32_t value) {
    char encoded[4];
    store_int32(encoded, value);
    out_.append(encoded, sizeof encoded);
}

void MessageWriter::text(std::string_view value) {
    ATLAS_CHECK(!contains_nul(value), "callers refuse text with a NUL before they encode it");
    out_ += value;
    out_ += '\0';
}

}  // namespace atlas::sql::protocol
