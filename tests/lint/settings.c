/* settings: prints the settings as the manual page shows them, in mdoc(7), from settings.def. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/consumers_file.h"

enum { LINE_MAX = 79 };

enum {
    IS_TEXT,
    IS_IDENTIFIER,
    IS_ADDRESS,
    IS_NAMESPACE,
    IS_CONSUMERS,
    IS_NUMBER,
    IS_LEVEL,
    IS_SWITCH
};

static const struct row {
    const char *name, *fallback;
    int kind, min, max;
    const char *meaning, *more;
} rows[] = {
#define SETTING(kind, member, name, fallback, min, max, meaning, more)                             \
    {name, fallback, IS_##kind, min, max, meaning, more},
#include "config/settings.def"
};

/* Each sentence starts a line, as mdoc wants it, and no line is longer than LINE_MAX. */
static void print_text(const char *text)
{
    for (int column = 0; *text;) {
        int word = (int)strcspn(text, " ");
        if (column > 0 && column + 1 + word > LINE_MAX) {
            putchar('\n');
            column = 0;
        }
        /* A line that begins with a dot would be a macro. */
        column += printf("%s", column > 0 ? " " : *text == '.' ? "\\&" : "");
        column += printf("%.*s", word, text);
        if (text[word] == ' ' && text[word - 1] == '.') {
            putchar('\n');
            column = 0;
        }
        text += word + (text[word] == ' ');
    }
}

static void print_row(const struct row *row)
{
    char meaning[256];
    snprintf(meaning, sizeof meaning, "%s%s.", row->kind == IS_LEVEL ? "one of " : "",
             row->meaning);
    meaning[0] = (char)toupper((unsigned char)meaning[0]);
    printf(".It Ev %s\n", row->name);
    print_text(meaning);
    putchar('\n');
    print_text(row->more);
    if (row->more[0])
        putchar('\n');
    if (row->kind == IS_NUMBER)
        printf("From %d to %d.\n", row->min, row->max);
    if (row->fallback[0])
        printf("Default:\n.Ql %s .\n", row->fallback);
    else
        puts("Empty by default.");
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        print_row(&rows[i]);
    return 0;
}
