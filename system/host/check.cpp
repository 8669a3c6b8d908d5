#include "system/host/check.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace atlas::host {
namespace {

CheckHandler installed_handler = nullptr;

}  // namespace

void set_check_handler(CheckHandler handler) noexcept {
    installed_handler = handler;
}

void check_failed(std::string_view expression, std::string_view message, const char* file,
                  int line) {
    // Taken out first: a handler that itself fails a check must not call itself for ever.
    const CheckHandler handler = installed_handler;
    installed_handler = nullptr;
    if (handler != nullptr) handler(expression, message, file, line);
    std::fprintf(stderr, "%s:%d: check failed: %.*s: %.*s\n", file, line,
                 static_cast<int>(expression.size()), expression.data(),
                 static_cast<int>(message.size()), message.data());
    std::abort();
}

}  // namespace atlas::host
