#include "system/host/whole_file.hpp"

#include <memory>
#include <span>
#include <string>
#include <utility>

namespace atlas::host {

Task<Result<std::optional<std::string>>> read_whole_file(Host& host, std::string path,
                                                         std::uint64_t most) {
    auto opened = co_await host.disk().open(path, OpenMode::read_only);
    if (!opened && opened.error().code == ErrorCode::not_found) co_return std::nullopt;
    if (!opened) co_return std::unexpected(std::move(opened).error());
    const std::unique_ptr<File> file = *std::move(opened);
    const Result<std::uint64_t> size = co_await file->size();
    if (!size) co_return std::unexpected(size.error());
    if (*size > most) {
        co_return failure(ErrorCode::data_corrupted,
                          "the file \"" + path + "\" has " + std::to_string(*size) +
                              " bytes, and can have no more than " + std::to_string(most));
    }
    std::string bytes(*size, '\0');
    const Result<std::size_t> count =
        co_await read_up_to(*file, 0, std::as_writable_bytes(std::span(bytes)));
    if (!count) co_return std::unexpected(count.error());
    bytes.resize(*count);
    co_return std::optional<std::string>(std::move(bytes));
}

Task<Result<void>> replace_file(Host& host, std::string folder, std::string name, std::string bytes,
                                Durability durability) {
    const bool durable = durability == Durability::durable;
    const std::string path = folder + "/" + name;
    const std::string next = path + ".next";
    auto opened = co_await host.disk().open(next, OpenMode::create_or_open);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    std::unique_ptr<File> file = *std::move(opened);
    Result<void> done = co_await file->truncate(0);
    if (done) done = co_await write_all_at(*file, 0, std::as_bytes(std::span(bytes)));
    if (done && durable) done = co_await file->sync();
    file.reset();
    if (!done) co_return done;
    co_await host.fault_point("file.written");
    done = co_await host.disk().rename(next, path);
    if (done && durable) done = co_await host.disk().sync_directory(folder);
    if (done) co_await host.fault_point("file.replaced");
    co_return done;
}

Task<Result<void>> remove_file(Host& host, std::string folder, std::string name,
                               Durability durability) {
    Result<void> done = co_await host.disk().remove(folder + "/" + name);
    if (!done && done.error().code != ErrorCode::not_found) co_return done;
    if (durability == Durability::unsynced) co_return Result<void>{};
    done = co_await host.disk().sync_directory(folder);
    co_return done;
}

}  // namespace atlas::host
