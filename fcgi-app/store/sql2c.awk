# sql2c: turns SQL files into a C header on standard output. POSIX awk.
#
# Named statements, each introduced by a line "-- name: order_insert", into the enumeration
# SQLITE_SQL_ORDER_INSERT ... SQLITE_SQL_MAX and the array sqlite_sql_texts[] it
# indexes:
#
#     awk -v kind=statements -v prefix=sqlite -f sql2c.awk sqlite/statements.sql >gen/sqlite_sql.h
#
# Migrations, whole files named NUMBER-WHAT.sql and given in the order 0001, 0002, ..., into the
# array sqlite_schema[] of version, name, the oldest version whose programs it still serves, and
# SQL. That oldest one is itself, or N if the file has a line "-- serves: N":
#
#     awk -v kind=schema -v prefix=sqlite -f sql2c.awk sqlite/schema/*.sql >gen/sqlite_schema.h
#
# Comments and empty lines are left out; a comment stands on a line of its own. On an error the
# message goes to standard error and the exit status is 1. The parentheses round each text tell the
# compiler that no comma is missing between its lines.

function fail(message) {
    print "sql2c: " FILENAME ":" FNR ": " message >"/dev/stderr"
    failed = 1
    exit 1
}

function escaped(text,   out, i, c) {
    out = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        out = out (c == "\\" || c == "\"" ? "\\" : "") c
    }
    return out
}

function close_entry() {
    if (entries && body[entries] == "")
        fail("\"" name[entries] "\" has no SQL")
}

function open_migration(   parts, file, n) {
    n = split(FILENAME, parts, "/")
    file = parts[n]
    sub(/\.sql$/, "", file)
    if (split(file, parts, "-") < 2 || parts[1] !~ /^[0-9]+$/)
        fail("expected a file named NUMBER-WHAT.sql")
    close_entry()
    name[++entries] = file
    if (parts[1] + 0 != entries)
        fail("expected migration " entries ", not " parts[1])
}

function open_statement() {
    if ($3 !~ /^[a-z][a-z0-9_]*$/ || NF != 3)
        fail("expected -- name: lower_case_name")
    if ($3 in seen)
        fail("\"" $3 "\" is there twice")
    close_entry()
    seen[$3] = 1
    name[++entries] = $3
}

BEGIN {
    if ((kind != "statements" && kind != "schema") || prefix == "")
        fail("give -v kind=statements or -v kind=schema, and -v prefix=...")
}

kind == "schema" && FNR == 1 { open_migration() }
kind == "schema" && /^-- serves:/ {
    if (NF != 3 || $3 !~ /^[1-9][0-9]*$/ || $3 + 0 > entries)
        fail("expected -- serves: and a number from 1 to " entries)
    serves[entries] = $3
}
kind == "statements" && /^-- name:/ { open_statement(); next }
/^[ \t]*(--.*)?$/ { next }
!entries { fail("SQL before the first -- name:") }
{ body[entries] = body[entries] "\n     \"" escaped($0) "\\n\"" }

END {
    if (failed)
        exit 1
    if (!entries)
        fail("nothing to do")
    close_entry()
    upper = toupper(prefix)
    guard = "GEN_" upper (kind == "schema" ? "_SCHEMA_H" : "_SQL_H")
    print "/* Made by sql2c.awk; do not edit. */"
    print "#ifndef " guard "\n#define " guard "\n"
    if (kind == "schema") {
        print "struct " prefix "_migration {\n    int version;\n    const char *name;"
        print "    int serves;\n    const char *sql;\n};\n"
        print "static const struct " prefix "_migration " prefix "_schema[] = {"
        for (i = 1; i <= entries; i++)
            print "    {" i ", \"" escaped(name[i]) "\", " \
                (i in serves ? serves[i] : i) ", (" body[i] ")},"
    } else {
        print "enum " prefix "_sql {"
        for (i = 1; i <= entries; i++)
            print "    " upper "_SQL_" toupper(name[i]) ","
        print "    " upper "_SQL_MAX\n};\n"
        print "static const char *const " prefix "_sql_texts[" upper "_SQL_MAX] = {"
        for (i = 1; i <= entries; i++)
            print "    [" upper "_SQL_" toupper(name[i]) "] = (" body[i] "),"
    }
    print "};\n\n#endif"
}
