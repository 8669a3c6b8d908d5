#include "sim/disk/directory_tree.hpp"

#include <algorithm>
#include <set>

#include "system/host/check.hpp"

namespace atlas::sim::disk {
namespace {

std::unexpected<host::Error> missing(std::string_view path) {
    return host::failure(host::ErrorCode::not_found, std::string(path));
}

std::unexpected<host::Error> in_the_way(std::string_view path) {
    return host::failure(host::ErrorCode::already_exists, std::string(path));
}

std::string join(std::string_view directory, std::string_view name) {
    std::string path{directory};
    if (!path.empty()) path += '/';
    path += name;
    return path;
}

}  // namespace

std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {"", path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

bool is_valid_path(std::string_view path) {
    if (path.empty()) return true;
    for (;;) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (part.find('\0') != std::string_view::npos) return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

SharedContent DirectoryTree::find(std::string_view path) const {
    const auto [folder, name] = split_path(path);
    const auto directory = directories_.find(folder);
    if (directory == directories_.end()) return nullptr;
    const auto found = directory->second.seen.find(name);
    return found == directory->second.seen.end() ? nullptr : found->second;
}

host::Result<SharedContent> DirectoryTree::create(std::string_view path) {
    const auto [folder, name] = split_path(path);
    const auto directory = directories_.find(folder);
    if (directory == directories_.end()) return missing(folder);
    if (has_directory(path)) return in_the_way(path);
    auto content = std::make_shared<FileContent>();
    change(directory->second, {{std::string(name), content}});
    return content;
}

host::Result<void> DirectoryTree::rename(std::string_view from, std::string_view to) {
    const SharedContent content = find(from);
    if (content == nullptr) return missing(from);
    const auto [to_folder, to_name] = split_path(to);
    const auto target = directories_.find(to_folder);
    if (target == directories_.end()) return missing(to_folder);
    if (has_directory(to)) return in_the_way(to);
    if (from == to) return {};
    const auto [from_folder, from_name] = split_path(from);
    if (from_folder == to_folder) {
        change(target->second,
               {{std::string(from_name), nullptr}, {std::string(to_name), content}});
        return {};
    }
    change(target->second, {{std::string(to_name), content}});
    change(directories_.find(from_folder)->second, {{std::string(from_name), nullptr}});
    return {};
}

host::Result<void> DirectoryTree::remove(std::string_view path) {
    if (find(path) == nullptr) return missing(path);
    const auto [folder, name] = split_path(path);
    change(directories_.find(folder)->second, {{std::string(name), nullptr}});
    return {};
}

host::Result<void> DirectoryTree::make_directory(std::string_view path) {
    std::vector<std::string_view> wanted;
    for (std::string_view at = path; !has_directory(at); at = split_path(at).first) {
        if (find(at) != nullptr) return in_the_way(at);
        wanted.push_back(at);
    }
    for (auto at = wanted.rbegin(); at != wanted.rend(); ++at)
        make_one_directory(*at);
    return {};
}

void DirectoryTree::make_one_directory(std::string_view path) {
    const auto [above, name] = split_path(path);
    Directory& parent = directories_.find(above)->second;
    change(parent, {{std::string(name), nullptr}});
    parent.unsynced.back().makes_folder = true;
    directories_.try_emplace(std::string(path));
}

host::Result<std::vector<std::string>> DirectoryTree::list(std::string_view path) const {
    const auto directory = directories_.find(path);
    if (directory == directories_.end()) return missing(path);
    std::vector<std::string> names;
    for (const auto& [name, content] : directory->second.seen)
        names.push_back(name);
    for (const auto& [other, unused] : directories_) {
        const auto [folder, name] = split_path(other);
        if (folder == path && !name.empty()) names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
}

void DirectoryTree::apply(const Change& change, Names& names) {
    for (const auto& [name, content] : change.meanings) {
        if (content == nullptr) {
            names.erase(name);
        } else {
            names.insert_or_assign(name, content);
        }
    }
}

void DirectoryTree::change(Directory& directory,
                           std::vector<std::pair<std::string, SharedContent>> meanings) {
    Change made{++directory.last_change, std::move(meanings)};
    apply(made, directory.seen);
    directory.unsynced.push_back(std::move(made));
}

std::uint64_t DirectoryTree::last_change(std::string_view path) const {
    const auto directory = directories_.find(path);
    ATLAS_CHECK(directory != directories_.end(), "no folder is taken away while a process lives");
    return directory->second.last_change;
}

void DirectoryTree::make_durable(std::string_view path, std::uint64_t up_to) {
    Directory& directory = directories_.find(path)->second;
    const auto later = std::ranges::find_if(directory.unsynced,
                                            [up_to](const Change& c) { return c.number > up_to; });
    for (auto change = directory.unsynced.begin(); change != later; ++change)
        apply_durably(path, *change);
    directory.unsynced.erase(directory.unsynced.begin(), later);
}

void DirectoryTree::apply_durably(std::string_view path, const Change& change) {
    apply(change, directories_.find(path)->second.durable);
    if (!change.makes_folder) return;
    const auto made = directories_.find(join(path, change.meanings.front().first));
    made->second.is_durable = true;
}

std::size_t DirectoryTree::lose_unsynced(const Survives& survives) {
    std::size_t lost = 0;
    for (auto& [path, directory] : directories_)
        lost += lose_unsynced(path, directory, survives);
    return lost + lose_folders();
}

std::size_t DirectoryTree::lose_unsynced(const std::string& path, Directory& directory,
                                         const Survives& survives) {
    std::vector<bool> kept;
    for (const Change& change : directory.unsynced)
        kept.push_back(survives(path, change.number));
    // From the newest back: a change brings along the earlier ones of its names.
    std::set<std::string, std::less<>> brought;
    for (std::size_t i = kept.size(); i-- > 0;) {
        const auto& meanings = directory.unsynced[i].meanings;
        if (!kept[i]) {
            kept[i] = std::ranges::any_of(
                meanings, [&](const auto& meaning) { return brought.contains(meaning.first); });
        }
        if (!kept[i]) continue;
        for (const auto& [name, content] : meanings)
            brought.insert(name);
    }
    std::set<std::string, std::less<>> touched;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        if (kept[i]) apply_durably(path, directory.unsynced[i]);
        for (const auto& [name, content] : directory.unsynced[i].meanings)
            touched.insert(name);
    }
    const auto meaning = [](const Names& names, const std::string& name) {
        const auto found = names.find(name);
        return found == names.end() ? nullptr : found->second;
    };
    const auto lost = std::ranges::count_if(touched, [&](const std::string& name) {
        return meaning(directory.seen, name) != meaning(directory.durable, name);
    });
    directory.unsynced.clear();
    directory.seen = directory.durable;
    return static_cast<std::size_t>(lost);
}

// In the order of their paths: a folder comes after those above it.
std::size_t DirectoryTree::lose_folders() {
    std::size_t lost = 0;
    for (auto at = directories_.begin(); at != directories_.end();) {
        const bool is_root = at->first.empty();
        const bool stays = is_root || (at->second.is_durable &&
                                       directories_.contains(split_path(at->first).first));
        if (stays) {
            ++at;
            continue;
        }
        lost += 1 + at->second.seen.size();
        at = directories_.erase(at);
    }
    return lost;
}

bool DirectoryTree::is_durable(std::string_view path) const {
    for (; !path.empty(); path = split_path(path).first) {
        if (!directories_.find(path)->second.is_durable) return false;
    }
    return true;
}

std::vector<std::pair<std::string, SharedContent>> DirectoryTree::files() const {
    std::vector<std::pair<std::string, SharedContent>> all;
    for (const auto& [path, directory] : directories_) {
        for (const auto& [name, content] : directory.seen)
            all.emplace_back(join(path, name), content);
    }
    return all;
}

std::vector<std::pair<std::string, SharedContent>> DirectoryTree::durable_files() const {
    std::vector<std::pair<std::string, SharedContent>> all;
    for (const auto& [path, directory] : directories_) {
        if (!is_durable(path)) continue;
        for (const auto& [name, content] : directory.durable)
            all.emplace_back(join(path, name), content);
    }
    return all;
}

}  // namespace atlas::sim::disk
