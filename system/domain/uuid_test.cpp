#include "system/domain/uuid.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace atlas::domain {
namespace {

RC_GTEST_PROP(Uuid, TextComesBack, (const std::array<std::uint8_t, 16>& bytes)) {
    const Uuid uuid{bytes};
    RC_ASSERT(parse_uuid(to_string(uuid)) == uuid);
}

TEST(Uuid, RefusesOtherForms) {
    EXPECT_TRUE(parse_uuid("0190163D-8694-739b-aea5-966c26f8ad91"));
    EXPECT_FALSE(parse_uuid("0190163d8694739baea5966c26f8ad91"));
    EXPECT_FALSE(parse_uuid("{0190163d-8694-739b-aea5-966c26f8ad91}"));
    EXPECT_FALSE(parse_uuid("0190163d-8694-739b-aea5-966c26f8ad9g"));
    EXPECT_FALSE(parse_uuid("0190163d-8694-739b-aea5-966c26f8ad9"));
    EXPECT_FALSE(parse_uuid("0190163d-8694-739b-aea50966c26f8ad91"));
}

TEST(Uuid7, HasTimeVersionAndVariantInTheirPlaces) {
    Uuid7Sequence sequence;
    const Uuid uuid = sequence.next(0x0190163d8694, {0xffff, ~0ULL});
    EXPECT_EQ(to_string(uuid), "0190163d-8694-77ff-bfff-ffffffffffff");
}

RC_GTEST_PROP(Uuid7, GrowsEvenWhenTheClockDoesNot, ()) {
    Uuid7Sequence sequence;
    Uuid last;
    for (int i = 0; i < 50; ++i) {
        const auto milliseconds = *rc::gen::inRange<std::uint64_t>(1000, 1010);
        const auto high = *rc::gen::element<std::uint64_t>(0, ~0ULL, 0x7ff);
        const auto low = *rc::gen::element<std::uint64_t>(0, ~0ULL, 1);
        const Uuid next = sequence.next(milliseconds, {high, low});
        RC_ASSERT(next > last);
        RC_ASSERT((next.bytes[6] >> 4) == 7);
        RC_ASSERT((next.bytes[8] >> 6) == 2);
        last = next;
    }
}

}  // namespace
}  // namespace atlas::domain
