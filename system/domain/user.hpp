#pragma once
// Users: what they are, and the rules that their members keep.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "system/domain/timestamp.hpp"
#include "system/domain/uuid.hpp"

namespace atlas::domain {

struct User {
    Uuid id;
    std::string email;  ///< As the user wrote it.
    std::string display_name;
    std::int64_t version = 1;  ///< Grows by one with each change.
    Timestamp created_at;
    Timestamp updated_at;

    friend bool operator==(const User&, const User&) = default;
};

/// Lengths in Unicode code points.
inline constexpr std::size_t email_max_length = 254;  // RFC 5321, as corrected by erratum 1690
inline constexpr std::size_t display_name_max_length = 100;
inline constexpr std::size_t password_min_length = 8;
inline constexpr std::size_t password_max_length = 128;

/// The number of code points in well-formed UTF-8.
std::size_t length_in_code_points(std::string_view text);

/// What is wrong with the value, as a sentence for people; nothing when it keeps the rules. The
/// text is well-formed UTF-8.
///
/// An e-mail address here is local-part@domain: 64 bytes at most before the last '@', a domain of
/// at least two labels after it, no white space or control character. Whether it exists only a
/// message to it could tell.
std::optional<std::string_view> find_fault_in_email(std::string_view email);
/// Not empty, not blank, no control character.
std::optional<std::string_view> find_fault_in_display_name(std::string_view display_name);
/// Any characters (NIST SP 800-63B section 5.1.1.2 forbids rules of composition).
std::optional<std::string_view> find_fault_in_password(std::string_view password);

/// What makes two addresses the same: ASCII letters fold, nothing else does. Folding by Unicode or
/// locale would change with their versions, and with it which addresses are taken.
std::string fold_email(std::string_view email);

}  // namespace atlas::domain
