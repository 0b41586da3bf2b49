# A JSON array of products as rows of the Data API, in the order of their ids, which is the order that orders take the
# same rows in. Ends with an error that names the product which breaks a rule; the rules are those of `postern import`.
def whole($least; $most): type == "number" and . == floor and . >= $least and . <= $most;
def text($least; $most): type == "string" and (utf8bytelength | . >= $least and . <= $most);
def cents: . * 100 | round;

# What each member must be.
def check: if type != "object" then error("an item is no object") else . end |
    if .id | whole(1; 9007199254740991) | not then error("product \(.id): id must be a whole number from 1 to 9007199254740991")
    elif keys != ["description", "id", "name", "price", "quantity"] then
        error("product \(.id): its members must be id, name, description, price and quantity")
    elif .name | text(1; 200) and (explode | all(. >= 32 and . != 127)) | not then
        error("product \(.id): name must be text of 1 to 200 bytes without control characters")
    elif .description | text(0; 2000) and (explode | all(. != 0)) | not then
        error("product \(.id): description must be text of at most 2000 bytes without NUL")
    elif .price | type == "number" and . >= 0 and . <= 99999999.99 and (. * 100 - cents | fabs) < 1e-6 | not then
        error("product \(.id): price must be a number from 0 to 99999999.99 with at most two decimals")
    elif .quantity | whole(0; 1000000000) | not then error("product \(.id): quantity must be a whole number from 0 to 1000000000")
    else . end;

if type != "array" then error("it is no array") else . end |
map(check) | sort_by(.id) |
(group_by(.id)[] | select(length > 1) | error("product \(.[0].id) is there twice")),
# The Data API takes each row as a list of typed parameters. Money is whole cents in the database.
map([
    {name: "id", value: {longValue: .id}},
    {name: "price", value: {longValue: .price | cents}},
    {name: "quantity", value: {longValue: .quantity}},
    {name: "name", value: {stringValue: .name}},
    {name: "description", value: {stringValue: .description}}])
