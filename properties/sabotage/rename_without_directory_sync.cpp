#include "properties/sabotage/rename_without_directory_sync.hpp"

#include <set>
#include <string>
#include <utility>

#include "properties/sabotage/host_with_disk.hpp"

namespace atlas::properties {

namespace {

using host::Result;
using host::Task;

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

class ForgetfulDisk final : public host::Disk {
  public:
    ForgetfulDisk(host::Disk& inner, SabotageLedger& ledger) : inner_(inner), ledger_(ledger) {}

    Task<Result<std::unique_ptr<host::File>>> open(std::string path, host::OpenMode mode) override {
        return inner_.open(std::move(path), mode);
    }
    Task<Result<void>> rename(std::string from, std::string to) override {
        renamed_in_.insert(folder_of(to));
        return inner_.rename(std::move(from), std::move(to));
    }
    Task<Result<void>> remove(std::string path) override { return inner_.remove(std::move(path)); }
    Task<Result<void>> make_directory(std::string path) override {
        return inner_.make_directory(std::move(path));
    }
    Task<Result<std::vector<std::string>>> list(std::string path) override {
        return inner_.list(std::move(path));
    }
    Task<Result<void>> sync_directory(std::string path) override {
        if (renamed_in_.erase(path) == 0) return inner_.sync_directory(std::move(path));
        ++ledger_.acted;
        return left_out();
    }
    Result<std::unique_ptr<host::DirectoryLock>> lock_directory(std::string path) override {
        return inner_.lock_directory(std::move(path));
    }

  private:
    static Task<Result<void>> left_out() { co_return Result<void>{}; }

    host::Disk& inner_;
    SabotageLedger& ledger_;
    std::set<std::string> renamed_in_;
};

Task<> run_forgetfully(std::function<Task<>(host::Host&)> program, host::Host& host,
                       SabotageLedger& ledger) {
    ForgetfulDisk disk(host.disk(), ledger);
    HostWithDisk own(host, disk);
    co_await program(own);
}

}  // namespace

std::function<Task<>(host::Host&)> rename_without_directory_sync(
    std::function<Task<>(host::Host&)> program, SabotageLedger& ledger) {
    return [program = std::move(program), &ledger](host::Host& host) {
        return run_forgetfully(program, host, ledger);
    };
}

}  // namespace atlas::properties
