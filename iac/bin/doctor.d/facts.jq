# What was gathered, by kind; and the words the checks are written in.

# One object out of the files: {identity: …, "health": {OF: …}, …}. jq's inputs are the files.
def facts:
  reduce inputs as $answer ({};
    (input_filename | split("/")[-1] | rtrimstr(".json") | split("@")) as $name
    | setpath($name; $answer));

def fail($what; $mend): {level: "FAIL", text: "\($what) mend: \($mend)"};
def ok($what): {level: "ok", text: $what};
def skip($why): {level: "skip", text: $why};

def options: .options;
def port: .options.port | tonumber;
def region: .options.region;
def account: .identity.Account;
# Where the consumer's VPC is, and how a command names it if that is another region.
def consumer_region: .options.consumer_region;
def remote: consumer_region != region;
def consumer_aws: if remote then "aws --region \(consumer_region)" else "aws" end;

# True in the service's own account.
def ours: (.configuration.ServiceConfigurations // []) | length > 0;
def configuration: .configuration.ServiceConfigurations[0];
# The service as a consumer sees it.
def detail: .service.ServiceDetails[0]?;
def owner: detail.Owner // (if ours then account else null end);
def private_name: (if ours then configuration.PrivateDnsName else detail.PrivateDnsName end) // "";
def private_name_state:
  if ours then configuration.PrivateDnsNameConfiguration.State else detail.PrivateDnsNameVerificationState end;

# Endpoints of this account, and the connections the service's account sees.
def every_endpoint: .endpoints.VpcEndpoints // [];
def endpoints: [every_endpoint[] | select(.State | test("^delet"; "i") | not)];
# The filter vpc-endpoint-id, though documented for connections, may be refused, so they are chosen from here.
def connections:
  options.endpoint_id as $chosen | options.service_id as $service
  | [.connections.VpcEndpointConnections[]?
     | select($chosen == null or .VpcEndpointId == $chosen) | select($service == null or .ServiceId == $service)];

# Of both VPCs, in whichever region.
def subnets: [(.subnets // {})[].Subnets[]?];
def security_groups: [(.security_groups // {})[].SecurityGroups[]?];

def balancers: .balancers.LoadBalancers // [];
def balancer_subnets:
  [balancers[].AvailabilityZones[].SubnetId] as $ids
  | [subnets[] | select(.SubnetId | IN($ids[]))];

# The listeners on the consumer's port, and their target groups.
def listeners:
  port as $port
  | [(.listeners // {})[].Listeners[]? | select(.Port == $port and (.Protocol | IN("TCP", "TLS", "TCP_UDP")))];
def target_groups:
  [listeners[].DefaultActions[]? | .TargetGroupArn // empty, .ForwardConfig.TargetGroups[]?.TargetGroupArn] as $arns
  | [(.groups // {})[].TargetGroups[]? | select(.TargetGroupArn | IN($arns[]))] | unique_by(.TargetGroupArn);
def of_group($kind): .TargetGroupArn | split(":")[-1] | gsub("/"; ",") | $kind[.];

def ecs_service: .registering.services[0]?;
def ecs_groups: ecs_service.networkConfiguration.awsvpcConfiguration.securityGroups // [];
def web: .definition.taskDefinition.containerDefinitions[]? | select(.name == "web");
def web_setting($name): [web.environment[]? | select(.name == $name).value][0] // "";

# Why calls of a kind were not answered, and of these, for want of a permission.
def errors($kind): [.[$kind] // {} | if has("error") then .error else .[] | objects | .error // empty end];
def denied: .code | test("AccessDenied|UnauthorizedOperation|AuthorizationError|NotAuthorized");

# AWS hides a service from who may not use it, as if it were not there.
def hidden: any(errors("service")[]; .code | test("InvalidServiceName|InvalidVpcEndpointService"));
