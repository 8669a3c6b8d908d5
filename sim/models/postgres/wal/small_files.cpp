#include "sim/models/postgres/wal/small_files.hpp"

#include <span>

namespace atlas::sim::models::postgres {

using host::Result;
using host::Task;

Task<Result<std::optional<std::string>>> read_whole_file(host::Host& host, std::string path) {
    auto opened = co_await host.disk().open(path, host::OpenMode::read_write);
    if (!opened && opened.error().code == host::ErrorCode::not_found) co_return std::nullopt;
    if (!opened) co_return std::unexpected(std::move(opened).error());
    const std::unique_ptr<host::File> file = *std::move(opened);
    auto size = co_await file->size();
    if (!size) co_return std::unexpected(std::move(size).error());
    std::string bytes(*size, '\0');
    auto read = co_await host::read_up_to(*file, 0, std::as_writable_bytes(std::span(bytes)));
    if (!read) co_return std::unexpected(std::move(read).error());
    bytes.resize(*read);
    co_return std::optional<std::string>(std::move(bytes));
}

Task<Result<void>> write_whole_file(host::Host& host, std::string directory, std::string name,
                                    std::string bytes, bool fsync) {
    const std::string path = directory + "/" + name;
    auto opened = co_await host.disk().open(path + ".tmp", host::OpenMode::create_or_open);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    std::unique_ptr<host::File> file = *std::move(opened);
    auto done = co_await file->truncate(0);
    if (!done) co_return done;
    done = co_await host::write_all_at(*file, 0, std::as_bytes(std::span(bytes)));
    if (!done) co_return done;
    if (fsync) {
        done = co_await file->sync();
        if (!done) co_return done;
    }
    file.reset();
    done = co_await host.disk().rename(path + ".tmp", path);
    if (!done || !fsync) co_return done;
    done = co_await host.disk().sync_directory(directory);
    co_return done;
}

Task<Result<void>> remove_file(host::Host& host, std::string directory, std::string name,
                               bool fsync) {
    auto removed = co_await host.disk().remove(directory + "/" + name);
    const bool was_there = removed || removed.error().code != host::ErrorCode::not_found;
    if (!removed && was_there) co_return removed;
    if (!was_there || !fsync) co_return Result<void>{};
    removed = co_await host.disk().sync_directory(directory);
    co_return removed;
}

}  // namespace atlas::sim::models::postgres
