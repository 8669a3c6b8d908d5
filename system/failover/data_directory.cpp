#include "system/failover/data_directory.hpp"

#include <utility>

#include "system/failover/conninfo.hpp"
#include "system/host/whole_file.hpp"

namespace atlas::failover {

using host::ErrorCode;
using host::Result;
using host::Task;

namespace {

constexpr const char* settings_file = "postgresql.auto.conf";
constexpr const char* standby_signal = "standby.signal";
constexpr const char* new_mark = "unpublished";

}  // namespace

DataDirectory::DataDirectory(host::Host& host, std::string directory, std::string sign)
    : host_(host), directory_(std::move(directory)), sign_(std::move(sign)) {}

Task<Result<ServerState>> DataDirectory::look() {
    ServerState state;
    const auto unfinished = co_await host::read_whole_file(host_, directory_ + "/unfinished");
    if (!unfinished) co_return std::unexpected(unfinished.error());
    const auto sign = co_await host::read_whole_file(host_, data() + "/" + sign_);
    if (!sign) co_return std::unexpected(sign.error());
    state.exists = !*unfinished && *sign;
    const auto unpublished = co_await host::read_whole_file(host_, directory_ + "/" + new_mark);
    if (!unpublished) co_return std::unexpected(unpublished.error());
    state.is_unpublished = unpublished->has_value();
    const auto signal = co_await host::read_whole_file(host_, data() + "/" + standby_signal);
    if (!signal) co_return std::unexpected(signal.error());
    if (!*signal) co_return state;
    const auto settings = co_await host::read_whole_file(host_, data() + "/" + settings_file);
    if (!settings) co_return std::unexpected(settings.error());
    state.follows =
        endpoint_of(setting_in(settings->value_or(""), "primary_conninfo").value_or(""));
    co_return state;
}

Task<Result<void>> DataDirectory::begin() {
    Result<void> done = co_await host_.disk().make_directory(data());
    if (done) done = co_await host::replace_file(host_, directory_, "unfinished", "");
    co_await host_.fault_point("failover.data_begun");
    co_return done;
}

Task<Result<void>> DataDirectory::mark_new() {
    const Result<void> done = co_await host::replace_file(host_, directory_, new_mark, "");
    co_return done;
}

Task<Result<void>> DataDirectory::published() {
    const Result<void> done = co_await host::remove_file(host_, directory_, new_mark);
    co_return done;
}

Task<Result<void>> DataDirectory::finish() {
    co_await host_.fault_point("failover.data_made");
    Result<void> done = co_await host_.disk().sync_directory(directory_);
    if (done) done = co_await host::remove_file(host_, directory_, "unfinished");
    co_return done;
}

// First the address, then the signal: one that has the signal knows whom to follow.
Task<Result<void>> DataDirectory::follow(std::string conninfo) {
    Result<void> done = co_await set({{"primary_conninfo", std::move(conninfo)}});
    if (done) done = co_await host::replace_file(host_, data(), standby_signal, "");
    co_return done;
}

Task<Result<void>> DataDirectory::set(ServerSettings settings) {
    const auto file = co_await host::read_whole_file(host_, data() + "/" + settings_file);
    if (!file) co_return std::unexpected(file.error());
    std::string text = file->value_or("");
    for (const auto& [name, value] : settings)
        text = with_setting(text, name, value);
    const Result<void> done =
        co_await host::replace_file(host_, data(), settings_file, std::move(text));
    co_return done;
}

}  // namespace atlas::failover
