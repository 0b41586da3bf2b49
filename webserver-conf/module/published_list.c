/* The list as it was last published, in memory of lighttpd's own. sendfile gives that to the kernel
 * as it is; the application's own memory may be written while it is being sent. */
#include "published.h"

#include <chunk.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/shared.h"
#include "publish/target.h"

/* Callers that read slowly may each have asked for another list. So many are kept at most; while
 * they are, the application answers for a newer one. */
enum { PUBLISHED_LISTS_MAX = 8 };

static int published_lists;

struct published_list {
    int refs; /* the plugin's, and one of each answer that is being sent */
    int fd;
    char *body; /* mapped while it is filled; NULL after that */
    size_t len;
    char etag[LAYOUT_ETAG_SIZE];
};

static void published_list_unmap(struct published_list *list)
{
    shared_unmap(list->body, list->len);
    list->body = NULL;
}

static void published_list_refer(void *ref, int change)
{
    struct published_list *list = ref;
    list->refs += change;
    if (list->refs > 0)
        return;
    published_list_unmap(list);
    if (list->fd >= 0)
        close(list->fd);
    free(list);
    published_lists--;
}

void published_list_free(struct published_list *list)
{
    if (list)
        published_list_refer(list, -1);
}

/* Room for the reader: a new list in *context, in place of one that came to nothing. */
static char *published_list_room(void *context, size_t len)
{
    struct published_list **fresh = context;
    published_list_free(*fresh);
    *fresh = published_lists < PUBLISHED_LISTS_MAX ? calloc(1, sizeof **fresh) : NULL;
    if (!*fresh)
        return NULL;
    published_lists++;
    **fresh = (struct published_list){.refs = 1, .len = len};
    (*fresh)->body = shared_make("postern-list", len, false, &(*fresh)->fd);
    return (*fresh)->body;
}

static bool published_list_copy(struct published_plugin *p, int64_t now_us,
                                struct reader_answer *found)
{
    struct published_list *fresh = NULL;
    const struct reader_want want = {TARGET_LIST, published_list_room, &fresh};
    /* It is of no use to later requests, and its place is. */
    published_list_free(p->list);
    p->list = NULL;
    if (!reader_find(p->offer.memory.layout, &want, now_us, found)) {
        published_list_free(fresh);
        return false;
    }
    published_list_unmap(fresh);
    memcpy(fresh->etag, found->etag, sizeof fresh->etag);
    p->list = fresh;
    return true;
}

bool published_list_find(struct published_plugin *p, int64_t now_us,
                         struct published_answer *answer)
{
    static const struct reader_want want = {TARGET_LIST, NULL, NULL};
    struct reader_answer *found = &answer->found;
    if (!reader_find(p->offer.memory.layout, &want, now_us, found))
        return false;
    /* The tag is a hash of the body: the same tag, the same list. */
    bool same = p->list && p->list->len == found->len && strcmp(p->list->etag, found->etag) == 0;
    if (!same && !published_list_copy(p, now_us, found))
        return false;
    answer->list = p->list;
    return true;
}

void published_list_send(struct published_list *list, chunkqueue *to)
{
    char name[] = "published list"; /* lighttpd names it in errors */
    const buffer shown = {.ptr = name, .used = sizeof name};
    chunkqueue_append_file_fd(to, &shown, list->fd, 0, (off_t)list->len);
    to->last->file.ref = list;
    to->last->file.refchg = published_list_refer;
    published_list_refer(list, 1);
}
