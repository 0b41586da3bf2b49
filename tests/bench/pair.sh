# shellcheck shell=bash
# Sourced by run, published and far: pairs of lighttpd and postern as processes of this machine, and what a
# measurement of them is. They set tools, root and postern, and for each row label, url (one for each
# task) and sides (the names of the pairs whose processes it measures); each has a memory_kib of its own.
# shellcheck disable=SC2034,SC2154 # what is set here is used there, and the other way round
readonly START_SECONDS=10 STOP_SECONDS=40
readonly ANY_ORDER='{"items":[{"product_id":%d,"quantity":1}]}' # see load.lua
log_program=${LOG_PROGRAM:-$(dirname -- "$postern")/webserver-conf/programs/log-file}
declare -A web=() port=() app=() workers=() url=() sides=()
logs=() unlogged='' # unlogged: pairs start with their logs thrown away
description='' # of the products: see make_catalogue
NAME=postern-bench-$$ distance='' limited='' # distance: the program's id; limited: pairs start in the cgroup NAME of limit.sh

stop_one() { # PID SIGNAL
    local i
    kill -s "$2" "$1" 2>/dev/null || return 0
    for ((i = 0; i < STOP_SECONDS * 20; i++)); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.05
    done
    kill -s KILL "$1" 2>/dev/null
}

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local name log
    progress ''
    for name in "${!web[@]}"; do
        stop_one "${web[$name]}" INT
    done
    for name in "${!app[@]}"; do
        stop_one "${app[$name]}" TERM
    done
    for log in "${logs[@]}"; do
        stop_one "$log" TERM
    done
    [ -z "$distance" ] || stop_one "$distance" TERM
    stop_server
    wait 2>/dev/null
    [ -z "$var" ] || rm -rf -- "$var"
}

# ---- The processes

# What is started by it is a process of its own, with its id in $!.
in_group() { # COMMAND...
    local file
    if [ -n "$limited" ]; then
        for file in "$CGROUPS"/{cpu,memory,.}/"$NAME"/cgroup.procs; do
            [ ! -e "$file" ] || echo "$BASHPID" >"$file" || exit 1
        done
    fi
    exec "$@"
}

# Sets log_fd: the lines that are written there go to the file as those of make run do.
open_log() { # FILE
    if [ -n "$unlogged" ]; then
        exec {log_fd}>/dev/null
    else
        exec {log_fd}> >(exec setsid -- "$log_program" "$1")
        logs+=("$!")
    fi
}

start_web() { # NAME CONFIGURATION SOCKET [ARGUMENT...]
    local i log_fd
    port[$1]=$(free_port)
    mkdir -p "$var/$1/uploads" || fail "cannot write to $var"
    open_log "$var/$1/access.log"
    PORT=${port[$1]} POSTERN_SOCKET=$3 ACCESS_LOG=/dev/fd/3 UPLOADS=$var/$1/uploads TZ=UTC \
        WEBSERVER_CONF=$root/webserver-conf \
        in_group lighttpd -D -f "$2" "${@:4}" 2>>"$var/$1/lighttpd.log" 3>&"$log_fd" {log_fd}>&- </dev/null &
    web[$1]=$!
    exec {log_fd}>&-
    for ((i = 0; i < START_SECONDS * 20; i++)); do
        kill -0 "${web[$1]}" 2>/dev/null || fail 'lighttpd did not start' "$var/$1/lighttpd.log"
        port_answers "${port[$1]}" && return
        sleep 0.05
    done
    fail "lighttpd did not answer within $START_SECONDS s" "$var/$1/lighttpd.log"
}

fill_store() { # PRODUCTS
    make_catalogue "$1" "$description"
    if ! "$postern" migrate >"$var/setup.log" 2>&1 ||
        ! "$postern" import "$var/catalogue.csv" >>"$var/setup.log" 2>&1; then
        fail 'the store could not be prepared' "$var/setup.log"
    fi
}

children_of() { # PID
    cat "/proc/$1/task/$1/children"
}

# PRODUCTS 0: the store is there already.
start_postern() { # NAME DATABASE_URL PRODUCTS [CONFIGURATION [ARGUMENT...]]
    local i log_fd configuration=${4:-$root/webserver-conf/lighttpd-local.conf}
    export DATABASE_URL=$2 POSTERN_SOCKET=$var/$1/postern.sock
    mkdir -p "$var/$1" || fail "cannot write to $var"
    [ "$3" -eq 0 ] || fill_store "$3"
    open_log "$var/$1/postern.log"
    in_group "$postern" serve 2>&"$log_fd" {log_fd}>&- </dev/null &
    app[$1]=$!
    exec {log_fd}>&-
    for ((i = 0; i < START_SECONDS * 20; i++)); do
        "$postern" healthcheck 2>/dev/null && break
        sleep 0.05
    done
    start_web "$1" "$configuration" "$POSTERN_SOCKET" "${@:5}"
    workers[$1]=$(children_of "${app[$1]}")
}

# ---- The measurements

cpu_ticks() { # PID...
    local pid
    for pid in "$@"; do
        sed 's/.*) //' "/proc/$pid/stat" # the name, in brackets, may hold blanks
    done | awk '{ n += $12 + $13 } END { print n + 0 }'
}

# PostgreSQL's: of its processes now and of those that have ended.
server_ticks() {
    local pid
    [ -n "$server" ] || { echo 0 && return; }
    for pid in "$server" $(children_of "$server"); do
        sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
    done | awk '{ n += $12 + $13 } NR == 1 { n += $14 + $15 } END { print n + 0 }'
}

pss_kib() { # PID...: a line for each
    local pid
    for pid in "$@"; do
        awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup"
    done
}

# How many of a pair's processes are workers; the others are its writer and the like.
workers_of() { # PAIR
    local pid
    for pid in ${workers[$1]:-}; do
        cat "/proc/$pid/comm"
    done | grep -c -x postern-worker
}

pids_of() { # ROW
    local side
    for side in ${sides[$1]}; do
        echo "${web[$side]} ${app[$side]:-} ${workers[$side]:-}"
    done
}

# Adds a line "REQUESTS/S P99_MS CPU_US MEMORY_KIB SERVER_CPU_US" to the row's file.
measure() { # ROW CONNECTIONS [BODY [PRODUCTS [READS]]]
    local row=$1 connections=$2 pids before after server_before server_after requests us p99
    shift 2
    read -ra pids < <(pids_of "$row" | tr '\n' ' ')
    before=$(cpu_ticks "${pids[@]}")
    server_before=$(server_ticks)
    send_loads "${label[$row]}" "${url[$row]}" "$connections" "$@"
    server_after=$(server_ticks)
    after=$(cpu_ticks "${pids[@]}")
    awk -v n="$requests" -v us="$us" -v p99="$p99" -v cpu="$((after - before))" -v hz="$(getconf CLK_TCK)" \
        -v kib="$(memory_kib "$row")" -v server="$((server_after - server_before))" 'BEGIN {
        print n * 1e6 / us, p99 / 1000, cpu * 1e6 / hz / n, kib, server * 1e6 / hz / n }' >>"$var/row.$row"
}
