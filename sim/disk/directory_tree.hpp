#pragma once
// The names of one disk: folders and the files in them, as programs see them and as a power loss
// would leave them.
//
// The names of files are durable once their folder has been synced. A rename within a folder is one
// change: both names or neither. One that crosses folders is two, each durable with its own folder,
// so that the file may be found under both names or under none. A folder's name is as a file's:
// until the folder above it is synced, a power loss may take it, and all that is in it.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/disk/file_content.hpp"
#include "system/host/error.hpp"

namespace atlas::sim::disk {

/// A file lives as long as a name, seen or durable, or an open handle refers to it.
using SharedContent = std::shared_ptr<FileContent>;

/// "a/b/c" is {"a/b", "c"}; "c" is {"", "c"}.
std::pair<std::string_view, std::string_view> split_path(std::string_view path);

/// Relative, with '/' between parts that are neither empty nor "." or "..". Empty is the root.
bool is_valid_path(std::string_view path);

class DirectoryTree {
  public:
    DirectoryTree() { directories_[""].is_durable = true; }

    /// Null when no file has that path.
    SharedContent find(std::string_view path) const;
    bool has_directory(std::string_view path) const { return directories_.contains(path); }

    /// Errors: not_found (no such folder), already_exists (a folder has that name).
    host::Result<SharedContent> create(std::string_view path);
    /// Errors: not_found, already_exists (`to` is a folder).
    host::Result<void> rename(std::string_view from, std::string_view to);
    host::Result<void> remove(std::string_view path);
    /// With those above it. Errors: already_exists (a file has that name or a name above it).
    host::Result<void> make_directory(std::string_view path);
    host::Result<std::vector<std::string>> list(std::string_view path) const;

    /// The number of the folder's newest change of names. It must be there.
    std::uint64_t last_change(std::string_view path) const;
    /// Changes of the folder up to that one are durable.
    void make_durable(std::string_view path, std::uint64_t up_to);

    /// All changes of names that no sync covered are lost but for those that survive and those of
    /// the same names before them; with a folder, all in it. Asks once for each, by folder and age.
    /// Returns how many names are not as they were seen before.
    using Survives = std::function<bool(std::string_view directory, std::uint64_t change)>;
    std::size_t lose_unsynced(const Survives& survives);

    /// All files that are seen, by path.
    std::vector<std::pair<std::string, SharedContent>> files() const;
    /// All files that would be left if nothing unsynced survived, by path.
    std::vector<std::pair<std::string, SharedContent>> durable_files() const;

  private:
    using Names = std::map<std::string, SharedContent, std::less<>>;
    struct Change {
        std::uint64_t number;
        /// What each name stands for after it; null for nothing.
        std::vector<std::pair<std::string, SharedContent>> meanings;
        /// It made the folder of that one name.
        bool makes_folder = false;
    };
    struct Directory {
        /// Its name is; those above it may yet be lost.
        bool is_durable = false;
        Names seen;
        Names durable;
        std::vector<Change> unsynced;
        std::uint64_t last_change = 0;
    };

    static void apply(const Change& change, Names& names);
    void apply_durably(std::string_view path, const Change& change);
    std::size_t lose_unsynced(const std::string& path, Directory& directory,
                              const Survives& survives);
    std::size_t lose_folders();
    bool is_durable(std::string_view path) const;
    void make_one_directory(std::string_view path);
    void change(Directory& directory, std::vector<std::pair<std::string, SharedContent>> meanings);

    std::map<std::string, Directory, std::less<>> directories_;
};

}  // namespace atlas::sim::disk
