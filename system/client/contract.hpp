#pragma once
// What an answer of the API may look like: from an HTTP response to the outcome of a call. Whatever
// the contract does not allow is contract_violated.

#include "system/client/client.hpp"
#include "system/http/message.hpp"

namespace atlas::client {

/// What a call can expect beside success and the failures that every call may meet.
struct Expectation {
    int success = 200;
    bool only_reads = false;
    bool may_be_not_found = false;
    bool may_be_taken = false;
    bool has_precondition = false;
    /// It takes effect once, however often it is sent.
    bool is_keyed = false;
};

/// The user of an answer with the expected status: checks media type, members, and that ETag and
/// version agree.
Outcome<User> read_user(const http::Response& response, const Expectation& expectation);

/// Likewise; and that the users come in the order of their ids.
Outcome<UserPage> read_user_page(const http::Response& response, const Expectation& expectation);

/// Why an answer with another status is a failure, and of which kind.
Failure read_failure(const http::Response& response, const Expectation& expectation);

/// The failure of a call whose answer breaks the contract.
Failure contract_violated(const http::Response& response, const Expectation& expectation,
                          std::string detail);

}  // namespace atlas::client
