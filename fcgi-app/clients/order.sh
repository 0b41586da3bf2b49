#!/bin/sh
# Places an order once, whatever breaks meanwhile, and prints it: order.sh URL ORDER [TRIES]
# Exit status 1: it was refused, and the reason is printed. 2: it is not known whether it was placed.
set -eu
url=$1 order=$2 tries=${3:-10} try=0 wait=1
key=$(cat /proc/sys/kernel/random/uuid)
answer=$(mktemp -d)
trap 'rm -rf "$answer"' EXIT

while [ "$try" -lt "$tries" ]; do
    try=$((try + 1))
    status=$(curl -s --max-time 60 -D "$answer/head" -o "$answer/body" -w '%{http_code}' --data-raw "$order" \
        -H 'Content-Type: application/json' -H "Idempotency-Key: $key" "$url/orders") || status=broken
    case $status in
    broken | 429 | 5??) ;;
    409) grep -q idempotency-key-in-flight "$answer/body" || break ;;
    *) break ;;
    esac
    after=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]*\).*/\1/p' "$answer/head" 2>/dev/null) || after=
    rm -f "$answer/head"
    status="open: $status"
    # As long as the service asks for, else longer each time; and up to a second more, so that callers spread.
    [ "$try" -eq "$tries" ] || sleep "${after:-$wait}.$(od -An -N1 -tu1 /dev/urandom | tr -d ' ')"
    [ "$wait" -ge 16 ] || wait=$((wait * 2))
done

case $status in
201) cat "$answer/body" ;;
open*) echo "no answer after $tries tries, the last: ${status#* }; the key is $key" >&2 && exit 2 ;;
*) cat "$answer/body" >&2 && exit 1 ;;
esac
