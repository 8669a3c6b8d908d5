// What a request carries besides its frame: bodies by their schemas, queries, and the fields with a
// grammar of their own. What is refused is refused with a reason.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "system/api/cursor.hpp"
#include "system/api/entity_tag.hpp"
#include "system/api/idempotency_key.hpp"
#include "system/api/query.hpp"
#include "system/api/schema.hpp"
#include "system/api/user_routes.hpp"

namespace atlas::api {
namespace {

void read_body(std::string_view text, const ObjectSchema& schema) {
    const auto members = read_object(text, schema);
    if (!members) {
        if (members.error().detail.empty()) std::abort();
        return;
    }
    if (members->size() != schema.members.size()) std::abort();
    for (std::size_t i = 0; i < members->size(); ++i) {
        const StringMember& member = schema.members[i];
        if (!(*members)[i]) {
            if (member.required) std::abort();
        } else if (member.find_fault((*members)[i].value())) {
            std::abort();
        }
    }
}

std::optional<std::string_view> no_fault(std::string_view) {
    return std::nullopt;
}

void read_parameters(std::string_view text) {
    constexpr QueryParameter parameters[] = {{"limit", "", no_fault}, {"cursor", "", no_fault}};
    const auto arguments = read_query(text, parameters);
    if (arguments ? arguments->size() != 2 : arguments.error().detail.empty()) std::abort();
}

}  // namespace
}  // namespace atlas::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace atlas::api;
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 6) {
        case 0:
            read_body(text, registration_schema);
            break;
        case 1:
            read_body(text, user_patch_schema);
            break;
        case 2:
            read_parameters(text);
            break;
        case 3:
            (void)parse_if_match(text);
            break;
        case 4:
            (void)parse_idempotency_key(text);
            break;
        default:
            (void)parse_cursor(text);
    }
    return 0;
}
