# shellcheck shell=bash
# Sourced by run, published, far and task, which set here and tools, make the folder var, and remove it at the end:
# the load, and how its numbers are put into a table.
# shellcheck disable=SC2034,SC2154 # what is set here is used there, and the other way round
readonly READERS=32 ORDERERS=16 MANY=64
readonly ORDER='{"items":[{"product_id":2,"quantity":1}]}'
# The rows there are, in the order of the tables: of run, of published, of far, and all of task.
readonly HERE_ROWS=(static constant product limited products orders orders64 unlogged pg_product pg_orders pg_orders64
    pg_unlogged pgbench)
readonly PUBLISHED_ROWS=(file read_on read_off file_few few_on file_many many_on quarter pg_reads_on pg_reads_off
    mixed_on mixed_off orders_on orders_off pg_orders_on pg_orders_off stale)
readonly FAR_ROWS=(far_read16 far_read64 far_published64 far_lone far_any16 far_any64 far_one16 far_one64 far_any64x3 far_one64x3
    half_read64 half_any64 half_one64)
seconds=${BENCH_SECONDS:-3}
rounds=${BENCH_ROUNDS:-3}
var='' failed=''
declare -A label=()

fail() { # MESSAGE LOG...
    local log
    printf 'bench: %s\n' "$1" >&2
    shift
    for log in "$@"; do
        [ -s "$log" ] && tail -n 10 "$log" >&2
    done
    exit 1
}

progress() { # TEXT
    [ ! -t 2 ] || printf '\r\033[K%s' "$1" >&2
}

port_answers() { # PORT
    (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

free_port() {
    local candidate
    while candidate=$((20000 + RANDOM % 12000)) && port_answers "$candidate"; do
        :
    done
    echo "$candidate"
}

# Tells whether a row is to be measured: BENCH_ROWS names some, or is empty for all.
wanted() { # ROW
    [[ -z ${BENCH_ROWS:-} || " $BENCH_ROWS " == *" $1 "* ]]
}

wanted_any() { # ROW...
    local row
    for row in "$@"; do
        wanted "$row" && return
    done
    return 1
}

check_wanted() {
    local row
    for row in ${BENCH_ROWS:-}; do
        [[ " ${HERE_ROWS[*]} ${PUBLISHED_ROWS[*]} ${FAR_ROWS[*]} task " == *" $row "* ]] ||
            fail "BENCH_ROWS: there is no row $row. Take some of: ${HERE_ROWS[*]} ${PUBLISHED_ROWS[*]} ${FAR_ROWS[*]} task"
    done
}

# DESCRIPTION, "Description for product" by default, comes before the product's number in each description.
make_catalogue() { # PRODUCTS [DESCRIPTION]
    awk -v products="$1" -v description="${2:-Description for product}" 'BEGIN {
        print "id,name,description,price,quantity"
        for (i = 1; i <= products; i++)
            printf "%d,Product %d,%s %d,%.2f,1000000000\n", i, i, description, i, i * 10 - 0.01
    }' >"$var/catalogue.csv"
}

# Sets requests, us (how long it took) and p99 (in µs), which are the caller's; failed, if a request did.
send_load() { # LABEL URL CONNECTIONS [BODY [PRODUCTS [READS]]]
    local what=$1 url=$2 connections=$3 errors output=$var/wrk.$BASHPID
    shift 3
    wrk -t1 "-c$connections" "-d${seconds}s" --timeout 10s -s "$here/load.lua" "$url" -- "$@" \
        >"$output" 2>&1 || fail "wrk failed on $url" "$output"
    read -r requests us p99 errors < <(sed -n 's/^measured //p' "$output")
    [ "${requests:-0}" -gt 0 ] || fail "nothing came from $url" "$output"
    [ "$errors" -gt 0 ] || return 0
    failed=yes
    progress ''
    printf 'bench: %s: %s requests failed:\n' "$what" "$errors" >&2
    grep -E 'Non-2xx|Socket errors' "$output" >&2
}

# As send_load, for several tasks at once: each gets its part of the connections. p99 is the worst task's.
send_loads() { # LABEL "URL..." CONNECTIONS [BODY [PRODUCTS [READS]]]
    local what=$1 connections=$3 urls one task tasks=()
    read -ra urls <<<"$2"
    shift 3
    [ "${#urls[@]}" -gt 1 ] || { send_load "$what" "${urls[0]}" "$connections" "$@" && return; }
    rm -f "$var"/part.*
    for one in "${urls[@]}"; do
        (
            send_load "$what" "$one" "$((connections / ${#urls[@]}))" "$@"
            echo "$requests $us $p99 ${failed:-no}" >"$var/part.$BASHPID"
        ) &
        tasks+=("$!")
    done
    for task in "${tasks[@]}"; do
        wait "$task" || exit 1
    done
    read -r requests us p99 one < <(awk '{ n += $1; if ($2 > us) us = $2; if ($3 > p99) p99 = $3 }
        $4 == "yes" { bad = "yes" } END { print n, us, p99, bad }' "$var"/part.*)
    [ -z "$one" ] || failed=yes
}

median() { # FILE COLUMN
    awk -v column="$2" '{ print $column }' "$1" | sort -g |
        awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

print_row() { # ROW
    awk -v label="${label[$1]}" -v rate="$(median "$var/row.$1" 1)" -v p99="$(median "$var/row.$1" 2)" \
        -v cpu="$(median "$var/row.$1" 3)" -v pss="$(median "$var/row.$1" 4)" \
        -v columns="$(awk 'NR == 1 { print NF }' "$var/row.$1")" -v server="$(median "$var/row.$1" 5)" '
        function us(n) { return n > 0 ? sprintf("%.0f", n) : "–" }
        BEGIN {
            memory = pss > 0 ? sprintf("%.1f MB", pss * 1024 / 1e6) : "–"
            rest = columns > 4 ? " " us(server) " |" : ""
            printf "| %s | %.0f | %.2f | %s |%s %s |\n", label, rate, p99, us(cpu), rest, memory
        }'
}

# Round by round, since a shared machine and its disk are not equally fast in all of them.
quotient() { # FILE_ABOVE FILE_BELOW
    paste -d ' ' <(awk '{ print $1 }' "$1") <(awk '{ print $1 }' "$2") |
        awk '{ print ($2 > 0 ? $1 / $2 : 0) }' >"$var/quotients"
    median "$var/quotients" 1
}

# Nothing, if one of the rows was not measured.
print_quotient() { # LABEL ROW_ABOVE ROW_BELOW TARGET
    [[ ! -e $var/row.$2 || ! -e $var/row.$3 ]] ||
        print_target "$1" "$(quotient "$var/row.$2" "$var/row.$3")" "$4" least %.2f
}

print_target() { # LABEL VALUE TARGET least|most FORMAT
    awk -v label="$1" -v value="$2" -v target="$3" -v way="$4" -v form="$5" 'BEGIN {
        met = way == "least" ? value >= target : value <= target
        printf "| %s | " form " | at %s " form " | %s |\n", label, value, way, target, met ? "met" : "MISSED" }'
}
