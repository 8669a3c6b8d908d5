// Every message of both directions: what is encoded decodes to itself; what is cut short, or
// random, decodes to an error or to a message, and never reads outside its payload (the sanitizer
// builds see to that).

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "system/sql/protocol/backend.hpp"
#include "system/sql/protocol/frontend.hpp"

namespace atlas::sql::protocol {
namespace {

/// Owns what the views of a generated message look at.
class Strings {
  public:
    std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }
    std::string_view any() { return keep(*rc::gen::arbitrary<std::string>()); }
    std::string_view text() {
        return keep(*rc::gen::container<std::string>(rc::gen::nonZero<char>()));
    }
    std::string_view name() {
        return keep(*rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::nonZero<char>())));
    }
    std::optional<std::string_view> value() {
        if (*rc::gen::arbitrary<bool>()) return std::nullopt;
        return any();
    }

  private:
    std::deque<std::string> kept_;
};

template <typename T>
T number() {
    return *rc::gen::arbitrary<T>();
}

template <typename T, typename Make>
std::vector<T> several(Make make) {
    const auto count = *rc::gen::inRange<std::size_t>(0, 8);
    std::vector<T> items;
    for (std::size_t i = 0; i < count; ++i)
        items.push_back(make());
    return items;
}

FrontendMessage any_frontend(Strings& strings) {
    switch (*rc::gen::inRange(0, 10)) {
        case 0:
            return Query{strings.text()};
        case 1: {
            Parse parse{strings.text(), {}};
            parse.text = strings.text();
            parse.parameter_types = several<std::uint32_t>(number<std::uint32_t>);
            return parse;
        }
        case 2: {
            Bind bind{strings.text(), {}};
            bind.statement = strings.text();
            bind.parameters =
                several<std::optional<std::string_view>>([&] { return strings.value(); });
            if (number<bool>()) bind.parameter_formats.assign(bind.parameters.size(), 1);
            bind.result_formats = several<std::uint16_t>(number<std::uint16_t>);
            return bind;
        }
        case 3:
            return Describe{number<bool>() ? Named::statement : Named::portal, strings.text()};
        case 4:
            return Close{number<bool>() ? Named::statement : Named::portal, strings.text()};
        case 5:
            return Execute{strings.text(), *rc::gen::inRange<std::uint32_t>(0, 0x8000'0000)};
        case 6:
            return Flush{};
        case 7:
            return Sync{};
        case 8:
            return Terminate{};
        default:
            return OtherFrontendMessage{*rc::gen::element('F', 'd', 'c', 'f', 'p'), strings.any()};
    }
}

Diagnostics any_diagnostics(Strings& strings) {
    Diagnostics diagnostics;
    const auto count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
        const char code = *rc::gen::nonZero<char>();
        diagnostics.add(static_cast<Diagnostic>(code), strings.text());
    }
    return diagnostics;
}

Field any_field(Strings& strings) {
    Field field;
    field.name = strings.text();
    field.table_oid = number<std::uint32_t>();
    field.column_number = number<std::int16_t>();
    field.type_oid = number<std::uint32_t>();
    field.type_size = number<std::int16_t>();
    field.type_modifier = number<std::int32_t>();
    field.format = number<std::uint16_t>();
    return field;
}

BackendMessage any_backend(Strings& strings) {
    switch (*rc::gen::inRange(0, 18)) {
        case 0:
            return Authentication{number<std::uint32_t>(), strings.any()};
        case 1: {
            BackendKeyData key;
            key.process_id = number<std::uint32_t>();
            key.secret = number<std::uint32_t>();
            return key;
        }
        case 2: {
            ParameterStatus status;
            status.name = strings.text();
            status.value = strings.text();
            return status;
        }
        case 3:
            return NegotiateProtocolVersion{
                number<std::uint32_t>(), several<std::string_view>([&] { return strings.text(); })};
        case 4:
            return ReadyForQuery{*rc::gen::element('I', 'T', 'E')};
        case 5:
            return RowDescription{several<Field>([&] { return any_field(strings); })};
        case 6:
            return DataRow{
                several<std::optional<std::string_view>>([&] { return strings.value(); })};
        case 7:
            return CommandComplete{strings.text()};
        case 8:
            return EmptyQueryResponse{};
        case 9:
            return ParseComplete{};
        case 10:
            return BindComplete{};
        case 11:
            return CloseComplete{};
        case 12:
            return NoData{};
        case 13:
            return PortalSuspended{};
        case 14:
            return ParameterDescription{several<std::uint32_t>(number<std::uint32_t>)};
        case 15:
            return ErrorResponse{any_diagnostics(strings)};
        case 16:
            return NoticeResponse{any_diagnostics(strings)};
        default:
            return OtherBackendMessage{*rc::gen::element('A', 'G', 'H', 'W', 'V', 'd', 'c'),
                                       strings.any()};
    }
}

StartupPacket any_startup(Strings& strings) {
    switch (*rc::gen::inRange(0, 4)) {
        case 0: {
            CancelRequest request;
            request.process_id = number<std::uint32_t>();
            request.secret = number<std::uint32_t>();
            return request;
        }
        case 1:
            return SslRequest{};
        case 2:
            return GssEncryptionRequest{};
        default: {
            StartupMessage message;
            message.minor_version = number<std::uint16_t>();
            message.parameters = several<std::pair<std::string_view, std::string_view>>([&] {
                const std::string_view name = strings.name();
                return std::pair(name, strings.text());
            });
            return message;
        }
    }
}

/// In memory of exactly its size, so that a sanitizer sees the first byte read outside it.
struct Exact {
    explicit Exact(std::string_view bytes) : size(bytes.size()), data(new char[bytes.size()]) {
        std::memcpy(data.get(), bytes.data(), size);
    }
    std::string_view view() const { return {data.get(), size}; }
    std::size_t size;
    std::unique_ptr<char[]> data;
};

template <typename Message>
std::string encoded(const Message& message) {
    std::string out;
    std::visit([&](const auto& alternative) { encode(out, alternative); }, message);
    return out;
}

Frame frame_of(const Exact& bytes, std::size_t header) {
    return Frame{header == 5 ? bytes.view()[0] : '\0', bytes.view().substr(header)};
}

RC_GTEST_PROP(FrontendMessages, decodeToWhatWasEncoded, ()) {
    Strings strings;
    const FrontendMessage message = any_frontend(strings);
    const Exact bytes(encoded(message));
    const auto decoded = decode_frontend(frame_of(bytes, 5));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == message);
}

RC_GTEST_PROP(BackendMessages, decodeToWhatWasEncoded, ()) {
    Strings strings;
    const BackendMessage message = any_backend(strings);
    const Exact bytes(encoded(message));
    const auto decoded = decode_backend(frame_of(bytes, 5));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == message);
}

RC_GTEST_PROP(StartupPackets, decodeToWhatWasEncoded, ()) {
    Strings strings;
    const StartupPacket packet = any_startup(strings);
    const Exact bytes(encoded(packet));
    const auto decoded = decode_startup(frame_of(bytes, 4));
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == packet);
}

RC_GTEST_PROP(FrontendMessages, cutShortAreMalformed, ()) {
    Strings strings;
    const FrontendMessage message = any_frontend(strings);
    if (std::holds_alternative<OtherFrontendMessage>(message)) return;
    const std::string whole = encoded(message);
    if (whole.size() == 5) return;
    const auto size = *rc::gen::inRange<std::size_t>(5, whole.size());
    const Exact bytes(std::string_view(whole).substr(0, size));
    RC_ASSERT(!decode_frontend(frame_of(bytes, 5)).has_value());
}

RC_GTEST_PROP(BackendMessages, withBytesLeftOverAreMalformed, ()) {
    Strings strings;
    const BackendMessage message = any_backend(strings);
    if (std::holds_alternative<OtherBackendMessage>(message)) return;
    if (std::holds_alternative<Authentication>(message)) return;
    const Exact bytes(encoded(message) + "x");
    RC_ASSERT(!decode_backend(frame_of(bytes, 5)).has_value());
}

RC_GTEST_PROP(AllMessages, randomPayloadsAreReadWithinTheirBounds, (std::string payload)) {
    const Exact bytes(payload);
    for (int type = 0; type < 256; ++type) {
        const Frame frame{static_cast<char>(type), bytes.view()};
        (void)decode_frontend(frame);
        (void)decode_backend(frame);
    }
    (void)decode_startup(Frame{0, bytes.view()});
}

// Random bytes seldom look like a message; a valid one with some bytes changed does.
RC_GTEST_PROP(AllMessages, damagedMessagesAreReadWithinTheirBounds, ()) {
    Strings strings;
    std::string whole =
        number<bool>() ? encoded(any_frontend(strings)) : encoded(any_backend(strings));
    const auto damages = *rc::gen::inRange(1, 4);
    for (int i = 0; i < damages && whole.size() > 5; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(5, whole.size());
        whole[at] = *rc::gen::element('\0', '\1', '\x7f', '\x80', '\xff');
    }
    const Exact bytes(whole);
    const Frame frame = frame_of(bytes, 5);
    (void)decode_frontend(frame);
    (void)decode_backend(frame);
}

TEST(FrontendMessages, matchTheBytesOfTheDocumentation) {
    std::string out;
    encode(out, Query{"BEGIN"});
    EXPECT_EQ(out, std::string("Q\0\0\0\x0a"
                               "BEGIN\0",
                               11));
    out.clear();
    encode(out, Sync{});
    EXPECT_EQ(out, std::string("S\0\0\0\x04", 5));
    out.clear();
    encode(out, SslRequest{});
    EXPECT_EQ(out, std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8));
    out.clear();
    CancelRequest cancel;
    cancel.process_id = 1;
    cancel.secret = 0x0102'0304;
    encode(out, cancel);
    EXPECT_EQ(out, std::string("\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\1\1\2\3\4", 16));
    out.clear();
    Bind bind{"", "s"};
    bind.parameters = {"ab", std::nullopt};
    encode(out, bind);
    EXPECT_EQ(out, std::string("B\0\0\0\x17\0s\0\0\0\0\2\0\0\0\2ab\xff\xff\xff\xff\0\0", 24));
}

TEST(FrontendMessages, aCountTooLargeForThePayloadReservesNothing) {
    // 65535 parameters claimed, none there.
    const std::string payload("\0\0\0\0\xff\xff", 6);
    EXPECT_FALSE(decode_frontend(Frame{'B', payload}).has_value());
}

TEST(FrontendMessages, formatsMustMatchTheParameters) {
    Bind bind;
    bind.parameters = {"1", "2", "3"};
    bind.parameter_formats = {0, 0};
    std::string out;
    encode(out, bind);
    EXPECT_FALSE(decode_frontend(Frame{'B', std::string_view(out).substr(5)}).has_value());
}

TEST(StartupPackets, anotherMajorVersionIsNotReadFurther) {
    const std::string payload("\0\2\0\0rubbish", 11);
    const auto decoded = decode_startup(Frame{0, payload});
    ASSERT_TRUE(decoded.has_value());
    const auto* message = std::get_if<StartupMessage>(&*decoded);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->major_version, 2);
    EXPECT_TRUE(message->parameters.empty());
}

}  // namespace
}  // namespace atlas::sql::protocol
