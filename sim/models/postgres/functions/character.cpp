// char(n): compared, counted and converted without the spaces that fill it.

#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::string_view stripped(Arguments arguments, std::size_t i) {
    std::string_view text = argument<std::string>(arguments, i);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

template <bool (*Holds)(std::partial_ordering)>
Checked<Value> compare_stripped(const EvaluationContext&, Arguments arguments) {
    return Holds(stripped(arguments, 0) <=> stripped(arguments, 1));
}

Checked<Value> as_text(const EvaluationContext&, Arguments arguments) {
    return std::string(stripped(arguments, 0));
}

Checked<Value> length(const EvaluationContext&, Arguments arguments) {
    return utf8_length(stripped(arguments, 0));
}

Checked<Value> byte_length(const EvaluationContext&, Arguments arguments) {
    return static_cast<std::int64_t>(argument<std::string>(arguments, 0).size());
}

}  // namespace

std::vector<Function> character_operators() {
    using enum TypeId;
    return {
        {"=", {bpchar, bpchar}, boolean, compare_stripped<std::is_eq>},
        {"<>", {bpchar, bpchar}, boolean, compare_stripped<std::is_neq>},
        {"<", {bpchar, bpchar}, boolean, compare_stripped<std::is_lt>},
        {"<=", {bpchar, bpchar}, boolean, compare_stripped<std::is_lteq>},
        {">", {bpchar, bpchar}, boolean, compare_stripped<std::is_gt>},
        {">=", {bpchar, bpchar}, boolean, compare_stripped<std::is_gteq>},
    };
}

std::vector<Function> character_functions() {
    using enum TypeId;
    return {
        {"text", {bpchar}, text, as_text},
        {"length", {bpchar}, int4, length},
        {"char_length", {bpchar}, int4, length},
        {"character_length", {bpchar}, int4, length},
        {"octet_length", {bpchar}, int4, byte_length},
    };
}

}  // namespace atlas::sim::models::postgres
