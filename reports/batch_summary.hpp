#pragma once
// What a range of seeds came to, all together.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "reports/run_report.hpp"

namespace atlas::reports {

class BatchSummary {
  public:
    void add(const RunReport& report, const Effort& effort);

    /// With the time that all of them took together, on however many cores.
    std::string to_text(std::chrono::seconds wall_time) const;

  private:
    struct Extreme {
        std::uint64_t value = 0;
        std::string seed;
        void see(std::uint64_t candidate, const std::string& of_seed);
    };
    struct FaultTotal {
        std::uint64_t armed = 0;
        std::uint64_t fired = 0;
        std::uint64_t effective = 0;
    };

    std::uint64_t seeds_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t virtual_milliseconds_ = 0;
    Extreme slowest_;
    Extreme largest_;
    std::map<std::string, FaultTotal> faults_;  ///< Counted in seeds.
    std::map<std::string, OperationCount> operations_;
};

}  // namespace atlas::reports
