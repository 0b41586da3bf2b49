# Security groups along the road: the endpoint's, the NLB's, the tasks'.

# Where consumers call from.
def consumer_ranges:
  if options.consumer_cidr then [options.consumer_cidr]
  else
    ([endpoints[].VpcId] + [options.consumer_vpc // empty]) as $ids
    | [.vpcs.Vpcs[]? | select(.VpcId | IN($ids[]))
       | (.CidrBlockAssociationSet // [{CidrBlock: .CidrBlock}])[]
       | select((.CidrBlockState.State // "associated") == "associated").CidrBlock] | unique
  end;

# What rules mean for the consumers' ranges. A rule for some addresses of a VPC is taken to be meant so.
def ingress($aws; $rules; $ranges; $whom; $what; $group):
  port as $port
  | options.consumer_cidr as $exact
  | [$ranges[] as $range
     | admitted($rules; $range) as $how
     | select($how == "none" and $whom == [] or $how == "part" and $exact)
     | fail("\($what) does not admit \($range) on port \($port).";
            allow($aws; $group; "ingress"; $port; $range))]
  | if length > 0 then .[] else ok("\($what) admits \($ranges | join(", ")) on port \($port)\(
      if $whom != [] then " or members of \($whom | join(", "))" else "" end)") end;

def endpoint_group:
  . as $facts
  | consumer_ranges as $ranges
  | endpoints[]
  | [.Groups[].GroupId] as $groups
  | . as $endpoint
  | $facts
  | rules($groups; "IpPermissions"; port) as $rules
  | ingress(consumer_aws; $rules; $ranges; members($rules); "\($endpoint.VpcEndpointId)'s security group \($groups | join(", "))"; $groups[0]);

def enforced: .EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic != "off" and (.SecurityGroups // [] | length > 0);

# Without a consumer's address, what can be told is only whether anybody gets in.
def enforcement_of($balancer; $ranges):
  $balancer.SecurityGroups as $groups
  | rules($groups; "IpPermissions"; port) as $rules
  | "the NLB's security group \($groups | join(", ")), enforced on PrivateLink traffic," as $what
  | if $ranges | length > 0 then ingress("aws"; $rules; $ranges; []; $what; $groups[0])
    elif $rules | length == 0 then
      fail("\($what) admits nobody on port \(port).";
           "\(allow($groups[0]; "ingress"; port; "CONSUMER_CIDR")); or aws elbv2 set-security-groups --load-balancer-arn \($balancer.LoadBalancerArn) --security-groups \($groups | join(" ")) --enforce-security-group-inbound-rules-on-private-link-traffic off")
    else skip("only the consumer's account can read its addresses; give --consumer-cidr. Admitted: \([$rules[] | .IpRanges[]?.CidrIp] | join(", "))") end;

def enforcement:
  . as $facts
  | consumer_ranges as $ranges
  | balancers[] as $balancer
  | if $balancer | enforced then $facts | enforcement_of($balancer; $ranges)
    else ok("the NLB's security group does not hold for PrivateLink traffic") end;

# Addresses of targets, or where there is none yet, of the tasks' subnets.
def target_ranges:
  . as $facts
  | [target_groups[] | of_group($facts.health).TargetHealthDescriptions[]?.Target.Id | select(test("^[0-9.]+$")) | . + "/32"]
  | if length > 0 then .
    else
      ($facts | ecs_service.networkConfiguration.awsvpcConfiguration.subnets // []) as $ids
      | [$facts | subnets[] | select(.SubnetId | IN($ids[])).CidrBlock]
    end;

def balancer_egress:
  . as $facts
  | target_groups[] as $group
  | balancers[] | select((.SecurityGroups // []) | length > 0)
  | .SecurityGroups as $groups
  | $facts
  | rules($groups; "IpPermissionsEgress"; $group.Port) as $rules
  # Whose group the tasks are in may not be known.
  | [if members($rules) != [] and (ecs_groups == [] or any(members($rules)[]; IN($facts | ecs_groups[]))) then empty
     else target_ranges[] as $range | select(admitted($rules; $range) == "none") | $range end]
  | if length > 0 then
      fail("the NLB's security group \($groups | join(", ")) lets nothing out to \(join(", ")) on port \($group.Port).";
           allow($groups[0]; "egress"; $group.Port; .[0]))
    else ok("the NLB's security group lets traffic out to the targets on port \($group.Port)") end;

def task_group:
  . as $facts
  | target_groups[] as $group
  | ecs_groups as $groups
  | [balancers[].SecurityGroups[]?] as $balancer_groups
  | rules($groups; "IpPermissions"; $group.Port) as $rules
  | [if any(members($rules)[]; IN($balancer_groups[])) then empty
     else balancer_subnets[].CidrBlock as $range | select(admitted($rules; $range) == "none") | $range end]
  | if length > 0 then
      fail("the tasks' security group \($groups | join(", ")) does not admit the NLB (\(join(", "))) on port \($group.Port).";
           if $balancer_groups | length > 0 then
             "aws ec2 authorize-security-group-ingress --group-id \($groups[0]) --protocol tcp --port \($group.Port) --source-group \($balancer_groups[0])"
           else allow($groups[0]; "ingress"; $group.Port; .[0]) end)
    else ok("the tasks' security group admits the NLB on port \($group.Port)") end;
