#include "e2e/fixture.h"

#include <stdint.h>

#include "e2e/load.h"

enum { FIXTURE_TICK_MS = 20 };

struct pair pair;
struct client *client;
struct client_answer answer;

int fixture_start(const struct pair_options *options)
{
    if (!pair_start(&pair, options))
        return 1;
    client = client_open(pair.port);
    return client ? 0 : 1;
}

int fixture_end(void)
{
    client_close(client);
    pair_end(&pair);
    return 0;
}

bool fixture_wait_status(const char *path, int status, int timeout_ms)
{
    int64_t until = load_now_ms() + timeout_ms;
    for (; load_now_ms() < until; load_sleep_ms(FIXTURE_TICK_MS)) {
        client_get(client, path, &answer);
        if (answer.status == status)
            return true;
    }
    return false;
}
