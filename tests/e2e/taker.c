#include "e2e/taker.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/socket.h"
#include "e2e/load.h"
#include "publish/reader.h"

enum { TAKER_TICK_MS = 5 };

static char *taker_room(void *context, size_t len)
{
    struct taker *taker = context;
    taker->body[len < sizeof taker->body ? len : 0] = '\0';
    return len < sizeof taker->body ? taker->body : NULL;
}

bool taker_finds(struct taker *taker, int64_t product)
{
    struct reader_answer found;
    return reader_find(taker->handover.layout, &(struct reader_want){product, taker_room, taker},
                       clock_monotonic_us(), &found);
}

bool taker_is_live(const struct taker *taker)
{
    return reader_is_live(taker->handover.layout, clock_monotonic_us());
}

static bool taker_take_once(struct taker *taker)
{
    int fd = handover_connect(taker->path);
    enum handover_got got = HANDOVER_FAILED;
    int64_t until = load_now_ms() + TAKER_LATE_MS;
    handover_close(&taker->handover);
    while (fd >= 0 && load_now_ms() < until &&
           (got = handover_receive(fd, &taker->handover)) == HANDOVER_YET)
        load_sleep_ms(TAKER_TICK_MS);
    socket_fail(fd);
    return got == HANDOVER_WHOLE;
}

bool taker_take(struct taker *taker, const struct pair *pair)
{
    int64_t until = load_now_ms() + TAKER_LATE_MS;
    bool live = false;
    snprintf(taker->path, sizeof taker->path, "%s" HANDOVER_SUFFIX, pair->socket);
    while (load_now_ms() < until && !(live = taker_take_once(taker) && taker_is_live(taker)))
        load_sleep_ms(TAKER_TICK_MS);
    return live;
}

void taker_close(struct taker *taker)
{
    handover_close(&taker->handover);
}

bool taker_wait_live(const struct taker *taker)
{
    int64_t until = load_now_ms() + TAKER_LATE_MS;
    bool live = false;
    while (load_now_ms() < until && !(live = taker_is_live(taker)))
        load_sleep_ms(TAKER_TICK_MS);
    return live;
}

bool taker_wait_published(struct taker *taker, struct client *client, int64_t product,
                          struct client_answer *answer)
{
    char path[TAKER_PATH_SIZE];
    int64_t until = load_now_ms() + TAKER_LATE_MS;
    bool found;
    snprintf(path, sizeof path, "/products/%" PRId64, product);
    do {
        client_get(client, path, answer);
        found = answer->status == 200 && taker_finds(taker, product);
    } while (!found && load_now_ms() < until);
    return found && strcmp(taker->body, answer->body) == 0;
}
