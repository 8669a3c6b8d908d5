#include "sim/faults/knobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "system/host/check.hpp"

namespace atlas::sim::faults {
namespace {

using host::ErrorCode;
using host::failure;

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};
// From the largest: text_of takes the first that divides.
constexpr std::array<Unit, 6> units{{{"h", 3'600'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"ms", 1'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};

std::string expected(const Knob& knob) {
    if (knob.type == KnobType::boolean || knob.type == KnobType::choice) return knob.range();
    return fmt::format("a {} in {}", name(knob.type), knob.range());
}

std::unexpected<host::Error> wrong_value(const Knob& knob, std::string_view value) {
    return failure(ErrorCode::invalid_argument,
                   fmt::format("{} is '{}', and must be {}", knob.name, value, expected(knob)));
}

std::unexpected<host::Error> no_such_knob(std::string_view typed) {
    std::vector<std::string_view> names;
    for (const Knob& knob : all_knobs())
        names.push_back(knob.name);
    const std::string_view near = nearest_name(typed, names);
    return failure(ErrorCode::not_found,
                   near.empty()
                       ? fmt::format("there is no '{}'; `list knobs` names all there are", typed)
                       : fmt::format("there is no '{}'; did you mean '{}'?", typed, near));
}

bool in_range(const Knob& knob, const KnobValue& value) {
    if (const auto* count = std::get_if<std::uint64_t>(&value)) {
        return knob.type == KnobType::count && *count >= static_cast<std::uint64_t>(knob.lowest) &&
               *count <= static_cast<std::uint64_t>(knob.highest);
    }
    if (const auto* duration = std::get_if<host::Duration>(&value)) {
        return knob.type == KnobType::duration && duration->count() >= knob.lowest &&
               duration->count() <= knob.highest;
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
        return knob.type == KnobType::choice &&
               std::ranges::find(knob.choices, *text) != knob.choices.end();
    }
    return knob.type == KnobType::boolean;
}

std::optional<KnobValue> parse(const Knob& knob, std::string_view text) {
    switch (knob.type) {
        case KnobType::boolean:
            if (text == "true" || text == "on") return true;
            if (text == "false" || text == "off") return false;
            return std::nullopt;
        case KnobType::count: {
            std::uint64_t count = 0;
            const auto [end, error] =
                std::from_chars(text.data(), text.data() + text.size(), count);
            if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
            return count;
        }
        case KnobType::duration: {
            const auto duration = parse_duration(text);
            if (!duration) return std::nullopt;
            return *duration;
        }
        case KnobType::choice:
            return std::string(text);
    }
    return std::nullopt;
}

// Edit distance (V. Levenshtein, 1966), one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

}  // namespace

std::string_view name(KnobType type) noexcept {
    switch (type) {
        case KnobType::boolean:
            return "true or false";
        case KnobType::count:
            return "whole number";
        case KnobType::duration:
            return "duration";
        case KnobType::choice:
            return "choice";
    }
    return "unknown";
}

std::string Knob::range() const {
    switch (type) {
        case KnobType::boolean:
            return "true or false";
        case KnobType::count:
            return fmt::format("{} .. {}", lowest, highest);
        case KnobType::duration:
            return fmt::format("{} .. {}", text_of(host::Duration{lowest}),
                               text_of(host::Duration{highest}));
        case KnobType::choice:
            return fmt::format("one of {}", fmt::join(choices, ", "));
    }
    return "";
}

const Knob* find_knob(std::string_view name) {
    const auto& knobs = all_knobs();
    const auto found = std::ranges::find(knobs, name, &Knob::name);
    return found == knobs.end() ? nullptr : &*found;
}

bool has(const SwarmOptions& options, FaultKind kind) {
    const Knob* on = find_knob(fmt::format("faults.{}.on", name(kind)));
    ATLAS_CHECK(on != nullptr, "every kind has a switch");
    return std::get<bool>(on->read(options));
}

host::Result<void> assign(SwarmOptions& options, std::string_view name, const KnobValue& value) {
    const Knob* knob = find_knob(name);
    if (knob == nullptr) return no_such_knob(name);
    if (!in_range(*knob, value)) return wrong_value(*knob, text_of(value));
    knob->write(options, value);
    return {};
}

host::Result<void> set(SwarmOptions& options, std::string_view name, std::string_view value) {
    const Knob* knob = find_knob(name);
    if (knob == nullptr) return no_such_knob(name);
    const auto parsed = parse(*knob, value);
    if (!parsed || !in_range(*knob, *parsed)) return wrong_value(*knob, value);
    knob->write(options, *parsed);
    return {};
}

std::string text_of(const KnobValue& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* count = std::get_if<std::uint64_t>(&value)) return std::to_string(*count);
    if (const auto* duration = std::get_if<host::Duration>(&value)) return text_of(*duration);
    return std::get<std::string>(value);
}

std::string text_of(host::Duration duration) {
    if (duration == host::Duration::zero()) return "0s";
    for (const Unit& unit : units) {
        if (duration.count() % unit.nanoseconds == 0) {
            return fmt::format("{}{}", duration.count() / unit.nanoseconds, unit.name);
        }
    }
    return "";
}

host::Result<host::Duration> parse_duration(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const auto unit = std::ranges::find(units, rest, &Unit::name);
    if (error != std::errc{} || unit == units.end() || number > INT64_MAX / unit->nanoseconds ||
        number < INT64_MIN / unit->nanoseconds) {
        return failure(ErrorCode::invalid_argument,
                       fmt::format("'{}' is not a duration: a whole number and one of ns, us, ms, "
                                   "s, m, h, as in 250ms",
                                   text));
    }
    return host::Duration{number * unit->nanoseconds};
}

namespace {

/// A heading, and words behind it on as many lines as they need.
class Section {
  public:
    explicit Section(std::string_view heading)
        : text_(fmt::format("{:<{}}", heading, indent)), column_(indent) {}

    void add(const std::string& word) {
        if (column_ + 1 + word.size() > width) {
            text_ += '\n' + std::string(indent, ' ');
            column_ = indent;
        }
        text_ += ' ' + word;
        column_ += 1 + word.size();
    }
    std::string finish() && { return std::move(text_) + '\n'; }

  private:
    static constexpr std::size_t indent = 34;
    static constexpr std::size_t width = 100;

    std::string text_;
    std::size_t column_;
};

/// A fault that is off is left out, with all that could be said of it.
bool is_shown(const SwarmOptions& options, std::string_view own) {
    if (!own.starts_with("faults.")) return true;
    const Knob* on = find_knob(std::string(own) + ".on");
    return on == nullptr || std::get<bool>(on->read(options));
}

}  // namespace

std::string table(const SwarmOptions& options) {
    std::string lines;
    std::string_view current;
    std::optional<Section> section;
    for (const Knob& knob : all_knobs()) {
        const std::string_view full = knob.name;
        const std::string_view own = full.substr(0, full.rfind('.'));
        if (!is_shown(options, own)) continue;
        if (own != current) {
            if (section) lines += std::move(*section).finish();
            section.emplace(own);
            current = own;
        }
        const std::string_view member = full.substr(own.size() + 1);
        const bool is_switch = own.starts_with("faults.") && member == "on";
        if (!is_switch) section->add(fmt::format("{}={}", member, text_of(knob.read(options))));
    }
    if (section) lines += std::move(*section).finish();
    return lines;
}

std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(3, typed.size() / 2);
    for (const std::string_view each : names) {
        const std::size_t distance = edit_distance(typed, each);
        if (distance < best_distance) {
            best = each;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace atlas::sim::faults
