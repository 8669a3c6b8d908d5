#include "sim/models/postgres/wal/encoding.hpp"

#include <algorithm>

#include "sim/models/postgres/types/numeric.hpp"

namespace atlas::sim::models::postgres {
namespace {

enum class ValueTag : std::uint8_t {
    null,
    false_,
    true_,
    integer,
    string,
    uuid,
    interval,
    array,
    numeric
};

}  // namespace

void Encoder::number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
        bytes_ += static_cast<char>(value >> (8 * i));
}

void Encoder::value(const Value& given) {
    const auto tag = [&](ValueTag value_tag) { u8(static_cast<std::uint8_t>(value_tag)); };
    if (const bool* boolean_value = std::get_if<bool>(&given)) {
        tag(*boolean_value ? ValueTag::true_ : ValueTag::false_);
    } else if (const auto* integer = std::get_if<std::int64_t>(&given)) {
        tag(ValueTag::integer);
        i64(*integer);
    } else if (const auto* text = std::get_if<std::string>(&given)) {
        tag(ValueTag::string);
        string(*text);
    } else if (const auto* uuid = std::get_if<Uuid>(&given)) {
        tag(ValueTag::uuid);
        for (const std::uint8_t byte : *uuid)
            u8(byte);
    } else if (const auto* interval = std::get_if<Interval>(&given)) {
        tag(ValueTag::interval);
        i64(interval->months);
        i64(interval->days);
        i64(interval->microseconds);
    } else if (const auto* array = std::get_if<std::shared_ptr<const Array>>(&given)) {
        tag(ValueTag::array);
        row((*array)->elements);
    } else if (const auto* numeric = std::get_if<std::shared_ptr<const Numeric>>(&given)) {
        tag(ValueTag::numeric);
        string((*numeric)->text());
    } else {
        tag(ValueTag::null);
    }
}

void Encoder::row(const Row& values) {
    u32(static_cast<std::uint32_t>(values.size()));
    for (const Value& one : values)
        value(one);
}

std::uint64_t Decoder::number(std::size_t size) {
    if (failed_ || rest_.size() < size) {
        failed_ = true;
        return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    rest_.remove_prefix(size);
    return value;
}

std::string Decoder::string() {
    const std::size_t size = u32();
    if (failed_ || rest_.size() < size) {
        failed_ = true;
        return {};
    }
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
}

Value Decoder::value() {
    switch (static_cast<ValueTag>(u8())) {
        case ValueTag::null:
            return Null{};
        case ValueTag::false_:
            return false;
        case ValueTag::true_:
            return true;
        case ValueTag::integer:
            return i64();
        case ValueTag::string:
            return string();
        case ValueTag::uuid: {
            Uuid uuid;
            for (std::uint8_t& byte : uuid)
                byte = u8();
            return uuid;
        }
        case ValueTag::interval: {
            Interval interval;
            interval.months = static_cast<std::int32_t>(i64());
            interval.days = static_cast<std::int32_t>(i64());
            interval.microseconds = i64();
            return interval;
        }
        case ValueTag::array: {
            auto array = std::make_shared<Array>();
            array->elements = row();
            return array;
        }
        case ValueTag::numeric: {
            const Checked<Numeric> numeric = Numeric::parse(string());
            if (numeric) return std::make_shared<const Numeric>(*numeric);
            break;
        }
    }
    failed_ = true;
    return Null{};
}

Row Decoder::row() {
    const std::size_t size = u32();
    Row values;
    values.reserve(std::min<std::size_t>(size, 1600));
    for (std::size_t i = 0; i < size && !failed_; ++i)
        values.push_back(value());
    return values;
}

}  // namespace atlas::sim::models::postgres
