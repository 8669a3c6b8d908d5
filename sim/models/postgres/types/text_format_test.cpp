// Text to value and back, and the errors of the input functions.

#include "sim/models/postgres/types/text_format.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "sim/models/postgres/types/timestamp.hpp"

namespace atlas::sim::models::postgres {
namespace {

// What the text becomes when read and written again, or the error.
std::string canonical(ColumnType type, std::string_view text) {
    const Checked<Value> value = parse_value(type, text);
    if (!value) return value.error()->sqlstate + " " + value.error()->message;
    return format_value(type.id, *value);
}

bool reads_back(TypeId type, const Value& value) {
    const Checked<Value> read = parse_value({type}, format_value(type, value));
    return read && compare(*read, value) == std::strong_ordering::equal;
}

RC_GTEST_PROP(TextFormat, integers_read_back, (std::int64_t number)) {
    const Value value = number;
    RC_ASSERT(reads_back(TypeId::int8, value));
}

RC_GTEST_PROP(TextFormat, bytea_reads_back, (const std::string& bytes)) {
    const Value value = bytes;
    RC_ASSERT(reads_back(TypeId::bytea, value));
}

RC_GTEST_PROP(TextFormat, uuids_read_back, (const Uuid& uuid)) {
    const Value value = uuid;
    RC_ASSERT(reads_back(TypeId::uuid, value));
}

RC_GTEST_PROP(TextFormat, time_stamps_read_back, ()) {
    // From the year 1 on: "BC" is written, not read.
    const std::int64_t moment =
        *rc::gen::inRange<std::int64_t>(-63'082'281'600'000'000, 9'223'371'331'199'999'999);
    const Value value = moment;
    for (const TypeId type : {TypeId::timestamp, TypeId::timestamptz})
        RC_ASSERT(reads_back(type, value));
}

RC_GTEST_PROP(TextFormat, text_arrays_read_back, (const std::vector<std::string>& elements)) {
    auto array = std::make_shared<Array>();
    for (const std::string& element : elements)
        array->elements.emplace_back(element);
    const std::string text = format_value(TypeId::text_array, Value(array));
    const Checked<Value> read = parse_value({TypeId::text_array}, text);
    RC_ASSERT(read.has_value());
    RC_ASSERT(compare(*read, Value(array)) == std::strong_ordering::equal);
}

RC_GTEST_PROP(TextFormat, utf8_check_takes_what_is_encoded_and_refuses_zero, ()) {
    const auto code = *rc::gen::inRange<std::uint32_t>(1, 0x110000);
    RC_PRE(code < 0xD800 || code > 0xDFFF);
    std::string text;
    if (code < 0x80) {
        text = {static_cast<char>(code)};
    } else if (code < 0x800) {
        text = {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
    } else if (code < 0x10000) {
        text = {static_cast<char>(0xE0 | (code >> 12)),
                static_cast<char>(0x80 | ((code >> 6) & 0x3F)),
                static_cast<char>(0x80 | (code & 0x3F))};
    } else {
        text = {static_cast<char>(0xF0 | (code >> 18)),
                static_cast<char>(0x80 | ((code >> 12) & 0x3F)),
                static_cast<char>(0x80 | ((code >> 6) & 0x3F)),
                static_cast<char>(0x80 | (code & 0x3F))};
    }
    RC_ASSERT(check_utf8(text).has_value());
    RC_ASSERT(!check_utf8(text + std::string(1, '\0')).has_value());
    if (text.size() > 1) RC_ASSERT(!check_utf8(text.substr(1)).has_value());
}

TEST(TextFormat, time_stamps) {
    const ColumnType type{TypeId::timestamptz};
    EXPECT_EQ(canonical(type, "2024-02-29 12:34:56.789+03"), "2024-02-29 09:34:56.789+00");
    EXPECT_EQ(canonical(type, "2024-01-01T00:00:00Z"), "2024-01-01 00:00:00+00");
    EXPECT_EQ(canonical(type, "2024-01-01 24:00:00"), "2024-01-02 00:00:00+00");
    EXPECT_EQ(canonical(type, "2000-01-01 00:00:00.9999999"), "2000-01-01 00:00:01+00");
    EXPECT_EQ(canonical(type, " infinity "), "infinity");
    EXPECT_EQ(canonical(type, "2023-02-29"),
              "22008 date/time field value out of range: \"2023-02-29\"");
    EXPECT_EQ(canonical(type, "once"),
              "22007 invalid input syntax for type timestamp with time zone: \"once\"");
    EXPECT_EQ(canonical({TypeId::timestamp}, "2024-01-01 10:00:00+05"), "2024-01-01 10:00:00");
}

TEST(TextFormat, numbers_out_of_range) {
    EXPECT_EQ(canonical({TypeId::int2}, "40000"),
              "22003 value \"40000\" is out of range for type smallint");
    EXPECT_EQ(canonical({TypeId::int8}, "9223372036854775808"),
              "22003 value \"9223372036854775808\" is out of range for type bigint");
    EXPECT_EQ(canonical({TypeId::int4}, "1x"),
              "22P02 invalid input syntax for type integer: \"1x\"");
}

TEST(TextFormat, varchar_counts_characters_and_forgives_spaces) {
    const ColumnType three{TypeId::varchar, 3 + 4};
    EXPECT_EQ(canonical(three, "äöü"), "äöü");
    EXPECT_EQ(canonical(three, "abc  "), "abc");
    EXPECT_EQ(canonical(three, "abcd"), "22001 value too long for type character varying(3)");
}

TEST(TextFormat, jsonb_is_kept_in_canonical_form) {
    const ColumnType type{TypeId::jsonb};
    EXPECT_EQ(canonical(type, R"({"bb":1, "a" : [1,2 ,{"x":null}],"a":true})"),
              R"({"a": true, "bb": 1})");
    EXPECT_EQ(canonical(type, R"("\u00e9\n")"), R"("é\n")");
    EXPECT_EQ(canonical(type, "{bad}"), "22P02 invalid input syntax for type json");
    EXPECT_EQ(canonical(type, std::string(5000, '[')), "54001 stack depth limit exceeded");
}

TEST(TextFormat, numbers_of_jsonb_are_numerics) {
    const ColumnType type{TypeId::jsonb};
    EXPECT_EQ(canonical(type, "[1e3, 1.50E1, -25e-3, 0e-2, -0.0]"),
              "[1000, 15.0, -0.025, 0.00, 0.0]");
    EXPECT_EQ(canonical(type, "1e200000"), "22003 value overflows numeric format");
}

TEST(TextFormat, json_is_kept_as_it_is_written) {
    const ColumnType type{TypeId::json};
    for (const char* text : {R"({"a":1e5,  "a":1})", R"("\ud800")", R"("\ud800\ud800x\u0000")"})
        EXPECT_EQ(canonical(type, text), text);
    EXPECT_EQ(canonical(type, R"("\q")"), "22P02 invalid input syntax for type json");
}

TEST(TextFormat, intervals) {
    EXPECT_EQ(canonical({TypeId::interval}, "1 year 2 months -3 days"), "1 year 2 mons -3 days");
    EXPECT_EQ(canonical({TypeId::interval}, "90 minutes"), "01:30:00");
    EXPECT_EQ(canonical({TypeId::interval}, "1-2"), "1 year 2 mons");
    EXPECT_EQ(canonical({TypeId::interval}, "1 2:03:04"), "1 day 02:03:04");
    EXPECT_EQ(canonical({TypeId::interval}, "1 2"),
              "22007 invalid input syntax for type interval: \"1 2\"");
    const Checked<std::int64_t> january = parse_timestamp(TypeId::timestamp, "2024-01-31");
    const Checked<std::int64_t> later = add_interval(*january, {.months = 1});
    EXPECT_EQ(format_timestamp(TypeId::timestamp, *later), "2024-02-29 00:00:00");
}

}  // namespace
}  // namespace atlas::sim::models::postgres
