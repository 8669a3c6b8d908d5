#include "properties/checkers/generated_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

namespace atlas::properties {

namespace {

/// Deals out calls, effects and ends, one line each, until all operations are planned.
class Planner {
  public:
    Planner(host::RandomSource& random, PlanOptions options)
        : random_(random), options_(options), clients_(options.clients) {}

    Plan plan() {
        while (true) {
            const std::size_t which = random_.below(clients_.size());
            Client& client = clients_[which];
            ++line_;
            if (!client.slot) {
                if (plan_.slots.size() < options_.operations) {
                    call(client);
                } else if (is_quiet()) {
                    return std::move(plan_);
                }
            } else if (!client.took_effect && !client.never_takes_effect) {
                client.took_effect = true;
                plan_.effects.push_back(*client.slot);
            } else {
                end(client);
            }
        }
    }

  private:
    struct Client {
        std::uint64_t number = 0;
        std::optional<std::size_t> slot = {};
        bool took_effect = false;
        bool stays_open = false;
        bool never_takes_effect = false;
    };

    bool is_quiet() const {
        return std::none_of(clients_.begin(), clients_.end(),
                            [](const Client& client) { return client.slot.has_value(); });
    }
    void call(Client& client) {
        client = {next_client_++, plan_.slots.size(), false, false, false};
        client.stays_open = random_.chance(options_.open_per_thousand, 1000);
        if (client.stays_open) client.never_takes_effect = random_.chance(1, 2);
        plan_.slots.push_back({client.number, {line_, Interval::never, {}, {}}});
    }
    void end(Client& client) {
        if (!client.stays_open) plan_.slots[*client.slot].interval.end = line_;
        client.slot.reset();
    }

    host::RandomSource& random_;
    PlanOptions options_;
    std::vector<Client> clients_;
    Plan plan_;
    std::uint64_t line_ = 0;
    std::uint64_t next_client_ = 0;
};

template <SequentialModel Model>
void fill_slots(Partition<Model>& partition, const Plan& plan,
                std::vector<typename Model::Operation> operations) {
    for (std::size_t i = 0; i < plan.slots.size(); ++i) {
        partition.operations.push_back(
            {std::move(operations[i]), plan.slots[i].client, plan.slots[i].interval});
    }
}

}  // namespace

Plan make_plan(host::RandomSource& random, PlanOptions options) {
    return Planner(random, options).plan();
}

Partition<RegisterModel> make_register_history(host::RandomSource& random, PlanOptions options,
                                               std::uint32_t values) {
    using Action = RegisterOperation::Action;
    Partition<RegisterModel> partition{"the register", {}, {}};
    RegisterModel& model = partition.model;
    const Plan plan = make_plan(random, options);
    const auto any_value = [&] { return model.holding(std::to_string(random.below(values))); };
    // Slots that never take effect are open attempts.
    std::vector<RegisterOperation> operations(plan.slots.size(), {Action::attempt_set, 0, 0});
    for (RegisterOperation& operation : operations) {
        operation.value = any_value();
        operation.expected = any_value();
    }
    State state = model.initial_state();
    for (const std::size_t slot : plan.effects) {
        RegisterOperation& operation = operations[slot];
        const bool is_open = plan.slots[slot].interval.is_open();
        const std::uint64_t kind = random.below(3);
        if (kind == 0 && !is_open) {
            operation = {Action::read, state, 0};
        } else if (kind == 1) {
            operation = {Action::write, operation.value, 0};
        } else if (!is_open) {
            operation.action = operation.expected == state ? Action::set : Action::refused_set;
        }
        state = model.step(state, operation);
    }
    fill_slots(partition, plan, std::move(operations));
    return partition;
}

Partition<KeyValueModel> make_key_value_history(host::RandomSource& random, PlanOptions options) {
    Partition<KeyValueModel> partition{"key \"0\"", {}, {}};
    KeyValueModel& model = partition.model;
    const Plan plan = make_plan(random, options);
    std::vector<KeyValueOperation> operations;
    for (std::size_t i = 0; i < plan.slots.size(); ++i) {
        operations.push_back(model.append(fmt::format("never {} ", i)));
    }
    std::string value;
    for (const std::size_t slot : plan.effects) {
        const std::string text = fmt::format("x {} y", slot);
        const std::uint64_t kind = random.below(20);
        if (kind < 9 && !plan.slots[slot].interval.is_open()) {
            operations[slot] = model.get(value);
        } else if (kind < 19) {
            operations[slot] = model.append(text);
            value += text;
        } else {
            operations[slot] = model.put(text);
            value = text;
        }
    }
    fill_slots(partition, plan, std::move(operations));
    return partition;
}

Partition<UserRecordModel> make_user_history(host::RandomSource& random, PlanOptions options) {
    using Action = UserRecordOperation::Action;
    Partition<UserRecordModel> partition{"user 1", {}, {}};
    UserRecordModel& model = partition.model;
    const Plan plan = make_plan(random, options);
    std::vector<UserRecordOperation> operations(plan.slots.size());
    for (std::size_t i = 0; i < plan.slots.size(); ++i) {
        operations[i] = {Action::attempt_update, 0, model.number_of_name(fmt::format("name {}", i)),
                         1 + random.below(5)};
    }
    bool exists = false;
    std::string name;
    std::uint64_t version = 0;
    for (const std::size_t slot : plan.effects) {
        UserRecordOperation& operation = operations[slot];
        const bool is_open = plan.slots[slot].interval.is_open();
        const bool is_outdated = random.chance(1, 4);
        if (!exists) {
            exists = true;
            name = fmt::format("name {}", slot);
            version = 1;
            operation.action = is_open ? Action::attempt_create : Action::create;
            operation.version = 0;
            operation.answer = is_open ? 0 : model.holding(name, version);
        } else if (random.chance(1, 2) && !is_open) {
            operation = {Action::read, model.holding(name, version), 0, 0};
        } else if (is_outdated && !is_open) {
            operation.action = Action::refused_update;
            operation.version = version + 1 + random.below(2);
        } else {
            operation.version = version++;
            name = fmt::format("name {}", slot);
            operation.action = is_open ? Action::attempt_update : Action::update;
            operation.answer = is_open ? 0 : model.holding(name, version);
        }
    }
    fill_slots(partition, plan, std::move(operations));
    return partition;
}

}  // namespace atlas::properties
