/* The PostgreSQL driver over TLS: only the server that its certificate authority vouches for is
 * spoken to. */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "check.h"
#include "store/postgres/session.h"
#include "suite.h"
#include "unit/store/postgres/database.h"
#include "unit/store/store_fixture.h"

#define HOST "db.postern.test"

enum { URL_SIZE = 512, MANY_PRODUCTS = 1000 };

static bool openssl(const char *const *arguments)
{
    return postgres_server_run(&fixture_server, "/usr/bin/openssl", arguments);
}

/* Both files are in the server's folder. */
static bool make_authority(const char *name, const char *key, const char *certificate)
{
    return openssl((const char *[]){"req", "-x509", "-newkey", "ec", "-pkeyopt",
                                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                                    name, "-keyout", key, "-out", certificate, NULL});
}

/* The server's own certificate is signed by ca.pem; other.pem has nothing to do with it. */
static bool make_certificates(void)
{
    return make_authority("/CN=ours", "ca.key", "ca.pem") &&
           make_authority("/CN=another", "other.key", "other.pem") &&
           openssl((const char *[]){"req", "-new", "-newkey", "ec", "-pkeyopt",
                                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" HOST,
                                    "-keyout", "server.key", "-out", "server.csr", NULL}) &&
           openssl((const char *[]){"x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey",
                                    "ca.key", "-CAcreateserial", "-days", "2", "-out", "server.pem",
                                    NULL});
}

/* The URL of the test's database, at the server's address and by a name of its own. */
static void make_url(const char *host, const char *authority, char out[URL_SIZE])
{
    snprintf(out, URL_SIZE,
             "postgresql://postgres@%s:%d/%s?hostaddr=127.0.0.1&sslmode=verify-full"
             "&sslrootcert=%s/%s",
             host, fixture_server.port, database_name(), fixture_server.folder, authority);
}

static bool turn_tls_on(void)
{
    /* Paths are relative to the folder data. */
    postgres_server_stop(&fixture_server, SIGINT);
    return postgres_server_configure(&fixture_server, "ssl = on\n"
                                                      "ssl_cert_file = '../server.pem'\n"
                                                      "ssl_key_file = '../server.key'\n") &&
           postgres_server_start(&fixture_server);
}

static bool count_product(void *context, const struct product *product)
{
    (void)product;
    ++*(int *)context;
    return true;
}

/* A whole order, and a list of several TLS records, through the connection. */
static void use(struct store *store)
{
    static struct store_outcome outcome;
    static struct product many[MANY_PRODUCTS];
    int count = 0;
    CHECK_INT(fixture_place(store, "c", "key", FIXTURE_NOW_US, fixture_request(1, 2), &outcome),
              STORE_OK);
    for (int i = 0; i < MANY_PRODUCTS; i++)
        many[i] = (struct product){.id = i + 1, .price_cents = 1, .name = "N", .description = "D"};
    struct fixture_products products = {many, MANY_PRODUCTS, 0, 0};
    CHECK_INT(fixture_import_into(store, false, fixture_next, &products), STORE_OK);
    CHECK_INT(store_product_list(store, 0, 0, count_product, &count), STORE_OK);
    CHECK_INT(count, MANY_PRODUCTS);
    CHECK_TRUE(PQsslInUse(((struct postgres *)store)->conn));
}

static void test_verify_full(void)
{
    static const struct {
        int line;
        bool tls;                            /* the server's; once it is on, it stays so */
        const char *host, *authority, *said; /* "": it is spoken to */
    } rows[] = {
        {__LINE__, false, HOST, "ca.pem", "server does not support SSL"},
        {__LINE__, true, HOST, "ca.pem", ""},
        {__LINE__, true, HOST, "other.pem", "certificate verify failed"},
        {__LINE__, true, "other.postern.test", "ca.pem", "does not match host name"},
        {__LINE__, true, "127.0.0.1", "ca.pem", "does not match host name"},
        {__LINE__, true, HOST, "none.pem", "does not exist"},
    };
    char url[URL_SIZE];
    bool tls = false;
    fixture_begin();
    REQUIRE_TRUE(make_certificates());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        if (rows[i].tls && !tls)
            REQUIRE_TRUE(tls = turn_tls_on());
        make_url(rows[i].host, rows[i].authority, url);
        struct store *store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
        CHECK_NOT_NULL(store);
        if (!store)
            continue;
        enum store_result result = store_ping(store);
        const char *text = database_said(store);
        CHECK_INT(result, *rows[i].said ? STORE_UNREACHABLE : STORE_OK);
        CHECK_CONTAINS(text, rows[i].said);
        if (!*rows[i].said)
            use(store);
        store_close(store);
    }
    fixture_end();
}

/* A worker finds its way back after a restart, and does not settle for less than before. */
static void test_restart(void)
{
    char url[URL_SIZE];
    fixture_begin();
    make_url(HOST, "ca.pem", url);
    struct store *store = fixture_open_url(url, FIXTURE_TIMEOUT_MS);
    CHECK_INT(store_ping(store), STORE_OK);
    postgres_server_stop(&fixture_server, SIGQUIT);
    CHECK_INT(store_ping(store), STORE_UNREACHABLE);
    REQUIRE_TRUE(postgres_server_start(&fixture_server));
    CHECK_TRUE(fixture_recovers(store));
    CHECK_TRUE(PQsslInUse(((struct postgres *)store)->conn));
    /* The same server without TLS is not spoken to any more. */
    postgres_server_stop(&fixture_server, SIGINT);
    CHECK_TRUE(postgres_server_configure(&fixture_server, "ssl = off\n"));
    REQUIRE_TRUE(postgres_server_start(&fixture_server));
    clock_sleep_us(300000);
    CHECK_INT(store_ping(store), STORE_UNREACHABLE);
    store_close(store);
    fixture_end();
}

static CU_TestInfo tests[] = {
    {"verify-full", test_verify_full},
    {"restart", test_restart},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    fixture_driver = &fixture_drivers[FIXTURE_POSTGRES];
    return suite_run("unit/store/postgres/tls", NULL, NULL, tests);
}
