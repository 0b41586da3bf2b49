#include "e2e/fixture.h"

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
