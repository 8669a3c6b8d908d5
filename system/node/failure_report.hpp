#pragma once
// What a start that fails again and again says: each change at once, the same now and then.

#include <string>

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"

namespace atlas::node {

class FailureReport {
  public:
    explicit FailureReport(host::Host& host) : host_(host) {}

    void failed(const sql::Error& error);

  private:
    host::Host& host_;
    std::string last_;
    host::TimePoint repeat_at_{};
};

}  // namespace atlas::node
