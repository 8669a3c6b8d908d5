#pragma once
// What happened, as a rolling hash of all events, and on request as a line an event.
//
// Two runs of one seed must agree in hash and count. The hash covers time, process, kind and
// payload digest of each event and its id; so the first event that differs changes everything after
// it.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sim/kernel/event.hpp"

namespace atlas::sim::kernel {

struct TraceDigest {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t events = 0;

    /// 32 hexadecimal digits.
    std::string hex() const;
    friend bool operator==(const TraceDigest&, const TraceDigest&) = default;
};

class Trace {
  public:
    /// Gets one line of JSON, without the line's end, for each event.
    using Sink = std::function<void(std::string_view line)>;

    void set_sink(Sink sink) { sink_ = std::move(sink); }

    void record(host::TimePoint time, const Event& event);
    const TraceDigest& digest() const { return digest_; }

  private:
    TraceDigest digest_;
    Sink sink_;
};

}  // namespace atlas::sim::kernel
