#include "http/problem.h"

#include <stdio.h>
#include <string.h>

#include "json/json_write.h"

#define PROBLEM_TYPE_PREFIX "urn:postern:problem:"

/* A row of problems.def may leave out the members that are marked "also". */
static const struct {
    int status;
    const char *name; /* ends the type */
    const char *title;
    const char *detail; /* unless the handler has a better one */
    enum api_status of; /* also: the handlers' status that it answers */
    int retry_after;    /* also: seconds for a Retry-After header, if trying again helps */
    bool refusal;       /* also: the web server itself refuses requests with this status */
    bool allow;         /* also: an Allow header names the methods that the path takes */
    const char *line;   /* also: a header line that says what to send instead */
} problem_rows[PROBLEM_MAX] = {
#define PROBLEM(value, with_status, with_name, with_title, with_detail, ...)                       \
    [PROBLEM_##value] = {.status = with_status,                                                    \
                         .name = with_name,                                                        \
                         .title = with_title,                                                      \
                         .detail = with_detail,                                                    \
                         __VA_ARGS__},
#include "http/problems.def"
};

const char *const problem_names[PROBLEM_MAX] = {
    [PROBLEM_NONE] = "",
#define PROBLEM(value, with_status, with_name, ...) [PROBLEM_##value] = with_name,
#include "http/problems.def"
};

_Static_assert(API_OK == 0, "a row that answers no status leaves it out");

enum problem problem_of(enum api_status status)
{
    enum problem p = PROBLEM_NONE + 1;
    if (status <= API_SUCCESS_LAST)
        return PROBLEM_NONE;
    while (p < PROBLEM_MAX && problem_rows[p].of != status)
        p++;
    return p < PROBLEM_MAX ? p : PROBLEM_FAULT;
}

enum problem problem_of_refusal(int status)
{
    for (enum problem p = PROBLEM_NONE + 1; p < PROBLEM_MAX; p++) {
        if (problem_rows[p].refusal && problem_rows[p].status == status)
            return p;
    }
    return PROBLEM_NONE;
}

enum problem problem_counted_as(enum problem problem)
{
    enum problem first = PROBLEM_NONE;
    while (strcmp(problem_names[first], problem_names[problem]) != 0)
        first++;
    return first;
}

int problem_status(enum problem problem)
{
    return problem_rows[problem].status;
}

void problem_headers(enum problem problem, const char *allow, struct buffer *out)
{
    buffer_text(out, "Content-Type: " PROBLEM_MEDIA_TYPE "\r\nCache-Control: no-store\r\n");
    if (problem_rows[problem].allow)
        buffer_printf(out, "Allow: %s\r\n", allow);
    /* RFC 9110, section 15.5.16. */
    if (problem_rows[problem].line)
        buffer_printf(out, "%s\r\n", problem_rows[problem].line);
    if (problem_rows[problem].retry_after)
        buffer_printf(out, "Retry-After: %d\r\n", problem_rows[problem].retry_after);
}

static void problem_write_errors(struct json_writer *w, const struct violations *violations)
{
    size_t kept = violation_kept(violations);
    if (kept == 0)
        return;
    json_write_key(w, "errors");
    json_write_open(w, '[');
    for (size_t i = 0; i < kept; i++) {
        const struct violation *v = &violations->items[i];
        json_write_open(w, '{');
        json_write_member_text(w, "detail", v->detail);
        json_write_member_text(w, v->place == VIOLATION_BODY ? "pointer" : "parameter", v->where);
        json_write_close(w, '}');
    }
    json_write_close(w, ']');
}

void problem_render(enum problem problem, const struct api_response *reply, const char *instance,
                    bool pretty, struct buffer *out)
{
    struct json_writer w;
    char type[64];
    snprintf(type, sizeof type, "%s%s", PROBLEM_TYPE_PREFIX, problem_rows[problem].name);

    json_write_start(&w, out, pretty);
    json_write_open(&w, '{');
    json_write_member_text(
        &w, "detail", reply && reply->detail[0] ? reply->detail : problem_rows[problem].detail);
    if (problem == PROBLEM_INVALID && reply)
        problem_write_errors(&w, &reply->violations);
    json_write_member_text(&w, "instance", instance);
    /* A value that found no room is left out: half of it would make the whole text invalid. */
    if (reply && reply->member && !reply->body.overflown) {
        json_write_key(&w, reply->member);
        json_write_rendered(&w, &reply->body);
    }
    json_write_member_number(&w, "status", problem_rows[problem].status);
    json_write_member_text(&w, "title", problem_rows[problem].title);
    json_write_member_text(&w, "type", type);
    json_write_close(&w, '}');
    json_write_end(&w);
}
