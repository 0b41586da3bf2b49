/* What is published is found whole while it counts, and never after it was withdrawn. */
#include "publish/answers.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "publish/reader.h"
#include "publish/target.h"
#include "suite.h"

#define AGAIN_US INT64_C(1000000)
#define NOW      INT64_C(1000000000)
#define ETAG     "\"0123456789abcdef0123456789abcdef\""

enum {
    SMALL_MAX = (LAYOUT_SMALL_WORDS - LAYOUT_ETAG_WORDS) * 8,
    LARGE_MAX = (LAYOUT_LARGE_WORDS - LAYOUT_ETAG_WORDS) * 8,
    FOUND = 20000,
    MANY = 3 * LAYOUT_SMALL_PLACES
};

static struct answers answers;
static char *body, *found;

static int setup(void)
{
    body = malloc(LAYOUT_BODY_MAX + 1);
    found = malloc(LAYOUT_BODY_MAX);
    return body && found ? 0 : 1;
}

static int teardown(void)
{
    free(body);
    free(found);
    return 0;
}

static void start(void)
{
    answers_close(&answers);
    REQUIRE_TRUE(answers_make(&answers, 3, 4));
    answers_lease(&answers, NOW + LAYOUT_LEASE_US);
}

static char *room(void *context, size_t len)
{
    *(size_t *)context = len;
    return found;
}

static bool finds(int64_t target, int64_t now_us, struct reader_answer *answer)
{
    size_t len;
    return reader_find(answers.layout, &(struct reader_want){target, room, &len}, now_us, answer);
}

static bool counts(int64_t target)
{
    struct reader_answer answer;
    return finds(target, NOW, &answer);
}

/* A body of that length, which differs from that of another fill. */
static void fill(size_t len, unsigned fill)
{
    for (size_t i = 0; i < len; i++)
        body[i] = (char)('!' + (i + fill) % 90);
}

static void offer(int64_t target, uint64_t epoch, const char *bytes, size_t len, int64_t now_us)
{
    answers_offer(&answers, &(struct answers_one){target, epoch, ETAG, bytes, len}, now_us);
}

static void offer_twice(int64_t target, size_t len)
{
    uint64_t epoch = answers_epoch(&answers, target);
    offer(target, epoch, body, len, NOW);
    offer(target, epoch, body, len, NOW);
}

static void test_reads(void)
{
    start();
    CHECK_INT(answers_reads(&answers), 0);
    offer_twice(1, 9);
    offer_twice(TARGET_LIST, LAYOUT_BODY_MAX + 1);
    CHECK_INT(answers_reads(&answers), 4);
}

static void test_lengths(void)
{
    static const struct {
        int line;
        int64_t target;
        size_t len;
        bool published;
    } rows[] = {
        {__LINE__, 1, 1, true},
        {__LINE__, 2, 7, true},
        {__LINE__, 3, 8, true},
        {__LINE__, 4, SMALL_MAX, true},
        {__LINE__, 5, SMALL_MAX + 1, true},
        {__LINE__, 6, LARGE_MAX, true},
        {__LINE__, 7, LARGE_MAX + 1, false},
        {__LINE__, INT64_C(9007199254740991), 99, true},
        {__LINE__, TARGET_LIST, 2, true},
        {__LINE__, TARGET_LIST, LAYOUT_BODY_MAX, true},
        {__LINE__, TARGET_LIST, LAYOUT_BODY_MAX + 1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reader_answer answer;
        CHECK_ROW(rows[i].line);
        start();
        fill(rows[i].len, (unsigned)i);
        offer_twice(rows[i].target, rows[i].len);
        bool got = finds(rows[i].target, NOW, &answer);
        CHECK_INT(got, rows[i].published);
        if (got) {
            CHECK_TEXT(answer.etag, ETAG);
            CHECK_BYTES(found, answer.len, body, rows[i].len);
        }
    }
}

static void test_asked_twice(void)
{
    start();
    uint64_t epoch = answers_epoch(&answers, 1);
    offer(1, epoch, "a", 1, NOW);
    CHECK_FALSE(counts(1), "asked for once");
    offer(1, epoch, "a", 1, NOW + AGAIN_US + 1000);
    CHECK_FALSE(counts(1), "asked for again too late");
    offer(1, epoch, "a", 1, NOW + 2 * AGAIN_US + 1000);
    CHECK_TRUE(counts(1));
    answers_withdraw(&answers, 1);
    CHECK_FALSE(counts(1));
    epoch = answers_epoch(&answers, 1);
    offer(1, epoch, "a", 1, NOW + 100 * AGAIN_US);
    CHECK_TRUE(counts(1), "what was published before is published anew");
}

/* One that is asked for once between two changes costs nothing more. */
static void test_list_asked_twice(void)
{
    start();
    for (int i = 0; i < 3; i++) {
        offer(TARGET_LIST, answers_epoch(&answers, TARGET_LIST), "a", 1, NOW);
        CHECK_FALSE(counts(TARGET_LIST));
        answers_withdraw(&answers, 1);
    }
    offer_twice(TARGET_LIST, 1);
    CHECK_TRUE(counts(TARGET_LIST));
}

/* The reader of the store was slower than the change, whether its answer was published before or
 * not. */
static void test_overtaken(void)
{
    for (int before = 0; before < 2; before++) {
        CHECK_OF("published before: %d", before);
        start();
        uint64_t epoch = answers_epoch(&answers, 1), list = answers_epoch(&answers, TARGET_LIST);
        if (before) {
            offer_twice(1, 1);
            offer_twice(TARGET_LIST, 1);
        }
        CHECK_INT(counts(1), before);
        CHECK_INT(counts(TARGET_LIST), before);
        answers_withdraw(&answers, 1);
        for (int i = 0; i < 3; i++) {
            offer(1, epoch, "a", 1, NOW);
            offer(TARGET_LIST, list, "a", 1, NOW);
            CHECK_FALSE(counts(1));
            CHECK_FALSE(counts(TARGET_LIST));
        }
    }
}

/* Between the reader's look at a place and its copy. */
static char *room_withdrawn(void *context, size_t len)
{
    (void)context, (void)len;
    answers_withdraw(&answers, 1);
    return found;
}

/* The same place, by a writer that was waiting for it. */
static char *room_rewritten(void *context, size_t len)
{
    const struct layout_set *set = context;
    for (size_t at = set->first; at < set->first + set->ways; at++) {
        struct layout_place *place = &answers.layout->places[at];
        if (atomic_load(&place->target) == 1)
            atomic_fetch_add(&place->sequence, 2);
    }
    (void)len;
    return found;
}

/* The reader of the memory was slower than the change, or than another writer. */
static void test_overtaken_reader(void)
{
    struct layout_set set = layout_set_of(LAYOUT_SMALL, 1);
    struct reader_answer answer;
    start();
    offer_twice(1, 1);
    CHECK_FALSE(
        reader_find(answers.layout, &(struct reader_want){1, room_rewritten, &set}, NOW, &answer));
    CHECK_TRUE(counts(1));
    CHECK_FALSE(
        reader_find(answers.layout, &(struct reader_want){1, room_withdrawn, NULL}, NOW, &answer));
}

static void test_withdrawal(void)
{
    start();
    offer_twice(1, 1);
    offer_twice(2, 1);
    offer_twice(TARGET_LIST, 1);
    answers_withdraw(&answers, 1);
    CHECK_FALSE(counts(1));
    CHECK_TRUE(counts(2), "another product stays");
    CHECK_FALSE(counts(TARGET_LIST));
    offer_twice(1, 1);
    answers_withdraw_all(&answers);
    CHECK_FALSE(counts(1));
    CHECK_FALSE(counts(2));
}

static void test_lease(void)
{
    static const struct {
        int line;
        int64_t lease_us;
        bool counts;
    } rows[] = {
        {__LINE__, 0, false},
        {__LINE__, NOW, false},
        {__LINE__, NOW + 1, true},
        {__LINE__, NOW + LAYOUT_LEASE_US, true},
        {__LINE__, NOW + LAYOUT_LEASE_US + 1, false},
        {__LINE__, INT64_MAX, false},
        {__LINE__, -1, false},
    };
    start();
    offer_twice(1, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        answers_lease(&answers, rows[i].lease_us);
        CHECK_INT(counts(1), rows[i].counts);
        CHECK_INT(reader_is_live(answers.layout, NOW), rows[i].counts);
    }
    answers_end(&answers);
    answers_lease(&answers, NOW + 1);
    CHECK_FALSE(counts(1), "no renewal undoes the end");
}

/* A body that grows is found where it is now; one that shrinks, too. */
static void test_other_length(void)
{
    struct reader_answer answer;
    start();
    for (size_t i = 0; i < 4; i++) {
        size_t len = i % 2 ? SMALL_MAX + 1 : SMALL_MAX;
        offer_twice(1, len);
        CHECK_TRUE(finds(1, NOW, &answer));
        CHECK_INT(answer.len, len);
        answers_withdraw(&answers, 1);
    }
}

static void test_without_body(void)
{
    struct reader_answer answer;
    start();
    offer_twice(1, 5);
    CHECK_TRUE(reader_find(answers.layout, &(struct reader_want){.target = 1}, NOW, &answer));
    CHECK_INT(answer.len, 5);
    CHECK_TEXT(answer.etag, ETAG);
    CHECK_FALSE(
        reader_find(answers.layout, &(struct reader_want){.target = TARGET_NONE}, NOW, &answer));
}

/* More than there is room for: each is found whole, or not at all. */
static void test_many(void)
{
    int left = 0;
    start();
    for (int64_t id = 1; id <= MANY; id++) {
        snprintf(body, SMALL_MAX, "%jd", (intmax_t)id);
        offer_twice(id, strlen(body));
        CHECK_TRUE(counts(id));
    }
    for (int64_t id = 1; id <= MANY; id++) {
        struct reader_answer answer;
        if (!finds(id, NOW, &answer))
            continue;
        snprintf(body, SMALL_MAX, "%jd", (intmax_t)id);
        CHECK_BYTES(found, answer.len, body, strlen(body));
        left++;
    }
    CHECK_COMPARE(left, >, LAYOUT_SMALL_PLACES / 2);
    CHECK_COMPARE(left, <=, LAYOUT_SMALL_PLACES);
}

/* Who is stopped while it writes keeps its place; that of a dead one is free again. */
static void test_claims(void)
{
    start();
    struct layout_set set = layout_set_of(LAYOUT_SMALL, 1);
    for (size_t i = 0; i < set.ways; i++) {
        atomic_store(&answers.layout->places[set.first + i].owner, 4711);
        atomic_store(&answers.layout->places[set.first + i].sequence, 1);
    }
    offer_twice(1, 1);
    CHECK_FALSE(counts(1));
    answers_bury(&answers, 4712);
    offer_twice(1, 1);
    CHECK_FALSE(counts(1), "the claims of the living stay");
    answers_bury(&answers, 4711);
    offer_twice(1, 1);
    CHECK_TRUE(counts(1));
}

/* The child ends with this process, however that ends. */
static pid_t fork_bound(void)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
        _exit(1);
    return pid;
}

/* In a process of its own: publishes bodies that are of one kind of byte each. */
static void publish_for_ever(void)
{
    for (unsigned i = 0;; i++) {
        memset(body, 'a' + (int)(i % 26), SMALL_MAX);
        uint64_t epoch = answers_epoch(&answers, 1);
        offer(1, epoch, body, SMALL_MAX - i % 9, NOW);
        answers_withdraw(&answers, 1);
    }
}

static bool is_whole(size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (found[i] != found[0])
            return false;
    }
    return len >= SMALL_MAX - 9;
}

/* What is found while another process writes is never torn, and who is killed leaves nothing so. */
static void test_torn(void)
{
    int kills = 0;
    start();
    while (kills < 5) {
        struct reader_answer answer;
        pid_t pid = fork_bound();
        if (pid == 0)
            publish_for_ever();
        REQUIRE_COMPARE(pid, >, 0);
        for (int seen = 0; seen < FOUND / 100;) {
            if (finds(1, NOW, &answer)) {
                seen++;
                CHECK_TRUE(is_whole(answer.len), "%zu bytes", answer.len);
            }
        }
        kill(pid, SIGKILL);
        REQUIRE_INT(waitpid(pid, NULL, 0), pid);
        answers_bury(&answers, pid);
        if (finds(1, NOW, &answer))
            CHECK_TRUE(is_whole(answer.len), "after a kill");
        kills++;
    }
}

/* A product whose stock is the number of changes so far. */
struct counted {
    _Atomic int stock; /* what the store holds */
    _Atomic int told;  /* what a caller has been told of */
    _Atomic bool end;
};

static void read_for_ever(const struct counted *counted)
{
    while (!atomic_load(&counted->end)) {
        char number[16];
        uint64_t epoch = answers_epoch(&answers, 1);
        int len = snprintf(number, sizeof number, "%d", atomic_load(&counted->stock));
        offer(1, epoch, number, (size_t)len, NOW);
    }
    _exit(0);
}

static void change_for_ever(struct counted *counted)
{
    while (!atomic_load(&counted->end)) {
        int stock = atomic_fetch_add(&counted->stock, 1) + 1;
        answers_withdraw(&answers, 1);
        atomic_store(&counted->told, stock);
        for (int i = 0; i < 1000 && !counts(1); i++)
            continue;
    }
    _exit(0);
}

/* Whoever was told of a change never finds what was before it, whoever was quicker. */
static void test_truth(void)
{
    struct counted *counted =
        mmap(NULL, sizeof *counted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE_TRUE(counted != MAP_FAILED);
    pid_t children[2];
    start();
    for (size_t i = 0; i < 2; i++) {
        children[i] = fork_bound();
        REQUIRE_COMPARE(children[i], >=, 0);
        if (children[i] == 0 && i == 0)
            read_for_ever(counted);
        else if (children[i] == 0)
            change_for_ever(counted);
    }
    for (int seen = 0; seen < FOUND;) {
        struct reader_answer answer;
        int told = atomic_load(&counted->told);
        if (!finds(1, NOW, &answer))
            continue;
        found[answer.len] = '\0';
        CHECK_COMPARE((int)strtol(found, NULL, 10), >=, told);
        seen++;
    }
    atomic_store(&counted->end, true);
    for (size_t i = 0; i < 2; i++)
        CHECK_INT(waitpid(children[i], NULL, 0), children[i]);
    munmap(counted, sizeof *counted);
}

static void test_memory(void)
{
    start();
    CHECK_INT(answers.layout->list_route, 3);
    CHECK_INT(answers.layout->product_route, 4);
    /* Nobody who is given the descriptor can write. */
    CHECK_TRUE(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, answers.fd, 0) == MAP_FAILED);
    CHECK_INT(ftruncate(answers.fd, 0), -1);
    CHECK_INT(write(answers.fd, "a", 1), -1);
    answers_close(&answers);
    answers_close(&answers);
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"reads", test_reads},
        {"lengths", test_lengths},
        {"asked twice", test_asked_twice},
        {"list asked twice", test_list_asked_twice},
        {"overtaken", test_overtaken},
        {"overtaken reader", test_overtaken_reader},
        {"withdrawal", test_withdrawal},
        {"lease", test_lease},
        {"other length", test_other_length},
        {"without body", test_without_body},
        {"many", test_many},
        {"claims", test_claims},
        {"torn", test_torn},
        {"truth", test_truth},
        {"memory", test_memory},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/publish/answers", setup, teardown, tests);
}
