#include "e2e/fixture.h"

#include <stdint.h>

#include "e2e/load.h"

enum { FIXTURE_TICK_MS = 20 };

struct pair pair;
struct postgres_server fixture_server;
struct client *client;
struct client_answer answer;

int fixture_start(const struct pair_options *options)
{
    if (!pair_start(&pair, options))
        return 1;
    client = client_open(pair.port);
    return client ? 0 : 1;
}

int fixture_start_postgres(const struct pair_options *options)
{
    char url[POSTGRES_SERVER_URL_SIZE];
    struct pair_options with = *options;
    if (!postgres_server_make(&fixture_server))
        return 1;
    postgres_server_url(&fixture_server, "postgres", url);
    with.database = url;
    return fixture_start(&with);
}

int fixture_end(void)
{
    client_close(client);
    pair_end(&pair);
    postgres_server_remove(&fixture_server);
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
