#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/text.h"
#include "command/command.h"
#include "command/open_store.h"

/* Attempts at an adjustment of which the store does not say whether it was made. */
enum { STOCK_TRIES = 5 };

static int stock_usage(void)
{
    fputs(
        "usage: postern stock ID +N | -N | =N [--reason TEXT] [--as NAME]\n"
        "       postern stock --ledger [ID]\n\n"
        "Changes a product's stock by N, or sets it to N, never below zero, and writes down when, "
        "as whom\n(NAME, or the user who runs it) and why. --ledger prints what changed a "
        "product's stock and the\nsum, which is its stock; without ID the sums of every "
        "product.\n",
        stderr);
    return COMMAND_USAGE;
}

static bool stock_read_id(const char *text, int64_t *id)
{
    if (text_number(text, strlen(text), 1, PRODUCT_ID_MAX, id))
        return true;
    fprintf(stderr, "postern: \"%s\" is no product's id\n", text);
    return false;
}

/* Reads +N, -N or =N. */
static bool stock_read_change(const char *text, struct store_adjustment *a)
{
    a->set = text[0] == '=';
    bool known = text[0] == '+' || text[0] == '-' || a->set;
    if (!known || !text_number(text + 1, strlen(text + 1), a->set ? 0 : 1, PRODUCT_QUANTITY_MAX,
                               &a->amount)) {
        fprintf(stderr,
                "postern: \"%s\" is no change of stock; give +N, -N or =N, with N up to %" PRId64
                "\n",
                text, PRODUCT_QUANTITY_MAX);
        return false;
    }
    if (text[0] == '-')
        a->amount = -a->amount;
    return true;
}

/* Whether a text can stand in the ledger, whose lines have tabs between their parts. */
static bool stock_check_text(const char *option, const char *text, size_t min, size_t max)
{
    size_t len = strlen(text);
    if (len >= min && len <= max && text_is_utf8(text, len) && !text_has_control(text, len))
        return true;
    fprintf(stderr, "postern: %s must be %zu to %zu bytes of UTF-8 without control characters\n",
            option, min, max);
    return false;
}

static bool stock_read_options(int argc, char **argv, struct store_adjustment *a)
{
    for (int i = 0; i < argc; i += 2) {
        bool reason = strcmp(argv[i], "--reason") == 0;
        if (i + 1 == argc || (!reason && strcmp(argv[i], "--as") != 0)) {
            stock_usage();
            return false;
        }
        if (!stock_check_text(argv[i], argv[i + 1], reason ? 0 : 1,
                              reason ? STORE_REASON_MAX : STORE_RUN_AS_MAX))
            return false;
        *(reason ? &a->reason : &a->run_as) = argv[i + 1];
    }
    return true;
}

/* Whoever runs this: the name, or the number of a user who has none, as in a container. */
static void stock_name_user(char *out, size_t size)
{
    const struct passwd *user = getpwuid(geteuid());
    if (user && strlen(user->pw_name) < size)
        snprintf(out, size, "%s", user->pw_name);
    else
        snprintf(out, size, "uid %u", (unsigned)geteuid());
}

static int stock_explain(const struct config *config, const struct store_adjustment *a,
                         const struct store_adjusted *adjusted, enum store_result result)
{
    if (result == STORE_NOT_FOUND)
        fprintf(stderr, "postern: there is no product %" PRId64 "; nothing was changed\n",
                a->product_id);
    else if (result == STORE_BEYOND)
        fprintf(stderr,
                "postern: the stock of product %" PRId64 " is %" PRId64 ", and must stay within "
                "0..%" PRId64 "; nothing was changed\n",
                a->product_id, adjusted->quantity, PRODUCT_QUANTITY_MAX);
    else if (result == STORE_UNKNOWN)
        fprintf(stderr,
                "postern: the store does not say whether the change was made; look for %s in "
                "'postern stock --ledger %" PRId64 "' before you repeat it\n",
                a->id, a->product_id);
    else
        open_store_explain(config, result);
    return COMMAND_FAILED;
}

static int stock_adjust(const struct config *config, struct store *store,
                        const struct store_adjustment *a)
{
    struct store_adjusted adjusted = {0, 0};
    enum store_result result = STORE_UNKNOWN;
    for (int i = 0; i < STOCK_TRIES && result == STORE_UNKNOWN; i++)
        result = store_stock_adjust(store, a, &adjusted);
    if (result != STORE_OK)
        return stock_explain(config, a, &adjusted, result);
    printf("product %" PRId64 ": %+" PRId64 ", now %" PRId64 "\n", a->product_id, adjusted.change,
           adjusted.quantity);
    return COMMAND_DONE;
}

static int stock_change(int argc, char **argv)
{
    struct config config;
    char user[STORE_RUN_AS_MAX + 1], id[ID_TEXT_SIZE];
    struct store_adjustment a = {.id = id, .reason = "", .run_as = user, .now_us = clock_now_us()};
    stock_name_user(user, sizeof user);
    id_make(a.now_us, id);
    if (argc < 3 || !stock_read_id(argv[1], &a.product_id) || !stock_read_change(argv[2], &a))
        return argc < 3 ? stock_usage() : COMMAND_USAGE;
    if (!stock_read_options(argc - 3, argv + 3, &a))
        return COMMAND_USAGE;
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    int status = stock_adjust(&config, store, &a);
    open_store_show(&config);
    store_close(store);
    return status;
}

/* What the entries seen so far come to. */
struct stock_ledger {
    int64_t sum, quantity;
};

static bool stock_print_entry(void *context, const struct store_entry *entry)
{
    static const char *const kinds[] = {
        [STORE_ENTRY_ADJUSTMENT] = "adjusted",
        [STORE_ENTRY_SALE] = "sold",
        [STORE_ENTRY_CANCELLATION] = "cancelled",
    };
    struct stock_ledger *ledger = context;
    char at[CLOCK_TEXT_SIZE];
    clock_format(entry->at_us, at);
    ledger->sum += entry->change;
    ledger->quantity = entry->quantity;
    return printf("%s\t%s\t%+" PRId64 "\t%s\t%s\t%s\n", at, kinds[entry->kind], entry->change,
                  entry->id, entry->who, entry->reason) > 0;
}

static bool stock_print_sums(void *context, const struct store_stock *stock)
{
    (void)context;
    return printf("%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\n",
                  stock->product_id, stock->adjusted, stock->sold, stock->cancelled,
                  store_stock_sum(stock), stock->quantity) > 0;
}

static enum store_result stock_print(struct store *store, int64_t id)
{
    struct stock_ledger ledger = {0, 0};
    if (!id) {
        puts("product\tadjusted\tsold\tcancelled\tsum\tstock");
        return store_stock_list(store, 0, stock_print_sums, NULL);
    }
    puts("time\twhat\tchange\tid\twho\twhy");
    enum store_result result = store_stock_entries(store, id, stock_print_entry, &ledger);
    if (result == STORE_OK)
        printf("sum %" PRId64 ", stock %" PRId64 "\n", ledger.sum, ledger.quantity);
    return result;
}

static int stock_show(int argc, char **argv)
{
    struct config config;
    int64_t id = 0;
    if (argc > 3)
        return stock_usage();
    if (argc == 3 && !stock_read_id(argv[2], &id))
        return COMMAND_USAGE;
    struct store *store = open_store(&config, OPEN_STORE_PATIENT_MS);
    if (!store)
        return COMMAND_FAILED;
    enum store_result result = stock_print(store, id);
    if (fflush(stdout) != 0 && result == STORE_OK)
        result = STORE_STOPPED;
    store_close(store);
    if (result == STORE_NOT_FOUND)
        fprintf(stderr, "postern: there is no product %" PRId64 "\n", id);
    else if (result == STORE_STOPPED)
        fprintf(stderr, "postern: cannot write the ledger: %s\n", strerror(errno));
    else if (result != STORE_OK)
        open_store_explain(&config, result);
    return result == STORE_OK ? COMMAND_DONE : COMMAND_FAILED;
}

int command_stock(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--ledger") == 0 ? stock_show(argc, argv)
                                                        : stock_change(argc, argv);
}
