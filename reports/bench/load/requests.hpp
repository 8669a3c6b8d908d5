#pragma once
// The requests of a load: of one operation, for users drawn at random.

#include <cstdint>
#include <optional>
#include <string_view>

#include "system/host/random.hpp"
#include "system/http/message.hpp"

namespace atlas::load {

enum class Operation : std::uint8_t { read, patch, registration };

/// "read", "patch", "register".
std::string_view name(Operation operation);
std::optional<Operation> parse_operation(std::string_view name);

class Requests {
  public:
    /// Of the users that are there before: number n, from 0, has the id
    /// 00000000-0000-7000-8000-NNNNNNNNNNNN in hexadecimal. None is deleted.
    Requests(Operation operation, std::uint64_t users, host::RandomSource random);

    http::Request next();

    /// The status of its answers when all is well.

  private:
    http::Request read();
    http::Request patch();
    http::Request registration();
    std::string path_of_some_user();

    Operation operation_;
    std::uint64_t users_;
    host::RandomSource random_;
};

}  // namespace atlas::load
