#pragma once
// Which e-mails may have been somebody's, and when: by what clients asked for and were told.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "properties/history/user_operations.hpp"

namespace atlas::properties {

class TakenEmails {
  public:
    explicit TakenEmails(const std::vector<UserOperation>& operations);

    /// Whether anybody may have had it at any moment between those two lines of the history.
    bool may_be_taken(std::string_view email, std::size_t from_line, std::size_t to_line) const;

  private:
    /// From the request that may have given it until the answer after which it was gone.
    struct Holding {
        std::size_t since;
        std::size_t until;
    };
    std::multimap<std::string, Holding> holdings_;  ///< By folded e-mail.
};

}  // namespace atlas::properties
