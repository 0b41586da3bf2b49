# shellcheck shell=bash
# Plans that are kept in a file, so that what is applied is what was shown. Source it after common.sh.

# Makes the folder for them, which is this user's alone: a plan holds what the state does.
keep_plans() {
    plans=$(mktemp -d) || exit 1
    trap 'rm -rf -- "$plans"' EXIT
}

# Makes and shows a plan. Status 2 if it would change anything, outputs among it, as Terraform has it.
make_plan() { # NAME ARGUMENT...
    tf plan -detailed-exitcode -out="$plans/$1" "${@:2}"
}

# What the plan does to what is in AWS, an address and its actions a line: "aws_lb.this delete create".
# Revisions of task definitions are replaced by every new image, and terraform_data is Terraform's own.
changes() { # NAME
    tf show -json "$plans/$1" | jq -er '[.resource_changes[]? | select(.mode == "managed")
        | select(.type | IN("terraform_data", "aws_ecs_task_definition") | not)
        | select(.change.actions | IN(["no-op"], ["read"]) | not) | "\(.address) \(.change.actions | join(" "))"]
        | join("\n")'
}

# Asks once, and once more where something would be lost.
confirm_plan() { # NAME QUESTION
    local changes lost
    changes=$(changes "$1") || fail 'the plan cannot be read; the line above says why. Nothing was changed'
    confirm "$2"
    lost=$(grep ' delete' <<<"$changes") || return 0
    say 'the plan deletes, or replaces by new ones (create):'
    printf '    %s\n' "${lost//$'\n'/$'\n'    }"
    confirm_loss 'Delete these?'
}

apply_plan() { # NAME
    tf apply "$plans/$1"
}
