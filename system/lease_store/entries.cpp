#include "system/lease_store/entries.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace atlas::lease_store {

using host::ErrorCode;
using host::failure;
using host::Result;

namespace {

constexpr std::string_view key_marks = "-_./";

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::size_t bytes_of(const Entry& entry) {
    return entry.key.size() + entry.value.size();
}

bool is_life(std::chrono::milliseconds time) {
    return time >= Limits::shortest_life && time <= Limits::longest_life;
}

// A key that is no lease belongs to nobody.
bool changes_hands(const Entry& current, const Put& put) {
    return (current.time_to_live || put.time_to_live) && current.value != put.value;
}

Result<void> check_put(const Put& put) {
    if (!is_printable(put.value)) {
        return failure(ErrorCode::invalid_argument,
                       fmt::format("the value of \"{}\" has other characters than printable ASCII "
                                   "(JSON can escape them)",
                                   put.key));
    }
    if (put.value.size() > Limits::value_bytes) {
        return failure(ErrorCode::invalid_argument,
                       fmt::format("the value of \"{}\" has {} bytes; at most {} are allowed",
                                   put.key, put.value.size(), Limits::value_bytes));
    }
    if (put.time_to_live && !is_life(*put.time_to_live)) {
        return failure(ErrorCode::invalid_argument,
                       fmt::format("a time to live is from {} to {} milliseconds",
                                   Limits::shortest_life.count(), Limits::longest_life.count()));
    }
    return {};
}

}  // namespace

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= Limits::key_bytes &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      key_marks.find(c) != std::string_view::npos;
           });
}

bool is_whole(const Entry& entry) {
    return is_key(entry.key) && is_printable(entry.value) &&
           entry.value.size() <= Limits::value_bytes && entry.created > 0 &&
           entry.created <= entry.revision && (!entry.time_to_live || is_life(*entry.time_to_live));
}

Entries::Entries(std::uint64_t revision, Map entries)
    : revision_(revision), entries_(std::move(entries)) {
    for (const auto& [key, entry] : entries_)
        bytes_ += bytes_of(entry);
}

const Entry* Entries::find(std::string_view key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
}

Result<void> Entries::check(std::string_view key, std::optional<std::uint64_t> if_revision) const {
    if (!is_key(key)) {
        return failure(
            ErrorCode::invalid_argument,
            fmt::format("a key has 1 to {} letters, digits or any of -_./", Limits::key_bytes));
    }
    const Entry* current = find(key);
    const std::uint64_t revision = current == nullptr ? 0 : current->revision;
    if (if_revision && *if_revision != revision) {
        return failure(ErrorCode::conflict, fmt::format("\"{}\" is at revision {}, not {}", key,
                                                        revision, *if_revision));
    }
    return {};
}

Result<void> Entries::check_room(const Put& put, const Entry* current) const {
    if (current == nullptr && entries_.size() >= Limits::entries) {
        return failure(ErrorCode::resource_exhausted,
                       fmt::format("there are {} keys, as many as may be", entries_.size()));
    }
    const std::size_t others = bytes_ - (current == nullptr ? 0 : bytes_of(*current));
    if (others + put.key.size() + put.value.size() > Limits::total_bytes) {
        return failure(ErrorCode::resource_exhausted,
                       fmt::format("the other keys and their values have {} bytes of the {} that "
                                   "there may be",
                                   others, Limits::total_bytes));
    }
    return {};
}

Result<Entry> Entries::put(const Put& put) {
    const Entry* current = find(put.key);
    Result<void> allowed = check(put.key, put.if_revision);
    if (allowed) allowed = check_put(put);
    if (allowed) allowed = check_room(put, current);
    if (!allowed) return std::unexpected(std::move(allowed).error());
    ++revision_;
    Entry entry{.key = put.key,
                .value = put.value,
                .revision = revision_,
                .created = revision_,
                .time_to_live = put.time_to_live};
    if (current != nullptr) {
        bytes_ -= bytes_of(*current);
        if (!changes_hands(*current, put)) entry.created = current->created;
    }
    bytes_ += bytes_of(entry);
    entries_.insert_or_assign(put.key, entry);
    return entry;
}

Result<void> Entries::remove(const Removal& removal) {
    const Result<void> allowed = check(removal.key, removal.if_revision);
    if (!allowed) return allowed;
    const auto found = entries_.find(removal.key);
    if (found == entries_.end()) {
        return failure(ErrorCode::not_found, fmt::format("there is no \"{}\"", removal.key));
    }
    bytes_ -= bytes_of(found->second);
    entries_.erase(found);
    ++revision_;
    return {};
}

}  // namespace atlas::lease_store
