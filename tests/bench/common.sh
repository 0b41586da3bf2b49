# shellcheck shell=bash
# Sourced by run and task, which set here and tools, make the folder var, and remove it at the end:
# the load, and how its numbers are put into a table.
# shellcheck disable=SC2034,SC2154 # what is set here is used there, and the other way round
readonly READERS=32 ORDERERS=16
readonly ORDER='{"items":[{"product_id":2,"quantity":1}]}'
seconds=${BENCH_SECONDS:-5}
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

make_catalogue() { # PRODUCTS
    awk -v products="$1" 'BEGIN {
        print "id,name,description,price,quantity"
        for (i = 1; i <= products; i++)
            printf "%d,Product %d,Description for product %d,%.2f,1000000000\n", i, i, i, i * 10 - 0.01
    }' >"$var/catalogue.csv"
}

# Sets requests, us (how long it took) and p99 (in µs), which are the caller's; failed, if a request did.
send_load() { # LABEL URL CONNECTIONS [BODY [PRODUCTS]]
    local what=$1 url=$2 connections=$3 errors
    shift 3
    wrk -t1 "-c$connections" "-d${seconds}s" --timeout 10s -s "$here/load.lua" "$url" -- "$@" \
        >"$var/wrk" 2>&1 || fail "wrk failed on $url" "$var/wrk"
    read -r requests us p99 errors < <(sed -n 's/^measured //p' "$var/wrk")
    [ "${requests:-0}" -gt 0 ] || fail "nothing came from $url" "$var/wrk"
    [ "$errors" -gt 0 ] || return 0
    failed=yes
    progress ''
    printf 'bench: %s: %s requests failed:\n' "$what" "$errors" >&2
    grep -E 'Non-2xx|Socket errors' "$var/wrk" >&2
}

median() { # FILE COLUMN
    awk -v column="$2" '{ print $column }' "$1" | sort -g |
        awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

print_row() { # ROW
    awk -v label="${label[$1]}" -v rate="$(median "$var/row.$1" 1)" -v p99="$(median "$var/row.$1" 2)" \
        -v cpu="$(median "$var/row.$1" 3)" -v pss="$(median "$var/row.$1" 4)" 'BEGIN {
        memory = pss > 0 ? sprintf("%.1f MB", pss * 1024 / 1e6) : "–"
        time = cpu > 0 ? sprintf("%.0f", cpu) : "–"
        printf "| %s | %.0f | %.2f | %s | %s |\n", label, rate, p99, time, memory }'
}

print_target() { # LABEL VALUE TARGET least|most FORMAT
    awk -v label="$1" -v value="$2" -v target="$3" -v way="$4" -v form="$5" 'BEGIN {
        met = way == "least" ? value >= target : value <= target
        printf "| %s | " form " | at %s " form " | %s |\n", label, value, way, target, met ? "met" : "MISSED" }'
}
