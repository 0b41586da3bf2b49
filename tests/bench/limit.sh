# shellcheck shell=bash
# Sourced by task and far, which set NAME: a cgroup of this machine, version 1 or 2, that limits the
# CPU and the memory of what runs in it. That takes root.
# shellcheck disable=SC2154 # var is theirs
readonly CGROUPS=/sys/fs/cgroup PERIOD_US=100000

# Where the file of the cgroup is; on v1 each controller has a tree of its own.
group_file() { # CONTROLLER FILE
    if [ -e "$CGROUPS/cgroup.controllers" ]; then
        echo "$CGROUPS/$NAME/$2"
    else
        echo "$CGROUPS/$1/$NAME/$2"
    fi
}

# Makes the cgroup; what fails is in $var/cgroup.log.
limit_memory() { # BYTES
    if [ -e "$CGROUPS/cgroup.controllers" ]; then
        echo '+cpu +memory' >"$CGROUPS/cgroup.subtree_control" && mkdir "$CGROUPS/$NAME" &&
            echo "$1" >"$CGROUPS/$NAME/memory.max"
    else
        mkdir "$CGROUPS/cpu/$NAME" "$CGROUPS/memory/$NAME" &&
            echo "$1" >"$CGROUPS/memory/$NAME/memory.limit_in_bytes"
    fi 2>"$var/cgroup.log"
}

limit_cpu() { # CPUS
    local quota
    quota=$(awk -v cpus="$1" -v period=$PERIOD_US 'BEGIN { print cpus * period }')
    if [ -e "$CGROUPS/cgroup.controllers" ]; then
        echo "$quota $PERIOD_US" >"$CGROUPS/$NAME/cpu.max"
    else
        echo "$PERIOD_US" >"$CGROUPS/cpu/$NAME/cpu.cfs_period_us" &&
            echo "$quota" >"$CGROUPS/cpu/$NAME/cpu.cfs_quota_us"
    fi || fail "the CPU could not be limited to $1"
}

# shellcheck disable=SC2317 # called by traps
remove_group() {
    rmdir "$CGROUPS/$NAME" "$CGROUPS"/*/"$NAME" 2>/dev/null
    ! compgen -G "$CGROUPS/*/$NAME" >/dev/null && [ ! -e "$CGROUPS/$NAME" ]
}
