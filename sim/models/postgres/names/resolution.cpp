#include "sim/models/postgres/names/resolution.hpp"

#include <algorithm>
#include <optional>

#include "system/host/check.hpp"

namespace atlas::sim::models::postgres::names {
namespace {

using Types = std::vector<const Type*>;
using Outcome = Resolution::Outcome;

struct Candidate {
    char kind;
    bool variadic;
    Types arguments;
};
using Candidates = std::vector<Candidate>;

const Type& type_named(std::string_view name) {
    const Type* const type = find_type(name);
    ATLAS_CHECK(type != nullptr, "the lists name types of the list of types");
    return *type;
}

const Type& type_of(TypeId id) {
    const Type* const type = find_type(static_cast<std::uint32_t>(id));
    ATLAS_CHECK(type != nullptr, "PostgreSQL has every type of the model");
    return *type;
}

Types types_of(std::span<const TypeId> ids) {
    Types types;
    for (const TypeId id : ids)
        types.push_back(&type_of(id));
    return types;
}

bool is_unknown(const Type& type) {
    return type.oid == static_cast<std::uint32_t>(TypeId::unknown);
}

bool is_any(const Type& type) {
    return type.name == "any";
}

// Beside "any", which asks for nothing. The ones of a family must agree with each other.
bool is_compatible_family(const Type& type) {
    return type.name.starts_with("anycompatible");
}

bool is_exact_family(const Type& type) {
    return type.kind == 'p' && type.name.starts_with("any") && !is_any(type) &&
           !is_compatible_family(type);
}

bool converts_implicitly(const Type& from, const Type& to) {
    // Not even a literal is of a type that SQL has no values of.
    if (to.name == "internal") return false;
    if (&from == &to || is_any(to) || is_polymorphic(to) || is_unknown(from)) return true;
    if (const Cast* const cast = find_cast(from.name, to.name)) return cast->context == 'i';
    // Arrays convert as their elements do.
    if (from.element.empty() || to.element.empty()) return false;
    return converts_implicitly(type_named(from.element), type_named(to.element));
}

// The common type of several, as for UNION and CASE; null if there is none.
const Type* common_type(const Types& types) {
    const Type* chosen = types.front();
    for (const Type* type : types) {
        if (type == chosen) continue;
        if (type->category != chosen->category) return nullptr;
        if (!chosen->preferred && converts_implicitly(*chosen, *type) &&
            !converts_implicitly(*type, *chosen))
            chosen = type;
    }
    const auto fits = [&](const Type* type) { return converts_implicitly(*type, *chosen); };
    return std::ranges::all_of(types, fits) ? chosen : nullptr;
}

// anyelement, anyarray and their kin: all are one type, its arrays the arrays of it.
bool exact_family_agrees(const Types& declared, const Types& given) {
    std::string_view element;
    std::string_view of_array;
    bool no_array = false;
    bool impossible = false;
    const auto agree = [&](std::string_view& known, std::string_view type) {
        impossible |= !known.empty() && known != type;
        known = type;
    };
    for (std::size_t i = 0; i < declared.size(); ++i) {
        if (!is_exact_family(*declared[i])) continue;
        const std::string_view family = declared[i]->name;
        no_array |= family == "anynonarray";
        // Nothing in the model is one, and not even an unknown literal will do.
        impossible |= family == "anyenum";
        if (is_unknown(*given[i])) continue;
        if (family == "anyelement" || family == "anynonarray") {
            agree(element, given[i]->name);
        } else if (family == "anyarray" && !given[i]->element.empty()) {
            agree(of_array, given[i]->element);
        } else {
            impossible = true;
        }
    }
    if (!element.empty() && !of_array.empty() && element != of_array) impossible = true;
    const std::string_view all = element.empty() ? of_array : element;
    if (no_array && !all.empty() && !type_named(all).element.empty()) impossible = true;
    return !impossible;
}

// anycompatible, anycompatiblearray and their kin: all convert to one type.
bool compatible_family_agrees(const Types& declared, const Types& given) {
    Types parts;
    bool no_array = false;
    for (std::size_t i = 0; i < declared.size(); ++i) {
        const std::string_view family = declared[i]->name;
        if (!is_compatible_family(*declared[i])) continue;
        no_array |= family == "anycompatiblenonarray";
        if (is_unknown(*given[i])) continue;
        if (family == "anycompatible" || family == "anycompatiblenonarray") {
            parts.push_back(given[i]);
        } else if (family == "anycompatiblearray" && !given[i]->element.empty()) {
            parts.push_back(&type_named(given[i]->element));
        } else {
            return false;
        }
    }
    if (parts.empty()) return true;
    const Type* const common = common_type(parts);
    return common != nullptr && !(no_array && !common->element.empty());
}

bool accepts(const Candidate& candidate, const Types& given) {
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (!converts_implicitly(*given[i], *candidate.arguments[i])) return false;
    }
    return exact_family_agrees(candidate.arguments, given) &&
           compatible_family_agrees(candidate.arguments, given);
}

// Keeps those with the highest score.
template <typename Score>
void keep_best(Candidates& candidates, Score&& score) {
    int best = 0;
    for (const Candidate& candidate : candidates)
        best = std::max(best, score(candidate));
    std::erase_if(candidates, [&](const Candidate& each) { return score(each) < best; });
}

int exact_matches(const Candidate& candidate, const Types& given) {
    int count = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (!is_unknown(*given[i]) && candidate.arguments[i] == given[i]) ++count;
    }
    return count;
}

int exact_or_preferred(const Candidate& candidate, const Types& given) {
    int count = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (is_unknown(*given[i])) continue;
        const Type* const wanted = candidate.arguments[i];
        if (wanted == given[i] || (wanted->category == given[i]->category && wanted->preferred))
            ++count;
    }
    return count;
}

// The rule 4.e: what an unknown argument is most likely to be. Without an answer nothing is struck.
void strike_by_category(Candidates& candidates, const Types& given) {
    constexpr char string = 'S';
    Candidates left = candidates;
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (!is_unknown(*given[i])) continue;
        char category = candidates.front().arguments[i]->category;
        bool conflict = false;
        for (const Candidate& candidate : candidates) {
            const char offered = candidate.arguments[i]->category;
            conflict |= offered != category;
            if (offered == string) {
                category = string;
                conflict = false;
                break;
            }
        }
        if (conflict) return;
        const auto is_preferred = [&](const Candidate& candidate) {
            const Type& offered = *candidate.arguments[i];
            return offered.category == category && offered.preferred;
        };
        const bool any_preferred = std::ranges::any_of(candidates, is_preferred);
        std::erase_if(left, [&](const Candidate& candidate) {
            return candidate.arguments[i]->category != category ||
                   (any_preferred && !is_preferred(candidate));
        });
    }
    if (!left.empty()) candidates = std::move(left);
}

// The rule 4.f: perhaps the unknown ones are of the type of all the known ones.
void strike_by_known_type(Candidates& candidates, const Types& given) {
    const Type* known = nullptr;
    for (const Type* type : given) {
        if (is_unknown(*type)) continue;
        if (known != nullptr && known != type) return;
        known = type;
    }
    if (known == nullptr) return;
    const Types all(given.size(), known);
    Candidates left = candidates;
    std::erase_if(left, [&](const Candidate& candidate) { return !accepts(candidate, all); });
    if (left.size() == 1) candidates = std::move(left);
}

// Polymorphic ones need a type from somewhere; anycompatible and its arrays fall back to text. Of a
// range none of the model's types tells anything.
bool is_undetermined(const Candidate& candidate, const Types& given) {
    bool asks = false;
    bool answered = false;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const Type& declared = *candidate.arguments[i];
        if (is_polymorphic(declared) && declared.name.ends_with("range")) return true;
        if (!is_exact_family(declared)) continue;
        asks = true;
        answered |= !is_unknown(*given[i]);
    }
    return asks && !answered;
}

Resolution chosen(Candidate candidate, const Types& given) {
    return {.outcome = is_undetermined(candidate, given) ? Outcome::undetermined : Outcome::found,
            .kind = candidate.kind,
            .arguments = std::move(candidate.arguments)};
}

Resolution choose(Candidates candidates, const Types& given) {
    std::erase_if(candidates, [&](const Candidate& each) { return !accepts(each, given); });
    if (candidates.empty()) return {};
    if (candidates.size() > 1)
        keep_best(candidates, [&](const Candidate& each) { return exact_matches(each, given); });
    if (candidates.size() > 1) {
        keep_best(candidates,
                  [&](const Candidate& each) { return exact_or_preferred(each, given); });
    }
    const bool any_unknown =
        std::ranges::any_of(given, [](const Type* type) { return is_unknown(*type); });
    if (candidates.size() > 1 && any_unknown) {
        strike_by_category(candidates, given);
        if (candidates.size() > 1) strike_by_known_type(candidates, given);
    }
    if (candidates.size() > 1) return {.outcome = Outcome::ambiguous};
    return chosen(std::move(candidates.front()), given);
}

// The declared types for a call with so many arguments; nullopt if it cannot be called so.
std::optional<Candidate> candidate_of(const Function& function, std::size_t count, bool as_array) {
    Candidate candidate{function.kind, !function.variadic.empty() && !as_array, {}};
    for (std::string_view rest = function.arguments; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        candidate.arguments.push_back(&type_named(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::size_t declared = candidate.arguments.size();
    if (candidate.variadic && count >= declared) {
        candidate.arguments.resize(declared - 1);
        candidate.arguments.resize(count, &type_named(function.variadic));
        return candidate;
    }
    candidate.variadic = false;
    if (count > declared || count + static_cast<std::size_t>(function.defaults) < declared)
        return std::nullopt;
    candidate.arguments.resize(count);
    return candidate;
}

Candidates candidates_of(std::span<const Function> functions, std::size_t count, bool as_array) {
    Candidates candidates;
    for (const Function& function : functions) {
        if (auto candidate = candidate_of(function, count, as_array))
            candidates.push_back(*std::move(candidate));
    }
    // What is not variadic hides what is, where both take the same.
    const Candidates all = candidates;
    std::erase_if(candidates, [&](const Candidate& each) {
        return each.variadic && std::ranges::any_of(all, [&](const Candidate& other) {
                   return !other.variadic && other.arguments == each.arguments;
               });
    });
    return candidates;
}

// Whether name(argument) is one of the casts that may be written as a call: those that need no
// function of their own.
bool is_cast_call(std::string_view name, const Type& from) {
    const Type* const to = find_type(name);
    if (to == nullptr || to->kind == 'c') return false;
    if (is_unknown(from) || to == &from) return true;
    if (const Cast* const cast = find_cast(from.name, to->name)) return cast->method != 'f';
    return from.category == 'S' || to->category == 'S';
}

}  // namespace

bool is_polymorphic(const Type& type) {
    return type.kind == 'p' && type.name.starts_with("any");
}

Resolution resolve_function(std::string_view name, std::span<const TypeId> arguments,
                            bool as_array) {
    const Types given = types_of(arguments);
    Candidates candidates = candidates_of(functions_named(name), given.size(), as_array);
    const auto exact = std::ranges::find(candidates, given, &Candidate::arguments);
    if (exact != candidates.end()) return chosen(*exact, given);
    if (given.size() == 1 && !as_array && is_cast_call(name, *given.front()))
        return {.outcome = Outcome::cast};
    return choose(std::move(candidates), given);
}

Resolution resolve_operator(std::string_view name, std::span<const TypeId> arguments) {
    Types given = types_of(arguments);
    Candidates candidates;
    for (const Operator& each : operators_named(name)) {
        if (each.left.empty() != (given.size() == 1)) continue;
        Types declared{&type_named(each.right)};
        if (!each.left.empty()) declared.insert(declared.begin(), &type_named(each.left));
        candidates.push_back({'f', false, std::move(declared)});
    }
    // One unknown beside a known type is first tried as that type.
    Types assumed = given;
    if (given.size() == 2 && is_unknown(*given[0])) assumed[0] = given[1];
    if (given.size() == 2 && is_unknown(*given[1])) assumed[1] = given[0];
    const auto exact = std::ranges::find(candidates, assumed, &Candidate::arguments);
    if (exact != candidates.end()) return chosen(*exact, given);
    return choose(std::move(candidates), given);
}

}  // namespace atlas::sim::models::postgres::names
