#include "properties/sabotage/rename_without_directory_sync.hpp"

#include <utility>

namespace atlas::properties {

namespace {

host::Task<host::Result<void>> done_already() {
    co_return host::Result<void>{};
}

host::Task<> run_on_forgetful_disk(HostProgram program, host::Host& host, SabotageLedger& ledger) {
    ForgetfulDisk disk(host.disk(), ledger);
    HostWithDisk sabotaged(host, disk);
    co_await program(sabotaged);
}

}  // namespace

ForgetfulDisk::ForgetfulDisk(host::Disk& inner, SabotageLedger& ledger)
    : DecoratedDisk(inner), ledger_(ledger) {}

host::Task<host::Result<void>> ForgetfulDisk::rename(std::string from, std::string to) {
    renamed_in_ = to.substr(0, to.rfind('/'));
    return DecoratedDisk::rename(std::move(from), std::move(to));
}

host::Task<host::Result<void>> ForgetfulDisk::sync_directory(std::string path) {
    if (path != renamed_in_) return DecoratedDisk::sync_directory(std::move(path));
    renamed_in_.clear();
    ++ledger_.acted;
    return done_already();
}

HostProgram without_directory_sync(HostProgram program, SabotageLedger& ledger) {
    return [program = std::move(program), &ledger](host::Host& host) {
        return run_on_forgetful_disk(program, host, ledger);
    };
}

}  // namespace atlas::properties
