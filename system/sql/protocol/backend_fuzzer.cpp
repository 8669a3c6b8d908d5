// Bytes of a PostgreSQL server: whatever is read is written the same again.

#include "system/sql/protocol/backend.hpp"
#include "system/sql/protocol/fuzzed_session.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace atlas::sql::protocol;
    read_session({reinterpret_cast<const char*>(data), size}, Sender::backend, decode_backend);
    return 0;
}
