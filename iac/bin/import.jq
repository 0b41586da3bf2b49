# Judges an import as `postern import` does, in its words. $quantity is what becomes of the quantity of a product that
# exists: refuse, set or keep. The input, slurped: the products as products.jq prints them, then the Data API's answers,
# which hold those that exist: id, price_cents, quantity, name, description, retired.
# Prints {refused, changes: lines to tell, counts: a line, too, add, change: rows of the Data API}.
def told: 20; # products of one kind that it tells of
def shown: 80; # bytes of a text that it shows

# Of each verdict that refuses: what is wrong with the one product, and what to do.
def refusals: {
    lacking: ["is new, so it needs a name and a price", "give a new product all but the description and the quantity"],
    stocked: ["exists, so its quantity is refused", "a quantity in a file would undo what was sold since it was written: give "
        + "--keep-stock to pass over it where the product exists, or --set-stock to set the stock to it"],
    retired: ["is retired", "bring it back first, with: iac/bin/retire --back ID"]};

def existing: {id: .[0].longValue, price_cents: .[1].longValue, quantity: .[2].longValue, name: .[3].stringValue,
    description: .[4].stringValue, retired: .[5].booleanValue};

# The Data API takes each row as a list of typed parameters.
def row: [
    {name: "id", value: {longValue: .id}},
    {name: "price", value: {longValue: .price_cents}},
    {name: "quantity", value: {longValue: .quantity}},
    {name: "name", value: {stringValue: .name}},
    {name: "description", value: {stringValue: .description}}];

# The product whole: what the file does not give stays as it was.
def merged($was): {quantity: 0, description: ""} + ($was // {}) +
    if $was and $quantity == "keep" then del(.quantity) else . end;

def verdict($was):
    if $was == null then if has("name") and has("price_cents") then "added" else "lacking" end
    elif $was.retired then "retired"
    elif has("quantity") and $quantity == "refuse" then "stocked"
    elif merged($was) == $was then "left"
    else "changed" end;

def show_text: "\"\(explode | map(if . < 32 or (. >= 127 and . < 160) then 63 else . end) | implode | .[:shown] |
    until(utf8bytelength <= shown; .[:-1]))\"";
def show_money: "\(. / 100 | floor).\(. % 100 + 100 | tostring | .[1:])";

# A line for each member that changes.
def lines: .was as $was | .product as $new |
    def line($name; $member; show): select($was[$member] != $new[$member]) |
        "product \($new.id): \($name) \($was[$member] | show) -> \($new[$member] | show)";
    line("name"; "name"; show_text), line("description"; "description"; show_text),
    line("price"; "price_cents"; show_money), line("quantity"; "quantity"; tostring);

(reduce (.[1:][].records[]? | existing) as $product ({}; .[$product.id | tostring] = $product)) as $found |
[.[0][] | $found[.id | tostring] as $was | {verdict: verdict($was), was: $was, product: merged($was)}] as $all |
def those($verdict): [$all[] | select(.verdict == $verdict)];
{
    refused: [refusals | to_entries[] | .value as [$wrong, $remedy] | those(.key) | select(length > 0) |
        (.[:told][] | "product \(.product.id) \($wrong)"), "\(length) refused, nothing was imported; \($remedy)"],
    changes: [those("changed")[:told][] | lines],
    counts: "\($all | length) products: \(those("added") | length) added, \(those("changed") | length) changed, \(
        those("left") | length) left as they are",
    add: [those("added")[].product | row],
    change: [those("changed")[].product | row]
}
