#include "unit/store/relay/relay_fixture.h"

#include "base/clock.h"
#include "check.h"
#include "unit/store/store_fixture.h"

enum { RELAY_FIXTURE_WAIT_US = 20 * 1000 * 1000 };

struct relay_door door;
struct relay_lanes *lanes;

void relay_fixture_begin(int workers)
{
    fixture_begin();
    REQUIRE_TRUE(relay_door_open(&door, workers));
    relay_fixture_open_writer();
}

void relay_fixture_end(void)
{
    relay_lanes_close(lanes);
    relay_door_close(&door);
    fixture_end();
}

void relay_fixture_open_writer(void)
{
    lanes = relay_lanes_open(&fixture, 1, &door);
    REQUIRE_NOT_NULL(lanes);
}

int relay_fixture_turn(int wait_ms)
{
    enum store_result said = STORE_OK;
    int n = relay_lanes_turn(lanes, wait_ms, NULL, &said);
    CHECK_INT(said, STORE_OK);
    return n;
}

int relay_fixture_make(void)
{
    int n = 0;
    int64_t until = clock_monotonic_us() + RELAY_FIXTURE_WAIT_US;
    while (n == 0 && clock_monotonic_us() < until)
        n = relay_fixture_turn(100);
    return n;
}
