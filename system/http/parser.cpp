// The one file that knows Boost.Beast. Its basic_parser calls back for each part of a message; no
// Beast container is ever filled.

#include "system/http/parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>

#include "system/host/check.hpp"

namespace atlas::http {
namespace {

namespace beast = boost::beast;
using BeastError = beast::http::error;

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

/// Beast's own header limit measures what lies in the buffer, which depends on how the bytes were
/// split. It is switched off; Parser never shows it more than the limit's worth of a header.
template <bool is_request>
class MessageBuilder : public beast::http::basic_parser<is_request> {
  public:
    using Message = std::conditional_t<is_request, Request, Response>;

    explicit MessageBuilder(const MessageLimits& limits) : limits_(&limits) {
        this->header_limit(UINT32_MAX);
        this->body_limit(limits.body_bytes);
        message.headers.reserve(8);
        if constexpr (is_request) message.method.clear();  // Known when it has been read.
        this->eager(false);  // Stops after the header, so that its bytes can be counted.
    }

    Message message;
    std::optional<ParseFailure> failure;
    int version = 11;
    bool first_line_done = false;
    bool header_done = false;
    bool body_begun = false;
    bool expects_continue = false;
    bool has_host = false;

  private:
    void refuse(int status, std::string_view reason, beast::error_code& error) {
        failure = ParseFailure{status, reason};
        error = BeastError::bad_value;
    }

    void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                         int its_version, beast::error_code& error) override {
        if constexpr (is_request) {
            message.method = view(method);
            if (target.size() > limits_->target_bytes) {
                return refuse(414, "the request target is too long", error);
            }
            message.target = view(target);
            version = its_version;
            first_line_done = true;
        }
    }

    void on_response_impl(int status, beast::string_view, int its_version,
                          beast::error_code&) override {
        if constexpr (!is_request) {
            message.status = status;
            version = its_version;
            first_line_done = true;
        }
    }

    void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                       beast::error_code& error) override {
        if (++fields_ > limits_->header_fields) {
            return refuse(431, "too many header fields", error);
        }
        // A trailer field must not pass for a header field (RFC 9110 section 6.5.1).
        if (header_done) return;
        if constexpr (is_request) {
            if (field == beast::http::field::host) {
                if (has_host) return refuse(400, "more than one Host", error);
                has_host = true;
            } else if (field == beast::http::field::expect) {
                if (!equal_names(view(value), "100-continue")) {
                    return refuse(417, "only 100-continue can be expected", error);
                }
                expects_continue = version >= 11;
            } else if (field == beast::http::field::transfer_encoding &&
                       !equal_names(view(value), "chunked")) {
                return refuse(501, "the only transfer coding is chunked", error);
            }
        }
        message.headers.add(std::string{view(name)}, std::string{view(value)});
    }

    void on_header_impl(beast::error_code& error) override {
        header_done = true;
        if constexpr (is_request) {
            if (version >= 11 && !has_host) return refuse(400, "Host is missing", error);
        }
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>& length,
                           beast::error_code&) override {
        if (length) message.body.reserve(std::min<std::uint64_t>(*length, limits_->body_bytes));
    }

    std::size_t append(beast::string_view bytes) {
        body_begun = true;
        message.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override {
        return append(bytes);
    }

    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {
        body_begun = true;
    }

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                   beast::error_code&) override {
        return append(bytes);
    }

    void on_finish_impl(beast::error_code&) override {}

    const MessageLimits* limits_;
    std::size_t fields_ = 0;
};

ParseFailure classify(beast::error_code error) {
    if (error == BeastError::body_limit) return {413, "the body is too large"};
    if (error == BeastError::bad_version) return {505, "this server speaks HTTP/1.1"};
    if (error == BeastError::bad_method) return {400, "the method is not a token"};
    if (error == BeastError::bad_target) return {400, "the request target is malformed"};
    if (error == BeastError::bad_content_length) return {400, "Content-Length is malformed"};
    if (error == BeastError::bad_transfer_encoding) return {400, "Transfer-Encoding is malformed"};
    return {400, "the message is not HTTP/1.1"};
}

}  // namespace

template <typename Message>
class Parser<Message>::Implementation {
    static constexpr bool is_request = std::is_same_v<Message, Request>;
    static constexpr std::size_t first_buffer_size = 2048;

  public:
    explicit Implementation(MessageLimits limits) : limits_(limits) { builder_.emplace(limits_); }

    std::span<std::byte> room() {
        if (begin_ == end_) begin_ = end_ = 0;
        if (end_ == buffer_.size()) {
            if (begin_ > 0) {
                std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
                end_ -= begin_;
                begin_ = 0;
            } else {
                buffer_.resize(std::max(first_buffer_size, buffer_.size() * 2));
            }
        }
        return std::span{buffer_}.subspan(end_);
    }

    void added(std::size_t count) {
        ATLAS_CHECK(count <= buffer_.size() - end_, "bytes are added where there was room");
        end_ += count;
    }

    void end_of_stream() { ended_ = true; }

    Progress advance() {
        if (failure_) return Progress::failed;
        while (!builder_->is_done()) {
            if (begin_ == end_) return ended_ ? finish() : Progress::need_more;
            const bool in_header = !builder_->header_done;
            if (!in_header && builder_->chunked() && end_ - begin_ < shortest_last_chunk) {
                return ended_ ? finish() : Progress::need_more;
            }
            // So that the limits do not depend on how much came at once: of a header and of a
            // trailer never more is shown than may be there.
            const std::size_t most = in_header             ? limits_.header_bytes - header_bytes_
                                     : builder_->chunked() ? limits_.header_bytes
                                                           : end_ - begin_;
            const std::size_t shown = std::min(end_ - begin_, most);
            beast::error_code error;
            const std::size_t used = builder_->put({buffer_.data() + begin_, shown}, error);
            begin_ += used;
            if (in_header) header_bytes_ += used;
            if (error == BeastError::need_more) {
                const std::size_t left = shown - used;
                if (in_header && header_bytes_ + left >= limits_.header_bytes) {
                    return fail(has_first_line(left)
                                    ? ParseFailure{431, "the header is too large"}
                                    : ParseFailure{414, "the request line is too long"});
                }
                // Outside the header only the lines between chunks wait in the buffer.
                if (!in_header && left >= limits_.header_bytes) {
                    return fail({400, "a chunk's header or the trailer is too long"});
                }
                if (shown < end_ - begin_ + used) continue;
                return ended_ ? finish() : Progress::need_more;
            }
            if (error) return fail(builder_->failure ? *builder_->failure : classify(error));
        }
        return Progress::complete;
    }

    Message take() {
        ATLAS_CHECK(builder_->is_done(), "only a whole message can be taken");
        Message message = std::move(builder_->message);
        // HTTP/1.0 clients that want to keep a connection expect to be told so; they are not.
        keeps_alive_ = builder_->keep_alive() && builder_->version >= 11;
        builder_.emplace(limits_);
        header_bytes_ = 0;
        return message;
    }

    ParseFailure failure() const { return failure_.value_or(ParseFailure{}); }

    bool is_between_messages() const { return begin_ == end_ && !builder_->got_some(); }

    bool take_expects_continue() {
        if (!builder_->header_done || builder_->body_begun || begin_ != end_) return false;
        return std::exchange(builder_->expects_continue, false);
    }

    bool is_head() const {
        if constexpr (is_request) {
            if (!builder_->message.method.empty()) return builder_->message.method == "HEAD";
            constexpr std::string_view start = "HEAD ";
            return header_bytes_ == 0 && end_ - begin_ >= start.size() &&
                   std::memcmp(buffer_.data() + begin_, start.data(), start.size()) == 0;
        }
        return false;
    }

    bool keeps_alive() const { return keeps_alive_; }

  private:
    /// "0", CRLF, CRLF: no chunked body ends with less. Beast asserts that it is not shown less of
    /// its end a second time (1.81, parse_chunk_header).
    static constexpr std::size_t shortest_last_chunk = 5;

    /// Beast may have put off parsing a first line that is there.
    bool has_first_line(std::size_t unparsed) const {
        return builder_->first_line_done ||
               std::memchr(buffer_.data() + begin_, '\n', unparsed) != nullptr;
    }

    Progress fail(ParseFailure failure) {
        failure_ = failure;
        return Progress::failed;
    }

    Progress finish() {
        constexpr ParseFailure too_early{400, "the message ends too early"};
        if (!builder_->got_some()) return fail(too_early);
        beast::error_code error;
        builder_->put_eof(error);
        if (error || !builder_->is_done()) return fail(too_early);
        return Progress::complete;
    }

    MessageLimits limits_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t header_bytes_ = 0;
    bool ended_ = false;
    bool keeps_alive_ = true;
    std::optional<ParseFailure> failure_;
    std::optional<MessageBuilder<is_request>> builder_;
};

template <typename Message>
Parser<Message>::Parser(MessageLimits limits)
    : implementation_(std::make_unique<Implementation>(limits)) {}

template <typename Message>
Parser<Message>::~Parser() = default;

template <typename Message>
std::span<std::byte> Parser<Message>::room() {
    return implementation_->room();
}

template <typename Message>
void Parser<Message>::added(std::size_t count) {
    implementation_->added(count);
}

template <typename Message>
void Parser<Message>::end_of_stream() {
    implementation_->end_of_stream();
}

template <typename Message>
Progress Parser<Message>::advance() {
    return implementation_->advance();
}

template <typename Message>
Message Parser<Message>::take() {
    return implementation_->take();
}

template <typename Message>
ParseFailure Parser<Message>::failure() const {
    return implementation_->failure();
}

template <typename Message>
bool Parser<Message>::is_between_messages() const {
    return implementation_->is_between_messages();
}

template <typename Message>
bool Parser<Message>::take_expects_continue() {
    return implementation_->take_expects_continue();
}

template <typename Message>
bool Parser<Message>::is_head() const {
    return implementation_->is_head();
}

template <typename Message>
bool Parser<Message>::keeps_alive() const {
    return implementation_->keeps_alive();
}

template class Parser<Request>;
template class Parser<Response>;

}  // namespace atlas::http
