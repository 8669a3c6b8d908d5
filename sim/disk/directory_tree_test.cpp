// The names of a disk against a reference: after a loss, each name means what it meant at some
// moment since its folder was last synced, and a rename has happened to both names or to none.

#include "sim/disk/directory_tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "system/host/random.hpp"

namespace atlas::sim::disk {
namespace {

using Names = std::map<std::string, SharedContent>;

Names names_of(const DirectoryTree& tree) {
    Names names;
    for (const auto& [path, content] : tree.files())
        names[path] = content;
    return names;
}

SharedContent meaning(const Names& names, const std::string& name) {
    const auto found = names.find(name);
    return found == names.end() ? nullptr : found->second;
}

struct Step {
    enum class Kind { create, rename, remove, sync, lose } kind;
    int from;
    int to;
    std::uint64_t seed;
};

void showValue(const Step& step, std::ostream& out) {
    out << "step " << static_cast<int>(step.kind) << " " << step.from << " " << step.to;
}

rc::Gen<Step> any_step() {
    return rc::gen::build<Step>(
        rc::gen::set(&Step::kind, rc::gen::weightedElement<Step::Kind>({{4, Step::Kind::create},
                                                                        {4, Step::Kind::rename},
                                                                        {3, Step::Kind::remove},
                                                                        {1, Step::Kind::sync},
                                                                        {2, Step::Kind::lose}})),
        rc::gen::set(&Step::from, rc::gen::inRange(0, 5)),
        rc::gen::set(&Step::to, rc::gen::inRange(0, 5)),
        rc::gen::set(&Step::seed, rc::gen::arbitrary<std::uint64_t>()));
}

RC_GTEST_PROP(DirectoryTree, EachNameMeansWhatItMeantAtSomeMomentSinceTheLastSync, ()) {
    DirectoryTree tree;
    std::vector<Names> moments{Names{}};
    for (const Step& step : *rc::gen::container<std::vector<Step>>(any_step())) {
        const std::string from = "n" + std::to_string(step.from);
        const std::string to = "n" + std::to_string(step.to);
        switch (step.kind) {
            case Step::Kind::create:
                if (tree.find(from) == nullptr) RC_ASSERT(tree.create(from).has_value());
                break;
            case Step::Kind::rename:
                RC_ASSERT(tree.rename(from, to).has_value() ==
                          (meaning(moments.back(), from) != nullptr));
                break;
            case Step::Kind::remove:
                RC_ASSERT(tree.remove(from).has_value() ==
                          (meaning(moments.back(), from) != nullptr));
                break;
            case Step::Kind::sync:
                tree.make_durable("", tree.last_change(""));
                moments = {names_of(tree)};
                break;
            case Step::Kind::lose: {
                host::RandomSource random(step.seed);
                tree.lose_unsynced(
                    [&random](std::string_view, std::uint64_t) { return random.chance(1, 2); });
                const Names left = names_of(tree);
                for (int i = 0; i < 5; ++i) {
                    const std::string name = "n" + std::to_string(i);
                    const bool allowed = std::ranges::any_of(moments, [&](const Names& moment) {
                        return meaning(moment, name) == meaning(left, name);
                    });
                    RC_ASSERT(allowed);
                }
                moments = {left};
                break;
            }
        }
        moments.push_back(names_of(tree));
    }
}

RC_GTEST_PROP(DirectoryTree, AFileThatIsOnlyRenamedKeepsExactlyOneName, ()) {
    DirectoryTree tree;
    const SharedContent file = *tree.create("n0");
    tree.make_durable("", tree.last_change(""));
    std::string name = "n0";
    const auto moves = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 100));
    for (const int move : moves) {
        const std::string next = "n" + std::to_string(move);
        RC_ASSERT(tree.rename(name, next).has_value());
        name = next;
    }
    host::RandomSource random(*rc::gen::arbitrary<std::uint64_t>());
    tree.lose_unsynced([&random](std::string_view, std::uint64_t) { return random.chance(1, 2); });
    const auto left = tree.files();
    RC_ASSERT(left.size() == 1U);
    RC_ASSERT(left.front().second == file);
}

TEST(DirectoryTree, ARenameAcrossFoldersIsDurableWithEachOfThem) {
    DirectoryTree tree;
    ASSERT_TRUE(tree.make_directory("a"));
    ASSERT_TRUE(tree.make_directory("b"));
    tree.make_durable("", tree.last_change(""));
    ASSERT_TRUE(tree.create("a/f"));
    tree.make_durable("a", tree.last_change("a"));
    ASSERT_TRUE(tree.rename("a/f", "b/f"));
    tree.make_durable("b", tree.last_change("b"));
    tree.lose_unsynced([](std::string_view, std::uint64_t) { return false; });
    EXPECT_NE(tree.find("a/f"), nullptr);
    EXPECT_EQ(tree.find("a/f"), tree.find("b/f"));
}

TEST(DirectoryTree, AFolderGoesWithAllInItUnlessTheOneAboveWasSynced) {
    const auto nothing = [](std::string_view, std::uint64_t) { return false; };
    DirectoryTree tree;
    ASSERT_TRUE(tree.make_directory("a/b"));
    ASSERT_TRUE(tree.create("a/b/f"));
    tree.make_durable("a/b", tree.last_change("a/b"));
    tree.make_durable("a", tree.last_change("a"));
    EXPECT_TRUE(tree.durable_files().empty()) << "a itself is not durable";
    EXPECT_EQ(tree.lose_unsynced(nothing), 3U);
    EXPECT_FALSE(tree.has_directory("a"));
    EXPECT_FALSE(tree.has_directory("a/b"));
    EXPECT_EQ(tree.find("a/b/f"), nullptr);

    ASSERT_TRUE(tree.make_directory("a/b"));
    ASSERT_TRUE(tree.create("a/b/f"));
    tree.make_durable("a/b", tree.last_change("a/b"));
    tree.make_durable("", tree.last_change(""));
    EXPECT_EQ(tree.lose_unsynced(nothing), 2U);
    EXPECT_TRUE(tree.has_directory("a"));
    EXPECT_FALSE(tree.has_directory("a/b"));
}

TEST(DirectoryTree, AFolderThatSurvivesTakesAwayTheFileThatHadItsName) {
    DirectoryTree tree;
    ASSERT_TRUE(tree.create("a"));
    tree.make_durable("", tree.last_change(""));
    ASSERT_TRUE(tree.remove("a"));
    ASSERT_TRUE(tree.make_directory("a"));
    const std::uint64_t made = tree.last_change("");
    tree.lose_unsynced([&](std::string_view, std::uint64_t change) { return change == made; });
    EXPECT_TRUE(tree.has_directory("a"));
    EXPECT_EQ(tree.find("a"), nullptr);
}

TEST(DirectoryTree, KnowsPathsFromNonsense) {
    for (const char* good : {"", "a", "a/b", "a/b.c/d-e"})
        EXPECT_TRUE(is_valid_path(good)) << good;
    for (const char* bad : {"/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/."})
        EXPECT_FALSE(is_valid_path(bad)) << bad;
    DirectoryTree tree;
    ASSERT_TRUE(tree.create("f"));
    EXPECT_FALSE(tree.make_directory("f/g"));
    EXPECT_FALSE(tree.create("d/f"));
    ASSERT_TRUE(tree.make_directory("d/e"));
    EXPECT_FALSE(tree.create("d"));
    EXPECT_FALSE(tree.rename("f", "d"));
    EXPECT_EQ(*tree.list(""), (std::vector<std::string>{"d", "f"}));
    EXPECT_EQ(*tree.list("d"), (std::vector<std::string>{"e"}));
    EXPECT_FALSE(tree.list("g"));
}

}  // namespace
}  // namespace atlas::sim::disk
