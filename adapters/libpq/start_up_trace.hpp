#pragma once
// The key that a CancelRequest must carry. libpq keeps it to itself and shows it only in its trace
// of protocol messages, so that is switched on, into memory, while a session starts.

#include <libpq-fe.h>

#include <cstdio>
#include <optional>
#include <string_view>

#include "system/sql/protocol/frontend.hpp"

namespace atlas::adapters::libpq {

class StartUpTrace {
  public:
    /// Traces until destroyed, which must be before PQfinish.
    explicit StartUpTrace(PGconn* connection);
    StartUpTrace(const StartUpTrace&) = delete;
    StartUpTrace& operator=(const StartUpTrace&) = delete;
    ~StartUpTrace();

    /// After the session has started. Nothing when the trace does not show the key as expected, or
    /// shows another process than libpq names: then the session cannot be cancelled.
    std::optional<sql::protocol::CancelRequest> cancel_key();

  private:
    PGconn* connection_;
    char* text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE* file_;
};

/// The key in a trace's text: "B\t12\tBackendKeyData\t 4711 -123456".
std::optional<sql::protocol::CancelRequest> find_cancel_key(std::string_view trace);

}  // namespace atlas::adapters::libpq
