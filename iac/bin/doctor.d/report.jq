# The table of checks, and a line for each thing they say.

# What else a check reads, and who can if this account cannot.
def readable($need):
  if $need == "endpoints" then endpoints | length > 0
  elif $need == "target_groups" then target_groups | length > 0
  elif $need == "ecs" then ecs_service != null
  elif $need == "web" then [web] | length > 0
  elif $need == "addresses" then consumer_ranges | length > 0
  elif $need == "zones" then service_zones | length > 0
  elif $need == "ours" then ours
  elif $need == "view" then ours or detail != null
  else .[$need] != null and (errors($need) == []) end;

def why_not($need):
  {
    endpoints: "only the consumer's account can read the endpoint",
    target_groups: "no listener on port \(port) leads to a target group that can be read",
    ecs: "no ECS service that can be read registers the targets; --cluster and --ecs-service name it",
    web: "no task definition with a container named web can be read",
    addresses: "the consumer's VPC cannot be read; give --consumer-cidr",
    zones: "the service's zones cannot be read",
    ours: "only the service's account can read this",
    view: "the service does not show itself to this account",
    service: "the service cannot be read as a consumer sees it"
  }[$need] // "\($need | gsub("_"; " ")) cannot be read";

def check($name; $needs; findings):
  [$needs[] as $need | select(readable($need) | not) | $need] as $missing
  | if $missing | length > 0 then skip(why_not($missing[0])) else findings end
  | .name = $name;

# A call that AWS refused for want of a permission, or that failed.
def access:
  . as $facts
  | (detail.Owner // account) as $owner
  | to_entries[] | select(.value | type == "object") | .key as $kind
  # Of a hidden service, principal tells.
  | select($kind != "service" or ($facts | hidden | not))
  | ($facts | errors($kind)[])
  # What belongs to another account is no matter of a permission.
  | select($owner == ($facts | account) or ($kind | IN("configuration", "connections") | not))
  | if denied then
      fail("\($facts | .identity.Arn // "the credentials") may not call \(.action), so checks are left out.";
           "allow \(.action) to it, or run this with other credentials")
    else fail("\(.action) failed: \(.message)"; "if AWS or the network was at fault, run this again; otherwise see the message") end;

def accesses: [access] | unique_by(.text) | if length > 0 then .[] else ok("every call was answered") end;

def checks:
  check("access";         []; accesses),
  check("service";        ["ours", "configuration"]; service_state),
  check("principal";      [if ours then "permissions" elif hidden then "identity" else "service" end]; principal),
  check("acceptance";     []; acceptance),
  (if remote then check("region"; ["ours"]; supported) else empty end),
  check("zones";          ["subnets", "zones"]; zones),
  check("endpoint-group"; ["endpoints", "addresses", "security_groups"]; endpoint_group),
  check("dns-verified";   ["view"]; verification),
  check("dns-matched";    ["view"]; unmatched),
  check("dns-enabled";    ["endpoints", "view"]; enabled),
  check("balancer";       ["ours", "balancers"]; balancer_state),
  check("listener";       ["ours", "balancers", "listeners"]; listener),
  check("enforcement";    ["ours", "balancers", "security_groups"]; enforcement),
  check("targets";        ["ours", "target_groups", "health"]; targets),
  check("balancer-egress"; ["ours", "target_groups", "security_groups"]; balancer_egress),
  check("task-group";     ["ours", "target_groups", "ecs", "security_groups"]; task_group),
  check("tasks";          ["ours", "target_groups", "ecs"]; tasks),
  check("proxy";          ["ours", "target_groups", "web", "attributes"]; proxy),
  check("proxy-trusted";  ["ours", "target_groups", "web", "subnets"]; trusted);

def padded($width): . + (" " * ($width - length) // "");

# Commands name the region where the CLI's own may be another.
def in_region($region):
  if $region then gsub("\\baws (?<service>ec2|elbv2|ecs) "; "aws --region \($region) \(.service) ") else . end;

def report:
  facts
  | options.named_region as $region
  | checks
  | "\(.level | padded(6))\("\(.name):" | padded(17))\(.text | in_region($region))";
