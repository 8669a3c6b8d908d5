#include "system/sql/session.hpp"

namespace atlas::sql {

std::string_view name(Consistency consistency) noexcept {
    switch (consistency) {
        case Consistency::strong:
            return "strong";
        case Consistency::session:
            return "session";
        case Consistency::eventual:
            return "eventual";
    }
    return "unknown";
}

std::optional<Consistency> consistency_named(std::string_view wanted) noexcept {
    for (const Consistency each :
         {Consistency::strong, Consistency::session, Consistency::eventual}) {
        if (name(each) == wanted) return each;
    }
    return std::nullopt;
}

}  // namespace atlas::sql
