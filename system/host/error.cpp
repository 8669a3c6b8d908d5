#include "system/host/error.hpp"

namespace atlas::host {

std::string_view name(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument:
            return "invalid_argument";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::already_exists:
            return "already_exists";
        case ErrorCode::conflict:
            return "conflict";
        case ErrorCode::deadline_exceeded:
            return "deadline_exceeded";
        case ErrorCode::unavailable:
            return "unavailable";
        case ErrorCode::connection_refused:
            return "connection_refused";
        case ErrorCode::connection_reset:
            return "connection_reset";
        case ErrorCode::closed:
            return "closed";
        case ErrorCode::address_in_use:
            return "address_in_use";
        case ErrorCode::resource_exhausted:
            return "resource_exhausted";
        case ErrorCode::no_space:
            return "no_space";
        case ErrorCode::io_error:
            return "io_error";
        case ErrorCode::data_corrupted:
            return "data_corrupted";
        case ErrorCode::protocol_error:
            return "protocol_error";
        case ErrorCode::unsupported:
            return "unsupported";
    }
    return "unknown";
}

std::string describe(const Error& error) {
    std::string text{name(error.code)};
    if (error.certainty == Certainty::indefinite) text += " (indefinite)";
    if (!error.detail.empty()) {
        text += ": ";
        text += error.detail;
    }
    return text;
}

}  // namespace atlas::host
