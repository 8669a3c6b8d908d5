#pragma once
// The Date field (RFC 9110 section 6.6.1).

#include <string>

#include "system/host/time.hpp"

namespace atlas::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT": the IMF-fixdate of that moment.
std::string format_date(host::UtcTime time);

/// Keeps the text of the current second.
class DateCache {
  public:
    const std::string& at(host::UtcTime time);

  private:
    std::chrono::seconds second_ = std::chrono::seconds::min();
    std::string text_;
};

}  // namespace atlas::http
