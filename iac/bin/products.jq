# Reads a JSON array of products. Prints them by ascending id, which is the order that orders lock them in, with
# price_cents in place of price. Ends with an error that names the product which breaks a rule; the rules are those of
# `postern import`. Members may be absent.
def whole($least; $most): type == "number" and . == floor and . >= $least and . <= $most;
def text($least; $most): type == "string" and (utf8bytelength | . >= $least and . <= $most);
def cents: . * 100 | round;

# What each member must be.
def check: if type != "object" then error("an item is no object") else . end |
    if .id | whole(1; 9007199254740991) | not then error("product \(.id): id must be a whole number from 1 to 9007199254740991")
    elif keys - ["description", "id", "name", "price", "quantity"] != [] then
        error("product \(.id): its members must be among id, name, description, price and quantity")
    elif has("name") and (.name | text(1; 200) and (explode | all(. >= 32 and (. < 127 or . >= 160))) | not) then
        error("product \(.id): name must be text of 1 to 200 bytes without control characters")
    elif has("description") and (.description | text(0; 2000) and (explode | all(. != 0)) | not) then
        error("product \(.id): description must be text of at most 2000 bytes without NUL")
    elif has("price") and (.price | type == "number" and . >= 0 and . <= 99999999.99 and (. * 100 - cents | fabs) < 1e-6 | not) then
        error("product \(.id): price must be a number from 0 to 99999999.99 with at most two decimals")
    elif has("quantity") and (.quantity | whole(0; 1000000000) | not) then
        error("product \(.id): quantity must be a whole number from 0 to 1000000000")
    else . end;

if type != "array" then error("it is no array") else . end |
map(check) | sort_by(.id) |
(group_by(.id)[] | select(length > 1) | error("product \(.[0].id) is there twice")),
map(if has("price") then .price_cents = (.price | cents) | del(.price) else . end)
