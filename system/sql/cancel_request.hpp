#pragma once
// Asking a server to cancel what one of its sessions is doing: a connection of its own, one packet,
// no answer ("Canceling Requests in Progress" in PostgreSQL's protocol documentation).

#include "system/host/host.hpp"
#include "system/sql/connection.hpp"
#include "system/sql/protocol/frontend.hpp"

namespace atlas::sql {

/// Success says only that the server took the packet and closed the connection. The request may
/// reach the session after the operation it was meant for, and then hit the next one: the caller
/// lets the connection rest until it has the answer to both.
/// Errors: cannot_connect, connection_lost, deadline_exceeded.
host::Task<Result<void>> send_cancel_request(host::Host& host, host::Context context,
                                             host::Endpoint endpoint,
                                             protocol::CancelRequest request);

}  // namespace atlas::sql
