#include "sim/models/postgres/failure.hpp"

namespace atlas::sim::models::postgres {

std::unexpected<Failure> sql_error_at(int location, std::string sqlstate, std::string message) {
    ServerMessage error{.sqlstate = std::move(sqlstate), .message = std::move(message)};
    // Kept as byte offset + 1 until the session turns it into characters.
    if (location >= 0) error.position = static_cast<std::uint32_t>(location) + 1;
    return std::unexpected(Failure(std::move(error)));
}

std::unexpected<Failure> not_covered(std::string_view what, int location) {
    return sql_error_at(location, "0A000",
                        fmt::format("the PostgreSQL model does not cover {}", what));
}

std::unexpected<Failure> must_wait() {
    return sql_error("wait", {});
}

bool is_wait(const Failure& failure) {
    return failure->sqlstate == "wait";
}

std::uint32_t character_position(std::string_view text, int byte_offset) {
    std::uint32_t characters = 0;
    for (std::size_t i = 0; i < text.size() && std::cmp_less(i, byte_offset); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++characters;
    }
    return characters + 1;
}

}  // namespace atlas::sim::models::postgres
