#pragma once
// Cuts the bytes of one connection into HTTP/1.1 messages (RFC 9112): Boost.Beast's parser behind
// our own message types. No I/O: the caller reads into `room()` and reports with `added()`.
//
//     while (parser.advance() == Progress::need_more) { read into room(); added(count); }
//
// However the bytes are split over calls, the same messages come out, and then, at the latest when
// the stream ends, a failure or none. (How early, and with which status, depends on what came at
// once: Beast looks at a first line that is not whole yet only when it first sees it.)

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "system/http/limits.hpp"
#include "system/http/message.hpp"

namespace atlas::http {

enum class Progress : std::uint8_t {
    need_more,  ///< Read on.
    complete,   ///< A message is whole: take() it.
    failed,     ///< Not HTTP, or past a limit: see failure(). Nothing more will come out.
};

struct ParseFailure {
    /// The answer it deserves when a request fails: 400, 413, 414, 417, 431, 501, 505.
    int status = 400;
    /// For people. A literal.
    std::string_view reason;
};

/// Message is Request or Response.
template <typename Message>
class Parser {
  public:
    explicit Parser(MessageLimits limits);
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    /// Where to read the next bytes to; never empty while advance() says need_more. It is only good
    /// until the next call.
    std::span<std::byte> room();
    void added(std::size_t count);

    /// The peer will send no more: a response that ends with the stream is then complete, anything
    /// else begun is a failure.
    void end_of_stream();

    Progress advance();

    /// The message, after Progress::complete; the parser goes on with the next one.
    Message take();

    ParseFailure failure() const;

    /// No byte of the next message has come.
    bool is_between_messages() const;

    /// A request's header is whole, asks for "100 Continue", and its body has not begun to come.
    /// True once for each such request.
    bool take_expects_continue();

    /// The request that is under way, or that failed, is known to be a HEAD.
    bool is_head() const;

    /// Whether the connection may carry another message after the last one taken.
    bool keeps_alive() const;

  private:
    class Implementation;
    std::unique_ptr<Implementation> implementation_;
};

using RequestParser = Parser<Request>;
using ResponseParser = Parser<Response>;

}  // namespace atlas::http
