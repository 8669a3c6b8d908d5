#include "adapters/posix_disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace atlas::adapters {
namespace {

using host::ErrorCode;
using host::failure;
using host::Result;
using host::Task;

constexpr mode_t file_permissions = 0600;
constexpr mode_t directory_permissions = 0700;

class OwnedDescriptor {
  public:
    explicit OwnedDescriptor(int native = -1) : native_(native) {}
    OwnedDescriptor(OwnedDescriptor&& other) noexcept : native_(std::exchange(other.native_, -1)) {}
    OwnedDescriptor& operator=(OwnedDescriptor&&) = delete;
    ~OwnedDescriptor() {
        if (native_ >= 0) ::close(native_);
    }
    int get() const { return native_; }

  private:
    int native_;
};

std::unexpected<host::Error> disk_failure(int error, std::string_view path) {
    const std::string detail = std::string(path) + ": " + std::system_category().message(error);
    switch (error) {
        case ENOENT:
            return failure(ErrorCode::not_found, detail);
        case EEXIST:
            return failure(ErrorCode::already_exists, detail);
        case ENOSPC:
        case EDQUOT:
            return failure(ErrorCode::no_space, detail);
        case EMFILE:
        case ENFILE:
            return failure(ErrorCode::resource_exhausted, detail);
        default:
            // What a failed read or write left behind is unknown.
            return failure(ErrorCode::io_error, detail, host::Certainty::indefinite);
    }
}

std::unexpected<host::Error> bad_path(std::string_view path) {
    return failure(ErrorCode::invalid_argument, "not a path of this disk: " + std::string(path));
}

// A system call, begun again when a signal cut it short. Returns its value, or -errno.
template <typename Call>
std::int64_t retried(Call call) {
    for (;;) {
        const std::int64_t value = call();
        if (value >= 0) return value;
        if (errno != EINTR) return -static_cast<std::int64_t>(errno);
    }
}

int open_at(int root, const std::string& path, int flags) {
    const char* name = path.empty() ? "." : path.c_str();
    return static_cast<int>(retried(
        [&] { return ::openat(root, name, flags | O_CLOEXEC | O_NOFOLLOW, file_permissions); }));
}

class PosixFile final : public host::File {
  public:
    PosixFile(std::string path, OwnedDescriptor descriptor, WorkerPool& blocking)
        : path_(std::move(path)),
          descriptor_(std::move(descriptor)),
          blocking_(blocking),
          line_(blocking.make_line()) {}

    Task<Result<std::size_t>> read_at(std::uint64_t offset, std::span<std::byte> buffer) override {
        Result<std::int64_t> count = co_await in_order([=, this] {
            return ::pread(descriptor_.get(), buffer.data(), buffer.size(),
                           static_cast<off_t>(offset));
        });
        if (!count) co_return std::unexpected(std::move(count.error()));
        co_return static_cast<std::size_t>(*count);
    }

    Task<Result<std::size_t>> write_at(std::uint64_t offset,
                                       std::span<const std::byte> buffer) override {
        Result<std::int64_t> count = co_await in_order([=, this] {
            return ::pwrite(descriptor_.get(), buffer.data(), buffer.size(),
                            static_cast<off_t>(offset));
        });
        if (!count) co_return std::unexpected(std::move(count.error()));
        co_return static_cast<std::size_t>(*count);
    }

    // fdatasync also makes a changed size durable, which is all of the metadata that reading needs.
    Task<Result<void>> sync() override {
        Result<std::int64_t> done =
            co_await in_order([this] { return ::fdatasync(descriptor_.get()); });
        if (!done) co_return std::unexpected(std::move(done.error()));
        co_return Result<void>{};
    }

    Task<Result<void>> truncate(std::uint64_t size) override {
        Result<std::int64_t> done = co_await in_order(
            [=, this] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(size)); });
        if (!done) co_return std::unexpected(std::move(done.error()));
        co_return Result<void>{};
    }

    Task<Result<std::uint64_t>> size() override {
        Result<std::int64_t> size = co_await in_order([this]() -> std::int64_t {
            struct stat status{};
            return ::fstat(descriptor_.get(), &status) == 0 ? status.st_size : -1;
        });
        if (!size) co_return std::unexpected(std::move(size.error()));
        co_return static_cast<std::uint64_t>(*size);
    }

  private:
    template <typename Call>
    Task<Result<std::int64_t>> in_order(Call call) {
        std::int64_t value = 0;
        Result<void> ran = co_await blocking_.run_in_line(line_, [&] { value = retried(call); });
        if (!ran) co_return std::unexpected(std::move(ran.error()));
        if (value < 0) co_return disk_failure(static_cast<int>(-value), path_);
        co_return value;
    }

    std::string path_;
    OwnedDescriptor descriptor_;
    WorkerPool& blocking_;
    WorkerPool::Line line_;
};

// The lock belongs to the open directory and falls with it, also when the process dies (flock(2)).
class FlockedDirectory final : public host::DirectoryLock {
  public:
    explicit FlockedDirectory(OwnedDescriptor descriptor) : descriptor_(std::move(descriptor)) {}

  private:
    OwnedDescriptor descriptor_;
};

int flags_of(host::OpenMode mode) {
    switch (mode) {
        case host::OpenMode::read_only:
            return O_RDONLY;
        case host::OpenMode::read_write:
            return O_RDWR;
        case host::OpenMode::create_or_open:
            return O_RDWR | O_CREAT;
        case host::OpenMode::create_exclusive:
            return O_RDWR | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
}

// Returns 0 or an errno.
int sync_names(int root, const std::string& path) {
    const int native = open_at(root, path, O_RDONLY | O_DIRECTORY);
    if (native < 0) return -native;
    const OwnedDescriptor directory(native);
    return static_cast<int>(-retried([&] { return ::fsync(directory.get()); }));
}

// Returns 0 or an errno.
int make_one_directory(int root, const std::string& path) {
    if (::mkdirat(root, path.c_str(), directory_permissions) == 0) return 0;
    if (errno != EEXIST) return errno;
    struct stat status{};
    if (::fstatat(root, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return errno;
    return S_ISDIR(status.st_mode) ? 0 : EEXIST;
}

// The name of each folder is in the one above it, which is synced even if the folder was there: who
// made it may have been killed before it did so. Returns 0 or an errno.
int make_directories(int root, const std::string& path) {
    std::string above;
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        std::string prefix = path.substr(0, end);
        int error = make_one_directory(root, prefix);
        if (error == 0) error = sync_names(root, above);
        if (error != 0) return error;
        above = std::move(prefix);
    }
    return 0;
}

// Returns 0 or an errno.
int read_names(int root, const std::string& path, std::vector<std::string>& names) {
    const int directory = open_at(root, path, O_RDONLY | O_DIRECTORY);
    if (directory < 0) return -directory;
    DIR* stream = ::fdopendir(directory);
    if (stream == nullptr) {
        const int error = errno;
        ::close(directory);
        return error;
    }
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
        errno = 0;
    }
    const int error = errno;
    ::closedir(stream);
    std::ranges::sort(names);
    return error;
}

// Runs a function that returns 0 or an errno on a thread of the pool.
Task<Result<void>> run_call(WorkerPool& blocking, std::string path, std::function<int()> call) {
    int error = 0;
    Result<void> ran = co_await blocking.run([&] { error = call(); });
    if (!ran) co_return ran;
    if (error != 0) co_return disk_failure(error, path);
    co_return Result<void>{};
}

}  // namespace

bool is_valid_disk_path(std::string_view path) {
    if (path.find('\0') != std::string_view::npos) return false;
    while (!path.empty()) {
        const std::size_t end = path.find('/');
        const std::string_view part = path.substr(0, end);
        if (part.empty() || part == "." || part == "..") return false;
        if (end == std::string_view::npos) return true;
        path.remove_prefix(end + 1);
        if (path.empty()) return false;
    }
    return true;
}

PosixDisk::PosixDisk(const std::filesystem::path& root, WorkerPool& blocking)
    : blocking_(blocking) {
    if (root.empty()) return;
    root_ = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_ < 0) throw std::system_error(errno, std::system_category(), root.string());
}

PosixDisk::~PosixDisk() {
    if (root_ >= 0) ::close(root_);
}

Task<Result<std::unique_ptr<host::File>>> PosixDisk::open(std::string path, host::OpenMode mode) {
    if (!is_valid_disk_path(path) || path.empty()) co_return bad_path(path);
    int native = -1;
    Result<void> ran =
        co_await blocking_.run([&] { native = open_at(root_, path, flags_of(mode)); });
    if (!ran) co_return std::unexpected(std::move(ran.error()));
    if (native < 0) co_return disk_failure(-native, path);
    co_return std::make_unique<PosixFile>(path, OwnedDescriptor(native), blocking_);
}

Task<Result<void>> PosixDisk::rename(std::string from, std::string to) {
    if (!is_valid_disk_path(from) || from.empty()) co_return bad_path(from);
    if (!is_valid_disk_path(to) || to.empty()) co_return bad_path(to);
    co_return co_await run_call(blocking_, from + " to " + to, [&] {
        return ::renameat(root_, from.c_str(), root_, to.c_str()) == 0 ? 0 : errno;
    });
}

Task<Result<void>> PosixDisk::remove(std::string path) {
    if (!is_valid_disk_path(path) || path.empty()) co_return bad_path(path);
    co_return co_await run_call(
        blocking_, path, [&] { return ::unlinkat(root_, path.c_str(), 0) == 0 ? 0 : errno; });
}

Task<Result<void>> PosixDisk::make_directory(std::string path) {
    if (!is_valid_disk_path(path)) co_return bad_path(path);
    if (path.empty()) co_return Result<void>{};
    co_return co_await run_call(blocking_, path, [&] { return make_directories(root_, path); });
}

Task<Result<std::vector<std::string>>> PosixDisk::list(std::string path) {
    if (!is_valid_disk_path(path)) co_return bad_path(path);
    std::vector<std::string> names;
    Result<void> done =
        co_await run_call(blocking_, path, [&] { return read_names(root_, path, names); });
    if (!done) co_return std::unexpected(std::move(done.error()));
    co_return names;
}

Task<Result<void>> PosixDisk::sync_directory(std::string path) {
    if (!is_valid_disk_path(path)) co_return bad_path(path);
    co_return co_await run_call(blocking_, path, [&] { return sync_names(root_, path); });
}

Result<std::unique_ptr<host::DirectoryLock>> PosixDisk::lock_directory(std::string path) {
    if (!is_valid_disk_path(path)) return bad_path(path);
    const int native = open_at(root_, path, O_RDONLY | O_DIRECTORY);
    if (native < 0) return disk_failure(-native, path);
    OwnedDescriptor directory(native);
    if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return failure(ErrorCode::already_exists, "another process holds " + path);
        }
        return disk_failure(errno, path);
    }
    return std::make_unique<FlockedDirectory>(std::move(directory));
}

}  // namespace atlas::adapters
