# shellcheck shell=bash
# Sourced by run and far: a private PostgreSQL server, and the rate of orders it takes without the pair. It
# listens on a unix socket alone, keeps its data under $var, and is set as it comes: fsync on.
# shellcheck disable=SC2154 # var, port and the like are theirs
readonly PRODUCTS=10000 # so many that orders for random ones do not wait for each other's rows
readonly CALL_SETTINGS='-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off'
as_user=() sockets='' server='' programs=''

start_server() {
    local i
    programs=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [ -x "$programs/pgbench" ] || fail 'PostgreSQL is not installed; install the package postgresql'
    # The path of a unix socket is short, the one of $var may not be.
    sockets=$(mktemp -d /tmp/postern-bench.XXXXXX) || fail 'cannot create a folder in /tmp'
    mkdir -p "$var/server" || fail "cannot write to $var"
    # PostgreSQL refuses to run as root.
    if [ "$(id -u)" -eq 0 ]; then
        as_user=(setpriv --reuid=postgres --regid=postgres --clear-groups)
        chmod 711 "$var"
        chown postgres:postgres "$var/server" "$sockets" || fail 'there is no user postgres'
    fi
    "${as_user[@]}" "$programs/initdb" -D "$PWD/$var/server/data" -U postern -A trust \
        --encoding=UTF8 --locale=C.UTF-8 >"$var/server.log" 2>&1 ||
        fail "the server's data could not be prepared" "$var/server.log"
    # A group of its own, so that Ctrl-C does not reach it before the pair is done with it.
    set -m
    LD_PRELOAD=${preload:-} "${as_user[@]}" "$programs/postgres" -D "$PWD/$var/server/data" -k "$sockets" \
        -c listen_addresses= >>"$var/server.log" 2>&1 </dev/null &
    server=$!
    set +m
    for ((i = 0; i < START_SECONDS * 20; i++)); do
        kill -0 "$server" 2>/dev/null || fail 'PostgreSQL did not start' "$var/server.log"
        "$programs/pg_isready" -q -h "$sockets" -U postern -d postgres && return
        sleep 0.05
    done
    fail "PostgreSQL did not answer within $START_SECONDS s" "$var/server.log"
}

# shellcheck disable=SC2317 # called by clean_up, after the pair has stopped
stop_server() {
    [ -z "$server" ] || stop_one "$server" INT
    [ -z "$sockets" ] || rm -rf -- "$sockets"
}

# Adds a line to the row's file, as measure does. What pgbench takes of the CPU is not the pair's.
measure_pgbench() { # ROW CONNECTIONS
    local rate
    rm -f "$var"/pgbench_log.*
    PGOPTIONS=$CALL_SETTINGS "$programs/pgbench" -h "$sockets" -U postern -M prepared -n -c "$2" -j 1 \
        -T "$seconds" -f "$here/order.sql" -D "products=$PRODUCTS" -D "n=$(date +%s%3N)" \
        -l --log-prefix="$var/pgbench_log" postgres >"$var/pgbench" 2>&1 || fail 'pgbench failed' "$var/pgbench"
    grep -q '^number of failed transactions: 0 ' "$var/pgbench" ||
        fail 'transactions of pgbench failed' "$var/pgbench"
    rate=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$var/pgbench")
    awk '{ print $3 }' "$var"/pgbench_log.* | sort -n |
        awk -v rate="$rate" '{ us[NR] = $1 } END { print rate, us[int(NR * 0.99 + 0.5)] / 1000, 0, 0, 0 }' \
            >>"$var/row.$1"
}
