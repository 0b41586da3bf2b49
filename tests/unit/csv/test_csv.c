#include "csv/csv.h"

#include <string.h>

#include "check.h"
#include "suite.h"

enum { TEXT_SIZE = 512 };

/* The fields of all records as one text: fields in angle brackets, records ended by a bar. */
static enum csv_result read_all(struct csv *csv, char out[TEXT_SIZE])
{
    enum csv_result result;
    size_t used = 0;
    out[0] = '\0';
    while ((result = csv_next(csv)) == CSV_RECORD) {
        for (size_t i = 0; i < csv->count; i++) {
            used += (size_t)snprintf(out + used, TEXT_SIZE - used, "<%s>", csv->fields[i].text);
            CHECK_INT(csv->fields[i].len, strlen(csv->fields[i].text));
        }
        used += (size_t)snprintf(out + used, TEXT_SIZE - used, "|");
    }
    return result;
}

static const struct {
    int line;
    const char *text, *fields;
} records_rows[] = {
    {__LINE__, "", ""},
    {__LINE__, "\n\r\n\n", ""},
    {__LINE__, "a", "<a>|"},
    {__LINE__, "a,b\nc,d\n", "<a><b>|<c><d>|"},
    {__LINE__, "a,b\r\nc,d\r\n", "<a><b>|<c><d>|"},
    {__LINE__, "a,b\nc,d", "<a><b>|<c><d>|"},
    {__LINE__, "a,", "<a><>|"},
    {__LINE__, ",", "<><>|"},
    {__LINE__, ",\n,", "<><>|<><>|"},
    {__LINE__, "\n\na\n\r\nb\n\n", "<a>|<b>|"},
    {__LINE__, " a , b ", "< a >< b >|"},
    {__LINE__, "\"a\",\"b\"", "<a><b>|"},
    {__LINE__, "\"\"", "<>|"},
    {__LINE__, "\"\"\n\"\",\n", "<>|<><>|"},
    {__LINE__, "\"a,b\"\n", "<a,b>|"},
    {__LINE__, "\"a\"\"b\"\r\n", "<a\"b>|"},
    {__LINE__, "\"\"\"\"", "<\">|"},
    {__LINE__, "\"a\nb\r\nc\",d\n", "<a\nb\r\nc><d>|"},
    {__LINE__, "a\rb\n\r", "<a\rb>|<\r>|"},
    {__LINE__, "\"a\r\"\n", "<a\r>|"},
    {__LINE__,
     "\xef\xbb\xbf"
     "a,b\n",
     "<a><b>|"},
    {__LINE__, "\xef\xbb\xbf\"a\"\n", "<a>|"},
    {__LINE__, "\xef\xbb\xbf", ""},
    {__LINE__,
     "a\n\xef\xbb\xbf"
     "b\n",
     "<a>|<\xef\xbb\xbf"
     "b>|"},
    {__LINE__, "\xef\xbb", "<\xef\xbb>|"},
};

/* The byte behind the text belongs to the reader, but holds nothing, whatever is there. */
static void check_records(const char *wanted, const char *from, char behind)
{
    char text[TEXT_SIZE], fields[TEXT_SIZE];
    size_t len = (size_t)snprintf(text, sizeof text, "%s", from);
    struct csv csv;
    text[len] = behind;
    csv_start(&csv, text, len);
    CHECK_INT(read_all(&csv, fields), CSV_END);
    CHECK_TEXT(fields, wanted);
    CHECK_INT(csv_next(&csv), CSV_END);
}

static void test_records(void)
{
    static const char behind[] = {'#', '\n', '"', ',', '\0'};
    for (size_t i = 0; i < sizeof records_rows / sizeof records_rows[0]; i++) {
        CHECK_ROW(records_rows[i].line);
        for (size_t k = 0; k < sizeof behind; k++)
            check_records(records_rows[i].fields, records_rows[i].text, behind[k]);
    }
}

static void test_faults(void)
{
#define ROW(text, result, fault_line, column)                                                      \
    {                                                                                              \
        __LINE__, text, sizeof(text) - 1, result, fault_line, column                               \
    }
    static const struct {
        int line;
        const char *text;
        size_t len;
        enum csv_result result;
        size_t fault_line, fault_column;
    } rows[] = {
        ROW("a\"b", CSV_BAD_QUOTE, 1, 2),
        ROW("a,b\nc, \"d\"\n", CSV_BAD_QUOTE, 2, 4),
        ROW("\"a\"b\n", CSV_BAD_QUOTE, 1, 4),
        ROW("\"a\" ,b\n", CSV_BAD_QUOTE, 1, 4),
        ROW("\"a\"\rb\n", CSV_BAD_QUOTE, 1, 4),
        ROW("x\n\"a\nbc\"d\n", CSV_BAD_QUOTE, 3, 4),
        ROW("\"", CSV_UNCLOSED, 1, 1),
        ROW("\"\"\"", CSV_UNCLOSED, 1, 1),
        ROW("a\r\nb,\"c\nd\n", CSV_UNCLOSED, 2, 3),
        ROW("a\0b", CSV_NUL, 1, 2),
        ROW("a\n\0", CSV_NUL, 2, 1),
        ROW("\"a\n\0\"", CSV_NUL, 2, 1),
        ROW("a\n,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,", CSV_TOO_MANY_FIELDS, 2, 33),
        ROW("\xef\xbb\xbf"
            "a\"\n",
            CSV_BAD_QUOTE, 1, 2),
    };
#undef ROW
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        char text[TEXT_SIZE], fields[TEXT_SIZE];
        struct csv csv;
        memcpy(text, rows[i].text, rows[i].len + 1);
        csv_start(&csv, text, rows[i].len);
        CHECK_INT(read_all(&csv, fields), rows[i].result);
        CHECK_INT(csv.fault_line, rows[i].fault_line);
        CHECK_INT(csv.fault_column, rows[i].fault_column);
        CHECK_OTHER_TEXT(csv_result_texts[rows[i].result], "");
        CHECK_INT(csv_next(&csv), CSV_END);
    }
}

static void test_places(void)
{
    char text[] = "a,bc\r\n\n\"x\ny\",\"p\"\"q\",z\nl";
    static const struct {
        int line;
        const char *text;
        size_t at_line, at_column;
    } rows[] = {
        {__LINE__, "a", 1, 1},    {__LINE__, "bc", 1, 3}, {__LINE__, "x\ny", 3, 1},
        {__LINE__, "p\"q", 4, 4}, {__LINE__, "z", 4, 11}, {__LINE__, "l", 5, 1},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct csv csv;
    size_t row = 0;
    csv_start(&csv, text, strlen(text));
    while (csv_next(&csv) == CSV_RECORD) {
        for (size_t i = 0; i < csv.count && row < ROWS; i++, row++) {
            CHECK_ROW(rows[row].line);
            CHECK_TEXT(csv.fields[i].text, rows[row].text);
            CHECK_INT(csv.fields[i].line, rows[row].at_line);
            CHECK_INT(csv.fields[i].column, rows[row].at_column);
        }
    }
    CHECK_INT(row, ROWS);
}

static void test_most_fields(void)
{
    char text[TEXT_SIZE];
    struct csv csv;
    memset(text, ',', CSV_FIELDS_MAX - 1);
    text[CSV_FIELDS_MAX - 1] = '\0';
    csv_start(&csv, text, CSV_FIELDS_MAX - 1);
    CHECK_INT(csv_next(&csv), CSV_RECORD);
    CHECK_INT(csv.count, CSV_FIELDS_MAX);
    /* The text spells the number out. */
    CHECK_CONTAINS(csv_result_texts[CSV_TOO_MANY_FIELDS], "32");
    CHECK_INT(CSV_FIELDS_MAX, 32);
}

static void test_write(void)
{
    static const struct {
        int line;
        const char *text, *written;
    } rows[] = {
        {__LINE__, "", ""},
        {__LINE__, "plain text", "plain text"},
        {__LINE__, "a,b", "\"a,b\""},
        {__LINE__, "\"", "\"\"\"\""},
        {__LINE__, "say \"hi\"", "\"say \"\"hi\"\"\""},
        {__LINE__, "a\nb", "\"a\nb\""},
        {__LINE__, "a\r", "\"a\r\""},
        {__LINE__, " a ", " a "},
        {__LINE__,
         "\xef\xbb\xbf"
         "a",
         "\"\xef\xbb\xbf"
         "a\""},
        {__LINE__, "\xc3\xa9", "\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_ROW(rows[i].line);
        struct buffer out;
        struct csv csv;
        buffer_init(&out, TEXT_SIZE);
        csv_write_field(&out, rows[i].text);
        CHECK_TEXT(out.data, rows[i].written);
        buffer_text(&out, ",end");
        csv_start(&csv, out.data, out.len);
        CHECK_INT(csv_next(&csv), CSV_RECORD);
        CHECK_INT(csv.count, 2);
        CHECK_TEXT(csv.fields[0].text, rows[i].text);
        buffer_free(&out);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {
        {"records are read field by field", test_records},
        {"faults are told with line and column", test_faults},
        {"every field knows its line and column", test_places},
        {"a record may have as many fields as fit", test_most_fields},
        {"what is written reads back", test_write},
        CU_TEST_INFO_NULL,
    };
    return suite_run("unit/csv/csv", NULL, NULL, tests);
}
