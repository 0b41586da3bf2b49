#include "torture/tags.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { TAGS_PLACES = 1 << 16 };

/* What follows from a key; the latest of those that share a place. */
struct tags_pair {
    uint64_t key, value;
};

static struct tags_pair tags_of_bodies[TAGS_PLACES], bodies_of_tags[TAGS_PLACES];
static pthread_mutex_t tags_mutex = PTHREAD_MUTEX_INITIALIZER;

bool tags_take(const char *answer, char out[TAGS_SIZE])
{
    static const char name[] = "\r\nETag: ";
    const char *at = strcasestr(answer, name), *end = strstr(answer, "\r\n\r\n");
    if (!at || !end || at > end)
        return false;
    at += strlen(name);
    size_t len = strcspn(at, "\r");
    snprintf(out, TAGS_SIZE, "%.*s", (int)len, at);
    return len > 0 && len < TAGS_SIZE;
}

static bool tags_follow(struct tags_pair pairs[TAGS_PLACES], uint64_t key, uint64_t value)
{
    struct tags_pair *place = &pairs[key % TAGS_PLACES];
    bool same = place->key != key || place->value == value;
    *place = (struct tags_pair){key, value};
    return same;
}

bool tags_see(int64_t target, const char *tag, const char *body)
{
    uint64_t salt = (uint64_t)(target + 1) * 0x9e3779b97f4a7c15;
    uint64_t tag_key = text_hash(tag) ^ salt, body_key = text_hash(body) ^ salt;
    pthread_mutex_lock(&tags_mutex);
    bool right = tags_follow(tags_of_bodies, body_key, tag_key) &&
                 tags_follow(bodies_of_tags, tag_key, body_key);
    pthread_mutex_unlock(&tags_mutex);
    return right;
}
