#include "unit/store/relay/relay_fixture.h"

#include "base/clock.h"
#include "check.h"
#include "unit/store/store_fixture.h"

enum { RELAY_FIXTURE_WAIT_US = 20 * 1000 * 1000 };

struct relay_door door;
struct relay_group *group;

void relay_fixture_begin(int workers)
{
    fixture_begin();
    REQUIRE_TRUE(relay_door_open(&door, workers));
    group = relay_group_open(fixture, &door);
    REQUIRE_NOT_NULL(group);
}

void relay_fixture_end(void)
{
    relay_group_close(group);
    relay_door_close(&door);
    fixture_end();
}

int relay_fixture_take(void)
{
    int n = 0;
    int64_t until = clock_monotonic_us() + RELAY_FIXTURE_WAIT_US;
    while (n == 0 && clock_monotonic_us() < until)
        n = relay_group_take(group, 100, NULL);
    return n;
}
