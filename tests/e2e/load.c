#include "e2e/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void *load_thread_run(void *argument)
{
    const struct load_thread *thread = argument;
    thread->load->work(thread->load->context, thread->number);
    return NULL;
}

bool load_start(struct load *load, size_t threads, load_work work, void *context)
{
    load->work = work;
    load->context = context;
    for (load->count = 0; load->count < threads && load->count < LOAD_THREADS_MAX; load->count++) {
        struct load_thread *thread = &load->threads[load->count];
        *thread = (struct load_thread){.number = load->count, .load = load};
        if (pthread_create(&thread->id, NULL, load_thread_run, thread) != 0)
            break;
    }
    return load->count == threads;
}

void load_join(struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        pthread_join(load->threads[i].id, NULL);
    load->count = 0;
}

bool load_run(size_t threads, load_work work, void *context)
{
    struct load load;
    bool ok = load_start(&load, threads, work, context);
    load_join(&load);
    return ok;
}

bool load_setting(const char *name, int64_t absent, int64_t least, int64_t most, int64_t *out)
{
    const char *text = getenv(name);
    char *end = NULL;
    *out = text && *text ? strtoll(text, &end, 10) : absent;
    if (!(end && *end) && *out >= least && *out <= most)
        return true;
    fprintf(stderr, "%s is a number from %" PRId64 " to %" PRId64 "\n", name, least, most);
    return false;
}

uint64_t load_seed(void)
{
    const char *given = getenv("SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = (uint64_t)now.tv_sec * 1000003U + (uint64_t)now.tv_nsec;
    if (given && *given)
        seed = strtoull(given, NULL, 10);
    printf("SEED=%" PRIu64 " repeats this run\n", seed);
    fflush(stdout);
    return seed;
}

/* splitmix64: any state will do, also neighbouring ones. */
uint32_t load_random(uint64_t *state, uint32_t below)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

void load_sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

int64_t load_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
