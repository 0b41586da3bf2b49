#include "store/trouble.h"

static const char *const trouble_texts[STORE_RESULT_MAX] = {
    [STORE_UNREACHABLE] = "the store cannot be opened, read or written",
    [STORE_UNKNOWN] =
        "the store was lost, or its disk failed, before it said what became of a change",
    [STORE_OLD_SCHEMA] = "the store's schema is older than this program: run postern migrate",
    [STORE_NEW_SCHEMA] = "the store's schema is newer than this program: install a newer postern",
    [STORE_UNSUITABLE] = "the store's server is not as this program needs it",
    [STORE_FAULT] = "the store failed in a way it never should",
};

bool trouble_is(enum store_result result)
{
    return trouble_texts[result] != NULL;
}

void trouble_note(struct trouble *trouble, enum store_result result, int code,
                  const struct log_field *fields)
{
    if (trouble_is(result) && (result != trouble->result || code != trouble->code)) {
        log_write(LOG_ERROR, trouble_texts[result], fields);
        *trouble = (struct trouble){result, code};
    } else if (!trouble_is(result) && result != STORE_BUSY && trouble->result != STORE_OK) {
        log_write(LOG_INFO, "the store is back", LOG_FIELDS(fields[0]));
        *trouble = (struct trouble){STORE_OK, 0};
    }
}
