#include "sim/atlas_sim/primary_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atlas::sim::atlas_sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class OldPrimary : public testing::Test {
  protected:
    void look(int seconds) {
        for (int i = 0; i < seconds; ++i) {
            now = now + 1s;
            watch.look(servers, now);
        }
    }

    host::TimePoint now;
    std::vector<SeenServer> servers{{.name = "a", .takes_writes = true, .timeline = 1},
                                    {.name = "b", .takes_writes = true, .timeline = 2}};
    PrimaryWatch watch;
};

TEST_F(OldPrimary, has_a_few_seconds_to_be_stopped) {
    look(5);
    servers[0].takes_writes = false;
    look(5);
    servers[0].takes_writes = true;
    look(5);
    EXPECT_THAT(watch.found(), IsEmpty());
}

TEST_F(OldPrimary, is_found_once_when_it_goes_on) {
    look(20);
    EXPECT_THAT(watch.found(),
                ElementsAre("At 6000 ms a had taken writes on timeline 1 for 6 s in which it and "
                            "its agent ran, although b took them on timeline 2."));
}

TEST_F(OldPrimary, is_found_also_where_both_call_their_timeline_alike) {
    servers[0].timeline = 2;
    look(6);
    EXPECT_EQ(watch.found().size(), 1U);
}

TEST_F(OldPrimary, is_not_blamed_for_the_time_it_stood_still) {
    look(4);
    servers[0].counts = false;
    look(20);
    EXPECT_THAT(watch.found(), IsEmpty());
    servers[0].counts = true;
    look(2);
    EXPECT_EQ(watch.found().size(), 1U);
}

TEST_F(OldPrimary, is_none_that_is_alone_or_of_the_newest_timeline) {
    servers[1].takes_writes = false;
    look(20);
    servers = {{.name = "a", .takes_writes = false, .timeline = 1},
               {.name = "b", .takes_writes = true, .timeline = 2}};
    look(20);
    EXPECT_THAT(watch.found(), IsEmpty());
}

}  // namespace
}  // namespace atlas::sim::atlas_sim
