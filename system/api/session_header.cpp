#include "system/api/session_header.hpp"

#include <array>
#include <cstdint>

#include "system/api/base64url.hpp"

namespace atlas::api {
namespace {

using http::Problem;

/// Version, shard (2), timeline (4), byte of the log (8), nothing (2), checksum.
using Bytes = std::array<std::uint8_t, 18>;
constexpr std::uint8_t version = 1;
constexpr std::size_t shard_at = 1;
constexpr std::size_t timeline_at = 3;
constexpr std::size_t byte_at = 7;
constexpr std::size_t nothing_at = 15;

void put(Bytes& bytes, std::size_t at, std::size_t size, std::uint64_t number) {
    for (std::size_t i = 0; i < size; ++i)
        bytes[at + i] = static_cast<std::uint8_t>(number >> 8 * (size - 1 - i));
}

std::uint64_t get(const Bytes& bytes, std::size_t at, std::size_t size) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; ++i)
        number = number << 8 | bytes[at + i];
    return number;
}

Problem invalid(std::string detail) {
    return {.type = http::problems::invalid_request, .detail = std::move(detail)};
}

}  // namespace

std::string format_session(sql::LogPosition seen) {
    Bytes bytes{version};
    put(bytes, timeline_at, 4, seen.timeline);
    put(bytes, byte_at, 8, seen.byte);
    return seal_base64url(bytes);
}

std::optional<sql::LogPosition> parse_session(std::string_view text) {
    Bytes bytes{};
    const bool is_ours = open_base64url(text, bytes) && bytes.front() == version &&
                         get(bytes, shard_at, 2) == 0 && get(bytes, nothing_at, 2) == 0;
    if (!is_ours) return {};
    return sql::LogPosition{static_cast<std::uint32_t>(get(bytes, timeline_at, 4)),
                            get(bytes, byte_at, 8)};
}

std::expected<sql::Session, Problem> read_session(const http::Headers& headers) {
    sql::Session session;
    if (const std::string* const level = headers.find("Atlas-Consistency")) {
        const auto consistency = sql::consistency_named(*level);
        if (!consistency || headers.count("Atlas-Consistency") > 1) {
            return std::unexpected(
                invalid("Atlas-Consistency is \"strong\", \"session\" or \"eventual\"."));
        }
        session.consistency = *consistency;
    }
    if (const std::string* const token = headers.find("Atlas-Session")) {
        const auto seen = parse_session(*token);
        if (!seen || headers.count("Atlas-Session") > 1) {
            return std::unexpected(invalid(
                "Atlas-Session is that of the last response, unchanged; leave it out to begin a "
                "session."));
        }
        session.seen = *seen;
    }
    return session;
}

}  // namespace atlas::api
