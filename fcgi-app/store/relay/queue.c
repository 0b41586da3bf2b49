#include "store/relay/queue.h"

#include <stdlib.h>

#include "base/sparse.h"

bool relay_queue_open(struct relay_queue *queue, int groups)
{
    const int count = RELAY_QUEUE_MAX + groups * STORE_GROUP_MAX;
    *queue = (struct relay_queue){0};
    queue->size = (size_t)count * sizeof *queue->entries;
    queue->entries = sparse_make(queue->size);
    queue->free = calloc((size_t)count, sizeof(struct relay_entry *));
    if (!queue->entries || !queue->free)
        return false;
    for (int i = count - 1; i >= 0; i--)
        relay_queue_release(queue, &queue->entries[i]);
    return true;
}

void relay_queue_close(struct relay_queue *queue)
{
    sparse_free(queue->entries, queue->size);
    free((void *)queue->free);
}

struct relay_entry *relay_queue_next(const struct relay_queue *queue)
{
    return queue->count < RELAY_QUEUE_MAX ? queue->free[queue->free_count - 1] : NULL;
}

void relay_queue_add(struct relay_queue *queue)
{
    queue->list[queue->count++] = queue->free[--queue->free_count];
}

void relay_queue_close_up(struct relay_queue *queue)
{
    int count = 0;
    for (int i = 0; i < queue->count; i++) {
        if (queue->list[i])
            queue->list[count++] = queue->list[i];
    }
    queue->count = count;
}

void relay_queue_release(struct relay_queue *queue, struct relay_entry *entry)
{
    queue->free[queue->free_count++] = entry;
}
