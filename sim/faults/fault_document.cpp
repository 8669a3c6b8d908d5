#include "sim/faults/fault_document.hpp"

#include <fmt/format.h>

#include "sim/faults/fault_kind.hpp"
#include "sim/faults/knobs.hpp"
#include "sim/faults/topology.hpp"

namespace atlas::sim::faults {
namespace {

std::string_view when(Occasion occasion) {
    switch (occasion) {
        case Occasion::scheduled:
            return "at planned moments";
        case Occasion::per_operation:
            return "at any operation";
        case Occasion::power_loss:
            return "at a power loss";
    }
    return "";
}

std::string kind_section(const FaultKindInfo& kind) {
    std::string text = fmt::format("### `{}`\n\n{} Strikes {}.\n\n* Effective when {}.\n",
                                   kind.name, kind.sentence, when(kind.occasion), kind.effect);
    text += Envelope::failover().covers_any(kind.kind)
                ? fmt::format("* Floor: {} of 100 seeds that arm it.\n", kind.floor_percent)
                : "* Never drawn: scenarios show that it is detected.\n";
    const std::string prefix = "faults." + std::string(kind.name) + ".";
    for (const Knob& knob : all_knobs()) {
        if (!knob.name.starts_with(prefix)) continue;
        // `network.partition` is no kind, but a name may yet be the beginning of another.
        if (knob.name.find('.', prefix.size()) != std::string_view::npos) continue;
        text += fmt::format("* `{}` ({}): {}\n", knob.name, knob.range(), knob.sentence);
    }
    return text + '\n';
}

std::string envelope_section() {
    const Envelope alone = Envelope::single_postgres();
    const Envelope failover = Envelope::failover();
    std::string text =
        "## The envelope\n\n"
        "What a topology claims to survive: API nodes without state, and one PostgreSQL by itself; "
        "or several, with\nagents and a lease store. The dice stay inside it; a plan by hand that "
        "leaves it must say in `expect` which\nproperty it violates. A PostgreSQL's machine is "
        "lost only while a follower could take over\n([why](decisions/0008-faults.md)). Clients "
        "are never struck down: their histories are the evidence.\n\n"
        "| kind | API node | PostgreSQL by itself | with followers | lease store | client |\n"
        "|---|---|---|---|---|---|\n";
    const auto mark = [](const Envelope& envelope, FaultKind kind, Role role) {
        return envelope.covers(kind, role) ? "survived" : "-";
    };
    for (const FaultKindInfo& kind : all_fault_kinds()) {
        text += fmt::format(
            "| `{}` | {} | {} | {} | {} | {} |\n", kind.name, mark(alone, kind.kind, Role::api),
            mark(alone, kind.kind, Role::postgres), mark(failover, kind.kind, Role::postgres),
            mark(failover, kind.kind, Role::lease_store), mark(alone, kind.kind, Role::client));
    }
    return text;
}

constexpr std::string_view introduction = R"(# Faults

<!-- Written by `atlas-sim list faults --markdown`; a test compares it. Do not edit. -->

Each run draws from its seed which of these kinds it has and how often they strike (swarm testing),
prints that first, and keeps a ledger:

* **armed**: the run has the kind and an occasion for it (of planned kinds: how many strikes);
* **fired**: the dice said "now", and there was something to strike;
* **effective**: a result was seen at the seam: a later delivery, changed bytes, an error returned,
  work lost. Each kind says below what that is, and in how many of 100 seeds that arm it that must
  come about at least. A fault that does nothing is a bug of the simulator.

Every decision has a stable id, KIND/TARGET/NUMBER, as in `process.kill/api-1/0`, and a random source
of its own. `--print-scenario --expanded` writes out the whole plan; a scenario file can give a plan
of its own, and can list ids to suppress: suppressing one leaves the draws of all others alone.

At the end of the safety phase faults stop: links open, paused processes go on, machines and
processes are up again. Clocks stay as wrong as they are, and no longer drift.

## The kinds

)";

}  // namespace

std::string fault_document() {
    std::string text{introduction};
    for (const FaultKindInfo& kind : all_fault_kinds())
        text += kind_section(kind);
    return text + envelope_section();
}

}  // namespace atlas::sim::faults
