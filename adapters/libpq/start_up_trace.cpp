#include "adapters/libpq/start_up_trace.hpp"

#include <charconv>
#include <cstdint>
#include <cstdlib>

namespace atlas::adapters::libpq {
namespace {

std::optional<std::uint32_t> take_number(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return static_cast<std::uint32_t>(value);
}

}  // namespace

StartUpTrace::StartUpTrace(PGconn* connection)
    : connection_(connection), file_(::open_memstream(&text_, &size_)) {
    if (file_ == nullptr) return;
    PQtrace(connection_, file_);
    PQsetTraceFlags(connection_, PQTRACE_SUPPRESS_TIMESTAMPS);
}

StartUpTrace::~StartUpTrace() {
    if (file_ != nullptr) {
        PQuntrace(connection_);
        std::fclose(file_);
    }
    std::free(text_);
}

std::optional<sql::protocol::CancelRequest> StartUpTrace::cancel_key() {
    if (file_ == nullptr || std::fflush(file_) != 0) return std::nullopt;
    const auto key = find_cancel_key(std::string_view(text_, size_));
    const auto process_id = static_cast<std::uint32_t>(PQbackendPID(connection_));
    if (!key || key->process_id != process_id) return std::nullopt;
    return key;
}

std::optional<sql::protocol::CancelRequest> find_cancel_key(std::string_view trace) {
    constexpr std::string_view name = "BackendKeyData";
    const std::size_t at = trace.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view rest = trace.substr(at + name.size());
    const std::optional<std::uint32_t> process_id = take_number(rest);
    const std::optional<std::uint32_t> secret = take_number(rest);
    if (!process_id || !secret) return std::nullopt;
    return sql::protocol::CancelRequest{*process_id, *secret};
}

}  // namespace atlas::adapters::libpq
