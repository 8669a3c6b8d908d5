#include "sim/kernel/trace.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include "sim/kernel/process.hpp"

namespace atlas::sim::kernel {

std::string_view name(EventKind kind) noexcept {
    switch (kind) {
        case EventKind::post:
            return "post";
        case EventKind::wake:
            return "wake";
        case EventKind::alarm:
            return "alarm";
        case EventKind::computation:
            return "computation";
        case EventKind::network:
            return "network";
        case EventKind::disk:
            return "disk";
        case EventKind::fault:
            return "fault";
        case EventKind::control:
            return "control";
    }
    return "unknown";
}

std::string TraceDigest::hex() const {
    return fmt::format("{:016x}{:016x}", high, low);
}

void Trace::record(host::TimePoint time, const Event& event) {
    const std::uint64_t process = event.process == nullptr ? 0 : event.process->number();
    const std::uint64_t words[6] = {
        digest_.low,
        digest_.high,
        static_cast<std::uint64_t>(time.since_epoch.count()),
        (process << 8) | static_cast<std::uint64_t>(event.kind),
        event.id,
        event.digest,
    };
    const XXH128_hash_t hash = XXH3_128bits(words, sizeof words);
    digest_.low = hash.low64;
    digest_.high = hash.high64;
    ++digest_.events;
    if (sink_) {
        sink_(fmt::format(
            R"({{"id":{},"cause":{},"time":{},"process":"{}","kind":"{}","label":"{}","digest":"{:016x}"}})",
            event.id, event.cause, time.since_epoch.count(),
            event.process == nullptr ? "world" : event.process->full_name(), name(event.kind),
            event.label, event.digest));
    }
}

}  // namespace atlas::sim::kernel
