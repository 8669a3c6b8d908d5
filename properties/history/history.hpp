#pragma once
// A history in the sense of Jepsen (Kingsbury, "jepsen.history"): what clients asked for and what
// they were told, in the order in which it happened. The order of the entries is real time; the
// times are for people.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "system/host/time.hpp"

namespace atlas::properties {

enum class EntryType : std::uint8_t {
    invoke,  ///< A client asks.
    ok,      ///< It took effect, and this is the answer.
    fail,    ///< Definite: it did not take effect.
    info,    ///< Indefinite: it may have taken effect, or may yet, or never will.
};

/// "invoke", "ok", "fail", "info".
std::string_view name(EntryType type) noexcept;

struct Entry {
    /// The client. It has at most one operation under way; after an `info` it may go on.
    std::uint64_t process = 0;
    EntryType type = EntryType::invoke;
    /// Since the start of the run; never goes back from one entry to the next.
    host::Duration time{};
    /// "get_user": the same word in an operation's two entries.
    std::string function = {};
    /// JSON text on one line; "null" where there is nothing to say.
    std::string value = "null";
    /// For people: what went wrong. Empty with `invoke` and `ok`.
    std::string error = {};
    /// With `invoke`: which operation of the workload made the call, by its id; may be empty.
    std::string operation = {};

    friend bool operator==(const Entry&, const Entry&) = default;
};

using History = std::vector<Entry>;

}  // namespace atlas::properties
