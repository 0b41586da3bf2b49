#include "base/random.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { RANDOM_BLOCK = 256 /* the kernel gives as many at once, whatever signals come */ };

/* Bytes that were not taken yet. */
static __thread struct {
    unsigned char bytes[RANDOM_BLOCK];
    size_t left;
} random_pool;

/* In a child, which must not make the ids of its parent. */
static void random_forget(void)
{
    random_pool.left = 0;
}

static void random_forget_in_children(void)
{
    pthread_atfork(NULL, NULL, random_forget);
}

void random_take(unsigned char out[RANDOM_BYTES])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (random_pool.left == 0) {
        pthread_once(&once, random_forget_in_children);
        if (getrandom(random_pool.bytes, RANDOM_BLOCK, 0) != RANDOM_BLOCK) {
            fputs("postern: getrandom failed\n", stderr);
            abort();
        }
        random_pool.left = RANDOM_BLOCK;
    }
    random_pool.left -= RANDOM_BYTES;
    memcpy(out, random_pool.bytes + random_pool.left, RANDOM_BYTES);
}
