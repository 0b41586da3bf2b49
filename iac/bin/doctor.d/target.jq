# Behind the endpoint service: NLB, listener, targets, tasks, PROXY protocol.

def service_state:
  configuration
  | if .ServiceState != "Available" then
      fail("\(.ServiceId) is \(.ServiceState)."; "wait until it is Available; one that failed must be made again")
    elif (.NetworkLoadBalancerArns // []) | length == 0 then
      fail("\(.ServiceId) has no NLB.";
           "aws ec2 modify-vpc-endpoint-service-configuration --service-id \(.ServiceId) --add-network-load-balancer-arns ARN")
    else ok("\(.ServiceId) is available") end;

def balancer_state:
  balancers[]
  | if .State.Code == "active" then ok("\(.LoadBalancerName) is active")
    else fail("\(.LoadBalancerName) is \(.State.Code)\(.State.Reason | if . then ": \(.)" else "" end).";
              "wait while it is provisioning; one that failed must be made again") end;

def listener:
  . as $facts
  | port as $port
  | balancers[]
  | .LoadBalancerArn as $arn
  | [($facts.listeners // {})[].Listeners[]? | select(.LoadBalancerArn == $arn)] as $all
  | [$all[] | select(.Port == $port)] as $found
  | if any($found[]; .Protocol | IN("TCP", "TLS", "TCP_UDP")) then ok("\(.LoadBalancerName) listens on port \($port)")
    else
      fail("\(.LoadBalancerName) has no TCP or TLS listener on port \($port); it listens on \(
             [$all[] | "\(.Protocol) \(.Port)"] | join(", ") | if . == "" then "nothing" else . end).";
           "aws elbv2 create-listener --load-balancer-arn \($arn) --protocol TCP --port \($port) --default-actions Type=forward,TargetGroupArn=ARN; or connect to another port, and say so with --port")
    end;

# Why a target is not healthy (TargetHealth in the Elastic Load Balancing API), and the mend.
def reasons: {
  "Elb.RegistrationInProgress": "wait a minute: it is being registered",
  "Elb.InitialHealthChecking": "wait a minute: its first health checks are under way",
  "Elb.InternalError": "wait, and if it stays, ask AWS support: the load balancer itself failed",
  "Target.ResponseCodeMismatch": "see /readyz and the logs of app: it answers 503 while it drains or the database is out of reach",
  "Target.Timeout": "see that the tasks' security group and network ACLs admit the NLB on the health check's port, and that web runs",
  "Target.FailedHealthChecks": "see the logs of web: nothing listens on the port, or PROXY protocol differs between target group and web",
  "Target.NotRegistered": "register the target, or see why the ECS service does not",
  "Target.NotInUse": "forward a listener to the target group, or enable the target's zone on the NLB",
  "Target.InvalidState": "start the stopped instance, or register another",
  "Target.IpUnusable": "register another address: this one is the load balancer's own",
  "Target.DeregistrationInProgress": "see why the ECS service takes its tasks out: aws ecs describe-services tells in its events",
  "Target.HealthCheckDisabled": "enable the target group's health check"
};

# States in which a target takes no requests, and that do not pass by themselves.
def lasting: .TargetHealth.State | IN("unhealthy", "unused", "unavailable");

def mends_of($codes): [$codes[] | "\(.): \(reasons[.] // "see the health check's description")"] | join("; ");

# $tasks is what to say of the ECS service if it sees nothing wrong.
def health_of($group; $targets; $tasks):
  $group.TargetGroupName as $name
  | [$targets[] | select(.TargetHealth.State == "healthy")] as $healthy
  | [$targets[] | select(.TargetHealth.State != "healthy")] as $others
  | [$others[] | select(lasting)] as $lasting
  | [$others[] | "\(.Target.Id) \(.TargetHealth.State) \(.TargetHealth.Reason // "")"] | join(", ") as $told
  | if $targets | length == 0 then
      fail("target group \($name) has no targets.";
           "see that the ECS service runs tasks and names this target group: aws ecs describe-services tells in its events")
    elif $healthy | length == 0 then
      fail("no healthy target in \($name): \($told)\($tasks)."; mends_of([$others[].TargetHealth.Reason // empty] | unique))
    elif $lasting | length > 0 then
      fail("\($lasting | length) of \($targets | length) targets of \($name) take no requests: \($told)\($tasks).";
           mends_of([$lasting[].TargetHealth.Reason // empty] | unique))
    else ok("\($healthy | length) of \($targets | length) targets of \($name) are healthy\(
      if $told != "" then " (\($told))" else "" end)") end;

def targets:
  . as $facts
  | (ecs_service | if . and .desiredCount > 0 and .runningCount >= .desiredCount
       then ", though the service runs \(.runningCount) of \(.desiredCount) tasks" else "" end) as $tasks
  | target_groups[] as $group
  | ($group | of_group($facts.health)) as $answer
  | $facts | health_of($group; $answer.TargetHealthDescriptions; $tasks);

def tasks:
  ecs_service
  | (.clusterArn | split("/")[-1]) as $cluster
  | if .desiredCount == 0 then
      fail("ECS service \(.serviceName) is asked for no task.";
           "aws ecs update-service --cluster \($cluster) --service \(.serviceName) --desired-count 3")
    elif .runningCount < .desiredCount then
      fail("ECS service \(.serviceName) runs \(.runningCount) of \(.desiredCount) tasks.\(
             .events[0].message // "" | if . == "" then "" else " Its last event: \(.)" end)";
           "see why tasks stop: aws ecs list-tasks --cluster \($cluster) --desired-status STOPPED, then aws ecs describe-tasks")
    else ok("ECS service \(.serviceName) runs \(.runningCount) of \(.desiredCount) tasks") end;

def proxy_wanted: web_setting("PROXY_PROTOCOL") | if . == "" then "off" else . end;

def proxy:
  . as $facts
  | proxy_wanted as $web
  | target_groups[]
  | ([of_group($facts.attributes).Attributes[] | select(.Key == "proxy_protocol_v2.enabled").Value][0] == "true") as $sent
  | "aws elbv2 modify-target-group-attributes --target-group-arn \(.TargetGroupArn) --attributes Key=proxy_protocol_v2.enabled,Value=" as $modify
  | if $sent and $web != "v2" then
      fail("target group \(.TargetGroupName) sends PROXY protocol v2, web has PROXY_PROTOCOL=\($web) and takes it for a bad request.";
           "set PROXY_PROTOCOL=v2 on container web; or \($modify)false, and consumers are not told apart")
    elif ($sent | not) and $web == "v2" then
      fail("web has PROXY_PROTOCOL=v2, target group \(.TargetGroupName) does not send it, and web closes every connection.";
           "\($modify)true")
    else ok("target group \(.TargetGroupName) and web agree: \($web)") end;

def trusted:
  web_setting("PROXY_TRUSTED") as $trusted
  | [balancer_subnets[] | select($trusted == "" or (covers($trusted; .CidrBlock) | not)) | "\(.SubnetId) (\(.CidrBlock))"] as $outside
  | if proxy_wanted != "v2" then ok("not needed without PROXY protocol")
    elif $outside | length > 0 then
      fail("PROXY_TRUSTED=\($trusted) of web leaves out the NLB's subnets \($outside | join(", ")), and web takes their header for a bad request.";
           "set it to one range that holds every subnet of the NLB")
    else ok("PROXY_TRUSTED=\($trusted) holds the NLB's subnets") end;
