# shellcheck shell=bash
# stack.sh: sourced by the tests of the stack. tests/stack/run sets the environment: the Compose
# project COMPOSE_PROJECT_NAME is up, endpoint-a is on localhost's PORT, Prometheus on its PROMETHEUS_PORT,
# CONSUMERS is the folder of the consumers file, STACK_VAR a folder for files, STACK_LOAD the load
# generator.
set -u
: "${COMPOSE_PROJECT_NAME:?is not set; run this test through tests/stack/run}"

# The ids that docker-compose.yml gives its endpoints, and the load generator's product.
# shellcheck disable=SC2034 # the tests use them
readonly VPCE_A=vpce-0aaaaaaaaaaaaaaaa VPCE_B=vpce-0bbbbbbbbbbbbbbbb LOAD_PRODUCT=1000 LOAD_STOCK=1000000
passed=0 failed=0 skipped=0

# check WHAT COMMAND...: one test; what the command printed is shown if it fails.
check() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: FAILED: %s\n%s\n' "$what" "$*" "$(tail -n 30 <<<"$said")"
    fi
}

# What cannot be looked at here, and why; counted, so that it is not taken for a proof.
skip() { # WHAT WHY
    skipped=$((skipped + 1))
    echo "$1: skipped: $2"
}

# The closing line tests/run adds up, and the exit status.
finish() {
    echo "stack/${0##*/test_}: $passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

fails() { # COMMAND...
    ! "$@"
}

# is EXPECTED COMMAND...: whether the command prints just that.
is() {
    local expected=$1 said
    shift
    said=$("$@") || true
    [ "$said" = "$expected" ] || {
        printf 'expected: %s\ngot: %s\n' "$expected" "$said"
        return 1
    }
}

# has TEXT COMMAND...: whether the command's output holds the text.
has() {
    local text=$1 said
    shift
    said=$("$@") || true
    [[ $said == *"$text"* ]] || {
        printf 'expected to find: %s\nin: %s\n' "$text" "$said"
        return 1
    }
}

lacks() { # TEXT COMMAND...
    local text=$1 said
    shift
    said=$("$@") || return 1
    [[ $said != *"$text"* ]] || {
        printf 'did not expect: %s\nin: %s\n' "$text" "$said"
        return 1
    }
}

# eventually SECONDS COMMAND...
eventually() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

container() { # SERVICE
    echo "$COMPOSE_PROJECT_NAME-$1-1"
}

# within SERVICE COMMAND...: runs it in the service's container.
within() {
    local service=$1
    shift
    docker exec -i "$(container "$service")" "$@"
}

# kill_processes PID...: as a fault would: `docker kill` counts as a stop, and a container's first process
# is killed by nothing within. So a process of the engine's machine does it.
kill_processes() {
    docker run --rm --network none --pid host --user 0 --entrypoint bash postern-consumer \
        -c 'kill -s KILL "$@"' - "$@"
}

# The address a service's client calls, as in docker-compose.yml.
endpoint_of() { # SERVICE
    case $1 in
    consumer-a) echo endpoint-a ;;
    consumer-b) echo endpoint-b ;;
    instance) echo vpc-endpoint-service-demo.internal.com ;;
    esac
}

# ask WHO PATH [CURL-ARGUMENT]...: the answer's body; status prints its status alone.
ask() {
    local who=$1 path=$2
    shift 2
    within "$who" curl -sS --max-time 30 "$@" "http://$(endpoint_of "$who")$path" </dev/null
}

status() {
    ask "$@" -o /dev/null -w '%{http_code}'
}

# order WHO KEY [CURL-ARGUMENT]...: places an order of one demo product.
order() {
    local who=$1 key=$2
    shift 2
    ask "$who" /orders -H 'Content-Type: application/json' -H "Idempotency-Key: \"$key\"" \
        -d "{\"items\":[{\"product_id\":$LOAD_PRODUCT,\"quantity\":1}]}" "$@"
}

# The id of the order on standard input.
order_id() {
    sed -n 's/.*"id":"\([0-9a-f-]\{36\}\)".*/\1/p'
}

# database SQL: what it answers, asked as the superuser, which only that container can be.
database() {
    within postgres psql -h /tmp -d postern -qAtX -v ON_ERROR_STOP=1 <<<"$1"
}

task_logs() { # app|web
    local n
    for n in 1 2 3; do
        docker logs "$(container "$1-$n")" 2>&1
    done
}

# The lines of the tasks' logs that hold the text; a line may come a moment after its answer.
grep_logs() { # app|web TEXT
    eventually 15 grep_logs_once "$@"
    grep_logs_once "$@"
}

grep_logs_once() {
    task_logs "$1" | grep -F "$2"
}

# Whether the load balancer finds the task healthy or unhealthy.
target_is() { # N healthy|unhealthy
    ask instance :8404/ | grep -qx "task-$1 $2"
}

# ---- Load

load_pid='' load_status=1

load_start() { # RUN KEPT FRESH [again]
    local run=$1 kept=$2 fresh=$3
    shift 3
    "$STACK_LOAD" "$PORT" "$kept" "$fresh" "$LOAD_PRODUCT" "$run" "$STACK_VAR/$run.acknowledged" "$@" \
        >"$STACK_VAR/$run.log" &
    load_pid=$!
}

# Ends it. Not within a check: only this shell can wait for it.
load_stop() {
    kill -s TERM "$load_pid"
    wait "$load_pid"
    load_status=$?
}

# Shows what it printed, failed requests among it; after load_stop.
load_ended_well() { # RUN
    cat "$STACK_VAR/$1.log"
    return "$load_status"
}

# Whether its closing line says as much of something, or more.
load_saw() { # RUN NUMBER WHAT
    local seen
    seen=$(sed -n "s/.*$3 \([0-9]*\).*/\1/p" "$STACK_VAR/$1.log" | tail -n 1)
    [ "${seen:-0}" -ge "$2" ] || {
        cat "$STACK_VAR/$1.log"
        return 1
    }
}

# Every order that was acknowledged is in the books, under its key, and no key has another.
books_hold_acknowledged() { # RUN
    local acknowledged=$STACK_VAR/$1.acknowledged missing
    [ -s "$acknowledged" ] || return 1
    missing=$(database "CREATE TEMP TABLE acknowledged (key TEXT, id TEXT);
            COPY acknowledged FROM STDIN WITH (DELIMITER ' ');
$(<"$acknowledged")
\\.
            SELECT 'not in the books as acknowledged: ' || a.key || ' ' || a.id FROM acknowledged a
              LEFT JOIN idempotency_keys k ON k.key = a.key AND k.order_id = a.id
              LEFT JOIN order_lines l ON l.order_id = a.id AND l.product_id = $LOAD_PRODUCT AND l.quantity = 1
              WHERE k.key IS NULL OR l.order_id IS NULL;
              SELECT 'acknowledged: ' || count(*) || ', keys in the books: ' ||
                  (SELECT count(*) FROM idempotency_keys WHERE key LIKE '$1-%')
              FROM acknowledged HAVING count(*) <> (SELECT count(*) FROM idempotency_keys WHERE key LIKE '$1-%');") || return 1
    [ -z "$missing" ] || {
        echo "$missing"
        return 1
    }
}

# What was sold and what is left make up what there was; and every product's ledger accounts for its stock.
books_balance() {
    is "$LOAD_STOCK" database "SELECT p.quantity + (SELECT coalesce(sum(l.quantity), 0)
        FROM order_lines l WHERE l.product_id = p.id) FROM products p WHERE p.id = $LOAD_PRODUCT" &&
        docker compose run --rm -T --no-deps catalogue audit </dev/null
}
