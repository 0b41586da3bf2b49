# json2c: turns a JSON file whose only white space between tokens is at the start of its lines into a C header with the
# text openapi_json, without that white space. POSIX awk.
#
#     awk -f json2c.awk openapi.json >gen/openapi_json.h
BEGIN {
    print "/* Made by json2c.awk; do not edit. */"
    print "#ifndef GEN_OPENAPI_JSON_H\n#define GEN_OPENAPI_JSON_H\n"
    print "static const char openapi_json[] ="
}
{
    sub(/^ +/, "")
    # Two question marks might begin a trigraph.
    gsub(/[\\"?]/, "\\\\&")
    print "    \"" $0 "\""
}
END { print "    ;\n\n#endif" }
