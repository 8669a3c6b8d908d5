#include "adapters/failed_checks.hpp"

#include <fmt/format.h>

#include "system/host/check.hpp"

namespace atlas::adapters {
namespace {

AsioHost* reporting_host = nullptr;

void report(std::string_view expression, std::string_view message, const char* file, int line) {
    reporting_host->fatal(
        fmt::format("check failed: {}: {} ({}:{})", expression, message, file, line));
}

}  // namespace

FailedChecks::FailedChecks(AsioHost& host) {
    ATLAS_CHECK(reporting_host == nullptr, "failed checks are reported to one host");
    reporting_host = &host;
    host::set_check_handler(report);
}

FailedChecks::~FailedChecks() {
    host::set_check_handler(nullptr);
    reporting_host = nullptr;
}

}  // namespace atlas::adapters
