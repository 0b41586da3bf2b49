/* fuzz_socket: whatever a web server sends over the workers' socket, in whatever pieces, libfcgi
 * holds, answers are whole records, and while that connection stands another one's request is
 * answered. The input's first byte tells the pieces' size (times 7; 0: one piece), and by its top
 * bit whether the sender then closes its side; the rest is what it sends. */
#include <errno.h>
#include <fastcgi.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "fake_store.h"
#include "fuzz.h"
#include "server/exchange.h"
#include "server/intake.h"
#include "store/relay/lanes.h"

enum {
    FUZZ_BACKLOG = 16,
    FUZZ_REQUEST_SECONDS = 30,
    FUZZ_STEPS = 10000,
    FUZZ_PIECE = 7,
    FUZZ_HALF_CLOSES = 0x80,
    FUZZ_RECORDS_MAX = 256 * 1024,
    FUZZ_US = 5 * 1000000 /* far below any deadline that could end a hang */
};

/* GET /products/1 */
static const char fuzz_good[] =
    "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"
    "\1\4\0\1\0\51\0\0\16\3REQUEST_METHODGET\11\13PATH_INFO/products/1\1"
    "\4\0\1\0\0\0\0\1\5\0\1\0\0\0\0";

static struct fake_store fuzz_store;
static struct exchanges fuzz_exchanges;
static struct relay *fuzz_relay;
static struct relay_lanes *fuzz_writer;
static struct intake *fuzz_intake;
static struct sockaddr_un fuzz_address = {.sun_family = AF_UNIX};
static socklen_t fuzz_address_len = sizeof(sa_family_t);

/* The kernel chooses an abstract name. */
static void fuzz_open(void)
{
    static const struct config config = {.answer_kib = 256, .store_timeout_ms = 1000};
    static struct acceptors acceptors;
    static struct relay_door door;
    static struct child child = {.config = &config, .acceptors = &acceptors};
    struct scoreboard *board = scoreboard_open(1, 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    FUZZ_REQUIRE(board);
    FUZZ_INT(bind(fd, (const struct sockaddr *)&fuzz_address, fuzz_address_len), 0);
    fuzz_address_len = sizeof fuzz_address;
    FUZZ_INT(getsockname(fd, (struct sockaddr *)&fuzz_address, &fuzz_address_len), 0);
    FUZZ_INT(listen(fd, FUZZ_BACKLOG), 0);
    log_set_level(LOG_ERROR);
    fake_store_init(&fuzz_store);
    FUZZ_REQUIRE(acceptors_open(&acceptors, board, 1));
    child.board = board;
    child.slot = &board->slots[0];
    fuzz_intake = intake_new(fd, acceptors.call_fd, FUZZ_REQUEST_SECONDS);
    FUZZ_REQUIRE(fuzz_intake);
    FUZZ_REQUIRE(relay_door_open(&door, 1));
    fuzz_relay = relay_open(&door, 0, config.store_timeout_ms);
    fuzz_writer = relay_lanes_open(&(struct store *){&fuzz_store.store}, 1, &door);
    FUZZ_REQUIRE(fuzz_relay && fuzz_writer);
    FUZZ_REQUIRE(exchanges_open(&fuzz_exchanges, &child, &fuzz_store.store, fuzz_relay, false));
}

/* A connection, and what came back on it. */
struct fuzz_peer {
    int fd;
    struct buffer records;
};

static struct fuzz_peer fuzz_connect(void)
{
    struct fuzz_peer peer = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    buffer_init(&peer.records, FUZZ_RECORDS_MAX);
    FUZZ_INT(connect(peer.fd, (const struct sockaddr *)&fuzz_address, fuzz_address_len), 0);
    return peer;
}

static void fuzz_receive(struct fuzz_peer *peer)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        FUZZ_REQUIRE(buffer_append(&peer->records, bytes, (size_t)n));
}

/* As the writer does, and then as the worker that waits for it. */
static void fuzz_write(const struct exchange *exchange, const sigset_t *mask)
{
    const struct store_change *change = NULL;
    enum store_result said;
    for (int steps = 0; !change; steps++) {
        FUZZ_COMPARE(steps, <, FUZZ_STEPS);
        relay_lanes_turn(fuzz_writer, 0, mask, &said);
        change = relay_next(fuzz_relay);
    }
    FUZZ_REQUIRE(exchanges_conclude(&fuzz_exchanges, change) == exchange);
}

/* As a worker does, until there is nothing to do; how many requests were served. */
static int fuzz_work(struct fuzz_peer *peer)
{
    struct arrival *whole = NULL;
    sigset_t mask;
    int served = 0, steps = 0;
    sigemptyset(&mask);
    while (intake_next(fuzz_intake, 0, &mask, &whole)) {
        FUZZ_COMPARE(++steps, <, FUZZ_STEPS);
        if (!whole)
            continue;
        struct exchange *exchange =
            exchanges_serve(&fuzz_exchanges, whole, false, clock_monotonic_us());
        FUZZ_REQUIRE(exchange);
        if (exchange->waits)
            fuzz_write(exchange, &mask);
        bool keep = exchanges_end(&fuzz_exchanges, exchange);
        FUZZ_REQUIRE(!keep || whole->in.keeps);
        intake_done(fuzz_intake, whole, keep);
        fuzz_receive(peer);
        served++;
    }
    fuzz_receive(peer);
    return served;
}

/* Whole records of an answer, and nothing else. How many requests they end. */
static int fuzz_check_records(const struct buffer *records)
{
    int ends = 0;
    FCGI_Header header;
    for (size_t at = 0; at < records->len;) {
        FUZZ_COMPARE(records->len - at, >=, sizeof header);
        memcpy(&header, records->data + at, sizeof header);
        FUZZ_INT(header.version, FCGI_VERSION_1);
        bool management = header.type == FCGI_GET_VALUES_RESULT || header.type == FCGI_UNKNOWN_TYPE;
        FUZZ_REQUIRE(management || header.type == FCGI_STDOUT || header.type == FCGI_END_REQUEST);
        FUZZ_INT(management, !header.requestIdB1 && !header.requestIdB0);
        at += sizeof header + ((size_t)header.contentLengthB1 << 8 | header.contentLengthB0) +
              header.paddingLength;
        FUZZ_COMPARE(at, <=, records->len);
        ends += header.type == FCGI_END_REQUEST;
    }
    return ends;
}

static void fuzz_close(struct fuzz_peer *peer)
{
    close(peer->fd);
    peer->fd = -1;
    buffer_free(&peer->records);
}

/* False once the other side is closed. */
static bool fuzz_send(int fd, const char *bytes, size_t len)
{
    ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    FUZZ_REQUIRE(n == (ssize_t)len || (n < 0 && (errno == EPIPE || errno == ECONNRESET)));
    return n > 0;
}

static void fuzz_check_others(void)
{
    struct fuzz_peer peer = fuzz_connect();
    FUZZ_REQUIRE(fuzz_send(peer.fd, fuzz_good, sizeof fuzz_good - 1));
    FUZZ_INT(fuzz_work(&peer), 1);
    FUZZ_INT(fuzz_check_records(&peer.records), 1);
    FUZZ_REQUIRE(strncmp(peer.records.data + sizeof(FCGI_Header), "Status: 200 ", 12) == 0);
    fuzz_close(&peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (!fuzz_intake)
        fuzz_open();
    int64_t since_us = clock_monotonic_us();
    const char *bytes = (const char *)data + 1;
    size_t left = size - 1, piece = (size_t)(data[0] & ~FUZZ_HALF_CLOSES) * FUZZ_PIECE;
    int served = 0;
    struct fuzz_peer hostile = fuzz_connect();
    while (left > 0) {
        size_t n = piece == 0 || piece > left ? left : piece;
        if (!fuzz_send(hostile.fd, bytes, n))
            break;
        served += fuzz_work(&hostile);
        bytes += n;
        left -= n;
    }
    if (data[0] & FUZZ_HALF_CLOSES)
        shutdown(hostile.fd, SHUT_WR);
    served += fuzz_work(&hostile);
    int answered = fuzz_check_records(&hostile.records);
    FUZZ_COMPARE(answered, <=, served);
    /* A sender that closes its side may say that it has left. */
    FUZZ_REQUIRE(answered == served || (data[0] & FUZZ_HALF_CLOSES));
    fuzz_check_others();
    fuzz_close(&hostile);
    fuzz_work(&hostile);
    FUZZ_INT(fuzz_intake->open, 0);
    FUZZ_COMPARE(clock_monotonic_us() - since_us, <, FUZZ_US);
    return 0;
}
