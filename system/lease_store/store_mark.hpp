#pragma once
// Which store it is, and how far it has come: in a field of every request and answer, so that
// neither side takes a store that is new, or was put back to what it once had, for the one that the
// other has known. Revisions and fencing tokens mean something within one store's history alone.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atlas::lease_store {

struct StoreMark {
    /// Drawn when the store was made.
    std::string identity;
    std::uint64_t revision = 0;

    /// Whether one that was at `earlier` can have come to be this one.
    bool continues(const StoreMark& earlier) const;
    friend bool operator==(const StoreMark&, const StoreMark&) = default;
};

inline constexpr const char* mark_field = "Atlas-Lease-Store";

/// "3f0c9a515e2b7d84 12".
std::string to_string(const StoreMark& mark);
std::optional<StoreMark> read_mark(std::string_view text);

/// 16 hexadecimal digits.
bool is_identity(std::string_view text);
std::string identity_of(std::uint64_t number);

}  // namespace atlas::lease_store
