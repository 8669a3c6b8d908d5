// Reading: from JSON to a Scenario, with a message for whatever is not right.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "sim/scenario/json_document.hpp"
#include "sim/scenario/scenario.hpp"

namespace atlas::sim::scenario {
namespace {

using Kind = JsonValue::Kind;
using faults::FaultPlan;
using faults::KnobType;
using faults::KnobValue;
using faults::Moment;
using faults::Strike;

constexpr std::array<std::string_view, 6> own_members{"name", "description", "expect",
                                                      "draw", "suppress",    "plan"};
constexpr std::array<std::string_view, 9> strike_members{
    "id", "at", "lasts", "machines", "direction", "choice", "clock", "amount", "during"};

class ScenarioReader {
  public:
    explicit ScenarioReader(std::string_view source) : source_(source) {}

    std::expected<Scenario, Complaints> read(const JsonValue& document) {
        if (document.kind != Kind::object) {
            complain(document, "", "a scenario is an object");
            return std::unexpected(complaints_);
        }
        for (const auto& [name, value] : document.members) {
            if (std::ranges::find(own_members, name) == own_members.end()) {
                read_setting(name, value);
            } else {
                read_own(name, value);
            }
        }
        if (!complaints_.empty()) return std::unexpected(complaints_);
        return std::move(scenario_);
    }

  private:
    void complain(const JsonValue& at, std::string_view name, std::string_view what) {
        complaints_.push_back(
            fmt::format("{}:{}: {}{}{}", source_, at.line, name, name.empty() ? "" : ": ", what));
    }

    bool must_be(const JsonValue& value, Kind kind, std::string_view member) {
        if (value.kind == kind) return true;
        complain(
            value, member,
            fmt::format("must be {}, and is {}", scenario::name(kind), scenario::name(value.kind)));
        return false;
    }

    void read_own(const std::string& member, const JsonValue& value) {
        if (member == "draw") {
            if (must_be(value, Kind::boolean, member)) scenario_.draw = value.boolean;
        } else if (member == "suppress") {
            read_suppressed(value);
        } else if (member == "plan") {
            read_plan(value);
        } else if (must_be(value, Kind::string, member)) {
            if (member == "name") scenario_.name = value.text;
            if (member == "description") scenario_.description = value.text;
            if (member == "expect") read_expect(value);
        }
    }

    void read_expect(const JsonValue& value) {
        constexpr std::string_view prefix = "invalid:";
        if (value.text != "valid" && value.text != "detected" &&
            (!value.text.starts_with(prefix) || value.text.size() == prefix.size())) {
            complain(value, "expect",
                     fmt::format("is '{}', and must be 'valid', 'detected', or 'invalid:' and a "
                                 "property's name",
                                 value.text));
        }
        scenario_.expect = value.text;
    }

    void read_suppressed(const JsonValue& value) {
        if (!must_be(value, Kind::array, "suppress")) return;
        for (const JsonValue& item : value.items) {
            if (!must_be(item, Kind::string, "suppress")) continue;
            if (const auto fault = faults::parse_fault_id(item.text)) {
                scenario_.suppressed.insert(*fault);
            } else if (const auto operation = parse_operation_id(item.text)) {
                scenario_.suppressed_operations.insert(*operation);
            } else {
                complain(item, "suppress",
                         not_an_id(item.text) + "; or operation/CLIENT/NUMBER, as in a history");
            }
        }
    }

    static std::string not_an_id(std::string_view text) {
        return fmt::format(
            "'{}' is no id of a fault: KIND/TARGET/NUMBER, as in "
            "process.kill/api-1/0; `list faults` names the kinds",
            text);
    }

    // Objects nest along the dots of a knob's name.
    void read_setting(const std::string& name, const JsonValue& value) {
        if (value.kind == Kind::object) {
            if (!is_section(name)) return complain(value, name, no_such_setting(name));
            for (const auto& [member, inner] : value.members)
                read_setting(name + "." + member, inner);
            return;
        }
        const faults::Knob* knob = faults::find_knob(name);
        if (knob == nullptr) return complain(value, name, no_such_setting(name));
        const auto parsed = value_for(*knob, value);
        if (!parsed) return;
        faults::SwarmOptions probe;
        const auto set = faults::assign(probe, name, *parsed);
        if (!set) return complain(value, "", set.error().detail);
        scenario_.settings.emplace_back(name, *parsed);
    }

    static bool is_section(std::string_view name) {
        const std::string prefix = std::string(name) + ".";
        return std::ranges::any_of(faults::all_knobs(), [&](const faults::Knob& knob) {
            return knob.name.starts_with(prefix);
        });
    }

    static std::string no_such_setting(std::string_view name) {
        std::vector<std::string_view> known(own_members.begin(), own_members.end());
        std::vector<std::string> sections;
        for (const faults::Knob& knob : faults::all_knobs()) {
            for (std::size_t dot = knob.name.find('.'); dot != std::string_view::npos;
                 dot = knob.name.find('.', dot + 1)) {
                sections.emplace_back(knob.name.substr(0, dot));
            }
            known.push_back(knob.name);
        }
        known.insert(known.end(), sections.begin(), sections.end());
        const std::string_view near = faults::nearest_name(name, known);
        return near.empty() ? "unknown; `list knobs` names all there are"
                            : fmt::format("unknown; did you mean '{}'?", near);
    }

    std::optional<KnobValue> value_for(const faults::Knob& knob, const JsonValue& value) {
        switch (knob.type) {
            case KnobType::boolean:
                if (!must_be(value, Kind::boolean, knob.name)) return std::nullopt;
                return value.boolean;
            case KnobType::count: {
                if (!must_be(value, Kind::number, knob.name)) return std::nullopt;
                const auto count = number_of(value);
                if (!count) {
                    complain(value, knob.name,
                             fmt::format("is {}, and must be a whole number in {}", value.text,
                                         knob.range()));
                }
                return count;
            }
            case KnobType::duration: {
                if (!must_be(value, Kind::string, knob.name)) return std::nullopt;
                const auto duration = faults::parse_duration(value.text);
                if (!duration) {
                    complain(value, knob.name, duration.error().detail);
                    return std::nullopt;
                }
                return *duration;
            }
            case KnobType::choice:
                if (!must_be(value, Kind::string, knob.name)) return std::nullopt;
                return value.text;
        }
        return std::nullopt;
    }

    static std::optional<std::uint64_t> number_of(const JsonValue& value) {
        std::uint64_t number = 0;
        const char* last = value.text.data() + value.text.size();
        const auto [end, error] = std::from_chars(value.text.data(), last, number);
        if (error != std::errc{} || end != last) return std::nullopt;
        return number;
    }

    void read_plan(const JsonValue& value) {
        if (!must_be(value, Kind::array, "plan")) return;
        FaultPlan plan;
        for (const JsonValue& item : value.items) {
            if (must_be(item, Kind::object, "plan")) read_strike(item, plan);
        }
        faults::sort_plan(plan);
        scenario_.plan = std::move(plan);
    }

    void read_strike(const JsonValue& value, FaultPlan& plan) {
        Strike strike;
        const JsonValue* id = value.find("id");
        if (id == nullptr) return complain(value, "plan", "a strike without an id");
        for (const auto& [member, inner] : value.members)
            read_strike_member(member, inner, strike);
        plan.push_back(std::move(strike));
    }

    void read_strike_member(const std::string& member, const JsonValue& value, Strike& strike) {
        const std::string full = "plan." + member;
        if (member == "id") {
            if (!must_be(value, Kind::string, full)) return;
            const auto id = faults::parse_fault_id(value.text);
            if (!id) return complain(value, full, not_an_id(value.text));
            strike.id = *id;
        } else if (member == "at") {
            strike.at = duration_of(value, full);
        } else if (member == "lasts") {
            strike.lasts = duration_of(value, full);
        } else if (member == "clock") {
            strike.clock = duration_of(value, full);
        } else if (member == "amount") {
            strike.amount = duration_of(value, full);
        } else if (member == "during") {
            if (value.text != "sync" && value.text != "sync_of_rename") {
                return complain(value, full, "must be 'sync' or 'sync_of_rename'");
            }
            strike.moment = value.text == "sync" ? Moment::sync : Moment::sync_of_rename;
        } else if (member == "choice") {
            const auto number = value.kind == Kind::number ? number_of(value) : std::nullopt;
            if (!number) return complain(value, full, "must be a whole number");
            strike.choice = *number;
        } else if (member == "direction") {
            if (value.text != "inward" && value.text != "outward") {
                return complain(value, full, "must be 'inward' or 'outward'");
            }
            strike.inward = value.text == "inward";
        } else if (member == "machines") {
            if (!must_be(value, Kind::array, full)) return;
            for (const JsonValue& item : value.items) {
                if (must_be(item, Kind::string, full)) strike.machines.push_back(item.text);
            }
        } else {
            complain(value, full,
                     fmt::format("unknown; a strike has {}", fmt::join(strike_members, ", ")));
        }
    }

    host::Duration duration_of(const JsonValue& value, const std::string& member) {
        if (!must_be(value, Kind::string, member)) return {};
        const auto duration = faults::parse_duration(value.text);
        if (duration && (*duration >= host::Duration::zero() || member == "plan.clock")) {
            return *duration;
        }
        complain(value, member, duration ? "must not be negative" : duration.error().detail);
        return {};
    }

    std::string source_;
    Scenario scenario_;
    Complaints complaints_;
};

}  // namespace

std::expected<Scenario, Complaints> read_scenario(std::string_view text, std::string_view source) {
    const auto document = parse_json(text);
    if (!document) {
        return std::unexpected(Complaints{fmt::format("{}: {}", source, document.error().detail)});
    }
    return ScenarioReader(source).read(*document);
}

}  // namespace atlas::sim::scenario
