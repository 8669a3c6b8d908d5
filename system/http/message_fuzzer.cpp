// Bytes of a peer: the first two say whose and how they are cut. However they are cut, the same
// messages come out, and then a failure or none.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "system/http/parser.hpp"

namespace atlas::http {
namespace {

constexpr MessageLimits limits{
    .target_bytes = 64, .header_bytes = 512, .header_fields = 8, .body_bytes = 256};

template <typename Message>
struct Read {
    std::vector<Message> messages;
    bool failed = false;

    friend bool operator==(const Read&, const Read&) = default;
};

template <typename Message>
Read<Message> read(std::span<const std::byte> bytes, std::size_t piece) {
    Parser<Message> parser(limits);
    Read<Message> read;
    bool ended = false;
    for (;;) {
        switch (parser.advance()) {
            case Progress::complete:
                read.messages.push_back(parser.take());
                if (read.messages.back().body.size() > limits.body_bytes) std::abort();
                continue;
            case Progress::failed:
                read.failed = true;
                if (parser.failure().status < 400 || parser.failure().reason.empty()) std::abort();
                return read;
            case Progress::need_more:
                break;
        }
        if (bytes.empty()) {
            if (ended) return read;
            parser.end_of_stream();
            ended = true;
            continue;
        }
        const std::span<std::byte> room = parser.room();
        const std::size_t count = std::min({piece, bytes.size(), room.size()});
        std::copy_n(bytes.begin(), count, room.begin());
        parser.added(count);
        bytes = bytes.subspan(count);
    }
}

template <typename Message>
void try_both_ways(std::span<const std::byte> bytes, std::size_t piece) {
    if (read<Message>(bytes, bytes.size()) != read<Message>(bytes, piece)) std::abort();
}

}  // namespace
}  // namespace atlas::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data) + 2, size - 2);
    const std::size_t piece = 1 + data[1] % 64;
    if (data[0] % 2 == 0) {
        atlas::http::try_both_ways<atlas::http::Request>(bytes, piece);
    } else {
        atlas::http::try_both_ways<atlas::http::Response>(bytes, piece);
    }
    return 0;
}
