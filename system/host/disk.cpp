#include "system/host/disk.hpp"

#include "system/host/check.hpp"

namespace atlas::host {

Task<Result<void>> write_all_at(File& file, std::uint64_t offset,
                                std::span<const std::byte> buffer) {
    while (!buffer.empty()) {
        Result<std::size_t> written = co_await file.write_at(offset, buffer);
        if (!written) co_return std::unexpected(std::move(written.error()));
        ATLAS_CHECK(*written > 0 && *written <= buffer.size(), "a write takes part of its buffer");
        buffer = buffer.subspan(*written);
        offset += *written;
    }
    co_return Result<void>{};
}

Task<Result<std::size_t>> read_up_to(File& file, std::uint64_t offset,
                                     std::span<std::byte> buffer) {
    std::size_t total = 0;
    while (total < buffer.size()) {
        Result<std::size_t> count = co_await file.read_at(offset + total, buffer.subspan(total));
        if (!count) co_return std::unexpected(std::move(count.error()));
        if (*count == 0) break;
        total += *count;
    }
    co_return total;
}

}  // namespace atlas::host
