#pragma once
// One open file of a simulated process.

#include <memory>
#include <string>

#include "sim/disk/process_disk.hpp"

namespace atlas::sim::disk {

class ProcessFile final : public host::File {
  public:
    ProcessFile(ProcessDisk& disk, std::string path, SharedContent content, bool writable);
    ~ProcessFile();
    ProcessFile(const ProcessFile&) = delete;
    ProcessFile& operator=(const ProcessFile&) = delete;

    host::Task<host::Result<std::size_t>> read_at(std::uint64_t offset,
                                                  std::span<std::byte> buffer) override;
    host::Task<host::Result<std::size_t>> write_at(std::uint64_t offset,
                                                   std::span<const std::byte> buffer) override;
    host::Task<host::Result<void>> sync() override;
    host::Task<host::Result<void>> truncate(std::uint64_t size) override;
    host::Task<host::Result<std::uint64_t>> size() override;

  private:
    ProcessDisk::Call begin(OperationKind kind, std::uint64_t offset, std::size_t bytes);
    bool has_room_for(std::uint64_t size) const;
    void resized(std::uint64_t from);
    void put(std::uint64_t offset, std::span<const std::byte> data);

    ProcessDisk& disk_;
    std::string path_;  ///< It was opened as; for the policy and for people.
    SharedContent content_;
    bool writable_;
    /// Of the newest operation: the next ends later.
    host::TimePoint last_end_{};
};

}  // namespace atlas::sim::disk
