#pragma once
// Binary encoding of what goes to disk: little-endian numbers, strings with their length. Values
// carry a tag, so that what is read is checked.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/models/postgres/types/value.hpp"

namespace atlas::sim::models::postgres {

class Encoder {
  public:
    void u8(std::uint8_t value) { bytes_ += static_cast<char>(value); }
    void u32(std::uint32_t value) { number(value, 4); }
    void u64(std::uint64_t value) { number(value, 8); }
    void i64(std::int64_t value) { u64(static_cast<std::uint64_t>(value)); }
    void boolean(bool value) { u8(value ? 1 : 0); }
    void string(std::string_view value) {
        u32(static_cast<std::uint32_t>(value.size()));
        bytes_ += value;
    }
    void value(const Value& value);
    void row(const Row& row);

    const std::string& bytes() const { return bytes_; }
    std::string take() { return std::move(bytes_); }
    std::size_t size() const { return bytes_.size(); }
    void truncate(std::size_t size) { bytes_.resize(size); }
    void append(std::string_view bytes) { bytes_ += bytes; }

  private:
    void number(std::uint64_t value, int size);

    std::string bytes_;
};

/// Reads what Encoder wrote. After a read past the end or of a bad tag `failed()` is true, and all
/// reads give empty values.
class Decoder {
  public:
    explicit Decoder(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    std::uint64_t u64() { return number(8); }
    std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
    bool boolean() { return u8() != 0; }
    std::string string();
    Value value();
    Row row();

    bool failed() const { return failed_; }
    void fail() { failed_ = true; }
    bool at_end() const { return failed_ || rest_.empty(); }

  private:
    std::uint64_t number(std::size_t size);

    std::string_view rest_;
    bool failed_ = false;
};

}  // namespace atlas::sim::models::postgres
