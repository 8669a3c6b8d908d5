#include "properties/checkers/isolation/generated_transactions.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "properties/checkers/isolation/history_builder.hpp"
#include "system/host/check.hpp"

namespace atlas::properties::isolation {

namespace {

/// What has committed of a key, oldest first.
struct CommittedWrite {
    std::string value;
    std::size_t commit;
};

struct GeneratedKey {
    std::string name;
    std::vector<CommittedWrite> committed = {};
    std::size_t next_value = 1;
};

struct Client {
    bool is_open = false;
    std::size_t snapshot = 0;
    std::size_t next_access = 0;
    std::vector<WrittenAccess> accesses = {};
    std::vector<std::size_t> keys = {};  ///< Of each access, a position in Generator::keys_.
};

class Generator {
  public:
    Generator(host::RandomSource& random, const GeneratedTransactions& options)
        : random_(random), options_(options), clients_(options.processes) {
        for (std::size_t i = 0; i < options.keys; ++i)
            in_use_.push_back(new_key());
    }

    TransactionHistory run() {
        while (begun_ < options_.transactions || open_ > 0)
            step(random_.below(clients_.size()));
        auto history = builder_.finish(options_.model);
        ATLAS_CHECK(history.has_value(), "what is generated is a history");
        return std::move(*history);
    }

  private:
    void step(std::size_t process) {
        Client& client = clients_[process];
        if (!client.is_open) {
            if (begun_ < options_.transactions) begin(process, client);
        } else if (client.next_access < client.accesses.size()) {
            const bool waits = options_.level == GeneratedLevel::strict_serializable;
            if (!waits) answer(client, client.next_access);
            ++client.next_access;
        } else {
            end(process, client);
        }
    }

    std::size_t new_key() {
        keys_.push_back({fmt::format("k{}", keys_.size())});
        return keys_.size() - 1;
    }

    void begin(std::size_t process, Client& client) {
        client = {.is_open = true, .snapshot = commits_};
        const std::size_t count = 1 + random_.below(options_.most_accesses);
        for (std::size_t i = 0; i < count; ++i)
            add_access(client);
        ++begun_;
        ++open_;
        const auto begun = builder_.invoke(++line_, process, client.accesses);
        ATLAS_CHECK(begun.has_value(), "a client has one transaction at a time");
    }

    void add_access(Client& client) {
        std::size_t& place = in_use_[random_.below(in_use_.size())];
        client.keys.push_back(place);
        GeneratedKey& key = keys_[place];
        WrittenAccess access{.key = key.name};
        if (random_.chance(1, 2) || must_write(client)) {
            access.kind =
                options_.model == DataModel::list_append ? AccessKind::append : AccessKind::write;
            access.value = std::to_string(key.next_value++);
            if (key.next_value > options_.writes_of_a_key) place = new_key();
        }
        client.accesses.push_back(std::move(access));
    }

    /// Writes wait for the commit. At read committed others may commit before that, so that the
    /// client could not be told where in the list its own will be.
    bool must_write(const Client& client) const {
        const std::size_t access = client.accesses.size();
        for (std::size_t i = 0; i < access; ++i) {
            if (client.keys[i] == client.keys[access] &&
                client.accesses[i].kind != AccessKind::read)
                return options_.level == GeneratedLevel::read_committed;
        }
        return false;
    }

    /// What the client sees of the key: what others had committed, then its own.
    std::vector<std::string> visible(const Client& client, std::size_t access) const {
        std::vector<std::string> values;
        for (const CommittedWrite& each : keys_[client.keys[access]].committed) {
            if (options_.level != GeneratedLevel::snapshot_isolation ||
                each.commit <= client.snapshot)
                values.push_back(each.value);
        }
        for (std::size_t i = 0; i < access; ++i) {
            if (client.accesses[i].kind != AccessKind::read &&
                client.keys[i] == client.keys[access])
                values.push_back(*client.accesses[i].value);
        }
        return values;
    }

    void answer(Client& client, std::size_t access) {
        if (client.accesses[access].kind != AccessKind::read) return;
        std::vector<std::string> values = visible(client, access);
        if (options_.model == DataModel::list_append) {
            client.accesses[access].list = std::move(values);
        } else if (!values.empty()) {
            client.accesses[access].value = std::move(values.back());
        }
    }

    /// Another has committed a write of a key that this one writes, since it began.
    bool comes_second(const Client& client) const {
        for (std::size_t i = 0; i < client.accesses.size(); ++i) {
            const std::vector<CommittedWrite>& committed = keys_[client.keys[i]].committed;
            if (client.accesses[i].kind != AccessKind::read && !committed.empty() &&
                committed.back().commit > client.snapshot)
                return true;
        }
        return false;
    }

    void end(std::size_t process, Client& client) {
        client.is_open = false;
        --open_;
        const bool aborts =
            options_.level == GeneratedLevel::snapshot_isolation && comes_second(client);
        Outcome outcome = aborts ? Outcome::aborted : Outcome::committed;
        if (!aborts) commit(client);
        if (!aborts && random_.chance(options_.unknown_percent, 100)) outcome = Outcome::unknown;
        const auto ended = builder_.complete(++line_, process, outcome, client.accesses);
        ATLAS_CHECK(ended.has_value(), "a transaction ends as it began");
    }

    void commit(Client& client) {
        ++commits_;
        for (std::size_t i = 0; i < client.accesses.size(); ++i) {
            if (options_.level == GeneratedLevel::strict_serializable) answer(client, i);
        }
        for (std::size_t i = 0; i < client.accesses.size(); ++i) {
            if (client.accesses[i].kind != AccessKind::read)
                keys_[client.keys[i]].committed.push_back({*client.accesses[i].value, commits_});
        }
    }

    host::RandomSource& random_;
    const GeneratedTransactions& options_;
    HistoryBuilder builder_;
    std::vector<Client> clients_;
    std::vector<GeneratedKey> keys_;
    std::vector<std::size_t> in_use_;  ///< Positions in keys_.
    std::size_t begun_ = 0;
    std::size_t open_ = 0;
    std::size_t commits_ = 0;
    std::size_t line_ = 0;
};

}  // namespace

TransactionHistory make_transactions(host::RandomSource& random,
                                     const GeneratedTransactions& options) {
    return Generator(random, options).run();
}

}  // namespace atlas::properties::isolation
