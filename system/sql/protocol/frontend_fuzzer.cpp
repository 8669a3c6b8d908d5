// Bytes of a PostgreSQL client, before and in a session: whatever is read is written the same
// again.

#include "system/sql/protocol/frontend.hpp"
#include "system/sql/protocol/fuzzed_session.hpp"

namespace atlas::sql::protocol {
namespace {

void read_startup(std::string_view bytes) {
    FrameReader reader = reader_of(bytes, Sender::frontend);
    const auto frame = reader.next_startup();
    if (!frame || !*frame) return;
    const auto packet = decode_startup(**frame);
    if (!packet) return;
    const auto* startup = std::get_if<StartupMessage>(&*packet);
    if (startup != nullptr && startup->major_version != 3) return;  // Its parameters are not read.
    std::string written;
    std::visit([&written](const auto& each) { encode(written, each); }, *packet);
    FrameReader second = reader_of(written, Sender::frontend);
    const auto frame_again = second.next_startup();
    if (!frame_again || !*frame_again) std::abort();
    const auto again = decode_startup(**frame_again);
    if (!again || !(*again == *packet)) std::abort();
}

}  // namespace
}  // namespace atlas::sql::protocol

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace atlas::sql::protocol;
    if (size == 0) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 4 == 0) {
        read_startup(bytes);
    } else {
        read_session(bytes, Sender::frontend, decode_frontend);
    }
    return 0;
}
