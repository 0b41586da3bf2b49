# Reads what a file holds, slurped: one JSON array of products. Prints them by ascending id, which is the order that
# orders lock them in, with price_cents in place of price. Ends with an error that names the product which breaks a
# rule; the rules, and their words, are those of `postern import`. Members may be absent.
def whole($least; $most): type == "number" and . == floor and . >= $least and . <= $most;
def text($least; $most): type == "string" and (utf8bytelength | . >= $least and . <= $most);
def cents: . * 100 | round;

# What each member must be.
def check: if type != "object" then error("an item must be an object") else . end |
    (keys - ["description", "id", "name", "price", "quantity"]) as $unknown |
    if $unknown != [] then error("product \(.id): unknown member \($unknown[0] | tojson)")
    elif .id | whole(1; 9007199254740991) | not then error("product \(.id): id must be a whole number from 1 to 9007199254740991")
    elif has("name") and (.name | text(1; 200) and (explode | all(. >= 32 and (. < 127 or . >= 160))) | not) then
        error("product \(.id): name must be 1 to 200 bytes of UTF-8 text without control characters")
    elif has("description") and (.description | text(0; 2000) and (explode | all(. != 0)) | not) then
        error("product \(.id): description must be at most 2000 bytes of UTF-8 text without NUL")
    elif has("price") and (.price | type == "number" and . >= 0 and . <= 99999999.99 and . == cents / 100 | not) then
        error("product \(.id): price must be a number from 0 to 99999999.99 with at most two decimals")
    elif has("quantity") and (.quantity | whole(0; 9007199254740991) | not) then
        error("product \(.id): quantity must be a whole number from 0 to 9007199254740991")
    else . end;

if map(type) != ["array"] then error("it must be a JSON array of products, as in [{...}, {...}]") else .[0] end |
map(check) | sort_by(.id) |
(group_by(.id)[] | select(length > 1) | error("product \(.[0].id) is there twice")),
map(if has("price") then .price_cents = (.price | cents) | del(.price) else . end)
