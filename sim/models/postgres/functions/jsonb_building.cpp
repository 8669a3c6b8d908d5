// Functions that make jsonb of values, and change what is at a path in it.

#include <algorithm>
#include <optional>

#include "sim/models/postgres/functions/groups.hpp"
#include "sim/models/postgres/types/json_value.hpp"
#include "sim/models/postgres/types/to_jsonb.hpp"

namespace atlas::sim::models::postgres {
namespace {

using Kind = JsonValue::Kind;

template <TypeId Type>
Checked<Value> to_jsonb(const EvaluationContext&, Arguments arguments) {
    SQL_TRY(std::string text, jsonb_of(Type, *arguments[0]));
    return text;
}

// Of each type one.
template <TypeId... Types>
void add_to_jsonb(std::vector<Function>& functions) {
    (functions.push_back({"to_jsonb", {Types}, TypeId::jsonb, to_jsonb<Types>, Volatility::stable}),
     ...);
}

JsonValue json_or_null(const Value& value) {
    return is_null(value) ? JsonValue{} : read_json(std::get<std::string>(value));
}

// All arguments are jsonb by now; analysis sees to that.
Checked<Value> build_array(const EvaluationContext&, Arguments arguments) {
    JsonValue array{.kind = Kind::array};
    for (const Value* value : arguments)
        array.elements.push_back(json_or_null(*value));
    return write_json(array);
}

Checked<Value> build_object(const EvaluationContext&, Arguments arguments) {
    if (arguments.size() % 2 != 0) {
        auto error = sql_error("22023", "argument list must have even number of elements");
        error.error()->hint =
            "The arguments of jsonb_build_object() must consist of alternating keys and values.";
        return error;
    }
    JsonValue object{.kind = Kind::object};
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        if (is_null(*arguments[i]))
            return sql_error("22023", fmt::format("argument {}: key must not be null", i + 1));
        const JsonValue key = json_or_null(*arguments[i]);
        if (!key.is_scalar())
            return sql_error("22023", "key value must be scalar, not array, composite, or json");
        object.put(json_as_text(key), json_or_null(*arguments[i + 1]));
    }
    return write_json(object);
}

// One jsonb_set(): where its path leads.
struct Setting {
    const std::vector<Value>& path;
    const JsonValue& value;
    bool creates;

    bool is_last(std::size_t level) const { return level + 1 == path.size(); }
    const std::string& step(std::size_t level) const { return std::get<std::string>(path[level]); }
};

Checked<> set_in(JsonValue& whole, const Setting& setting, std::size_t level);

Checked<> set_member(JsonValue& object, const Setting& setting, std::size_t level) {
    const std::string& key = setting.step(level);
    const auto found = std::ranges::find(object.members, key, &JsonValue::Member::first);
    const bool there = found != object.members.end();
    if (setting.is_last(level)) {
        if (there || setting.creates) object.put(key, setting.value);
        return {};
    }
    return there ? set_in(found->second, setting, level + 1) : Checked<>();
}

// What is before the first or after the last is put at that end.
Checked<> set_element(JsonValue& array, const Setting& setting, std::size_t level) {
    const std::optional<std::int32_t> place = place_of(setting.step(level));
    if (!place) {
        return sql_error("22P02", fmt::format("path element at position {} is not an integer: "
                                              "\"{}\"",
                                              level + 1, setting.step(level)));
    }
    if (const JsonValue* const found = array.at(*place)) {
        JsonValue& element =
            array.elements[static_cast<std::size_t>(found - array.elements.data())];
        if (!setting.is_last(level)) return set_in(element, setting, level + 1);
        element = setting.value;
    } else if (setting.is_last(level) && setting.creates) {
        array.elements.insert(*place < 0 ? array.elements.begin() : array.elements.end(),
                              setting.value);
    }
    return {};
}

Checked<> set_in(JsonValue& whole, const Setting& setting, std::size_t level) {
    if (is_null(setting.path[level])) {
        return sql_error("22004", fmt::format("path element at position {} is null", level + 1));
    }
    if (whole.kind == Kind::object) return set_member(whole, setting, level);
    if (whole.kind == Kind::array) return set_element(whole, setting, level);
    return {};
}

Checked<Value> set(const EvaluationContext&, Arguments arguments) {
    JsonValue whole = json_or_null(*arguments[0]);
    const auto& path = argument<std::shared_ptr<const Array>>(arguments, 1)->elements;
    const JsonValue value = json_or_null(*arguments[2]);
    const bool creates = arguments.size() < 4 || argument<bool>(arguments, 3);
    if (whole.is_scalar()) return sql_error("22023", "cannot set path in scalar");
    const bool empty = whole.members.empty() && whole.elements.empty();
    if (path.empty() || (empty && !creates)) return *arguments[0];
    SQL_CHECK(set_in(whole, {path, value, creates}, 0));
    return write_json(whole);
}

}  // namespace

std::vector<Function> jsonb_building_functions() {
    using enum TypeId;
    std::vector<Function> functions{
        {"jsonb_build_array", {}, jsonb, build_array, Volatility::stable, false},
        {"jsonb_build_object", {}, jsonb, build_object, Volatility::stable, false},
        {"jsonb_set", {jsonb, text_array, jsonb}, jsonb, set},
        {"jsonb_set", {jsonb, text_array, jsonb, boolean}, jsonb, set},
    };
    add_to_jsonb<boolean, bytea, name, int8, int2, int4, text, oid, json, bpchar, varchar, date,
                 timestamp, timestamptz, interval, numeric, uuid, pg_lsn, jsonb, bool_array,
                 name_array, int2_array, oid_array, int8_array, int4_array, text_array, uuid_array>(
        functions);
    return functions;
}

}  // namespace atlas::sim::models::postgres
