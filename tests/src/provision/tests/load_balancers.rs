use serde_json::json;

use super::*;
use crate::world::elb;

const TEMPLATE: &str = "
Parameters:
  Delay: {Type: Number, Default: 30}
Resources:
  LoadBalancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Scheme: internal
      Subnets: [subnet-1, subnet-2]
      SecurityGroups: [sg-1]
      LoadBalancerAttributes:
        - {Key: routing.http.drop_invalid_header_fields.enabled, Value: true}
  Primary:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetType: ip
      Protocol: HTTP
      Port: 8080
      VpcId: vpc-1
      HealthCheckPath: /health
      HealthCheckIntervalSeconds: '10'
      TargetGroupAttributes:
        - {Key: deregistration_delay.timeout_seconds, Value: !Ref Delay}
  Canary:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {Name: orders-canary, TargetType: ip, Protocol: HTTP, Port: 8080, VpcId: vpc-1}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref LoadBalancer
      Protocol: HTTP
      Port: '80'
      DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: 404}}]
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: '10'
      Conditions: [{Field: path-pattern, PathPatternConfig: {Values: ['/*']}}]
      Actions:
        - Type: forward
          ForwardConfig:
            TargetGroups:
              - {TargetGroupArn: !Ref Primary, Weight: 100}
              - {TargetGroupArn: !Ref Canary, Weight: 0}
Outputs:
  Primary: {Value: !Ref Primary}
  Listener: {Value: !GetAtt Listener.ListenerArn}
  Rule: {Value: !Ref Rule}
  Dns: {Value: !GetAtt LoadBalancer.DNSName}
  LoadBalancerName: {Value: !GetAtt LoadBalancer.LoadBalancerFullName}
  PrimaryName: {Value: !GetAtt Primary.TargetGroupFullName}
  CanaryName: {Value: !GetAtt Canary.TargetGroupFullName}
";

#[test]
fn a_template_makes_a_load_balancer_that_answers_as_it_says() {
    let mut world = World::new(identity(), Moment(0), 1);
    let outputs = create(&mut world, TEMPLATE).unwrap();
    let output = |name: &str| outputs[name].as_str().unwrap();
    let dns = output("Dns");
    assert!(dns.starts_with("internal-orders-"), "{dns}");
    let name = output("LoadBalancerName");
    assert!(name.starts_with("app/orders-LoadBalancer"), "{name}");
    assert!(output("PrimaryName").starts_with("targetgroup/orders-Primary-"));
    assert!(output("CanaryName").starts_with("targetgroup/orders-canary/"));

    let (primary, listener) = (output("Primary"), output("Listener"));
    let delay = elb::deregistration_delay(&world, primary).unwrap();
    assert_eq!(delay.as_secs(), 30);
    assert_eq!(elb::dns_name(&world, listener), Some(dns));
    assert_eq!(elb::listeners(&world), [(listener.to_owned(), 80)]);
    let input = json!({ "RuleArns": [output("Rule")] });
    let rules = elb::call(&mut world, "DescribeRules", &input).unwrap();
    let groups = &rules["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"];
    assert_eq!(
        groups[0],
        json!({ "TargetGroupArn": primary, "Weight": 100 })
    );
    assert_eq!(groups[1]["Weight"], 0);
}

#[test]
fn what_the_account_does_not_know_of_a_load_balancer_is_named() {
    for (found, replacement, expected) in [
        ("Scheme:", "Schema:", "LoadBalancer, property Schema: "),
        (
            "routing.http.drop_invalid_header_fields.enabled",
            "access_logs.s3.enabled",
            "LoadBalancer, property LoadBalancerAttributes: ",
        ),
        (
            "Value: !Ref Delay",
            "Valeu: !Ref Delay",
            "Primary, property TargetGroupAttributes[0].Valeu: ",
        ),
        (
            "Default: 30",
            "Default: 3601",
            "Primary, property TargetGroupAttributes: ",
        ),
        ("Port: '80'", "Port: '0'", "resource Listener: "),
        ("Field: path-pattern", "Field: source-ip", "resource Rule: "),
        ("Weight: 100", "Weight: 1000", "resource Rule: "),
        (
            "Priority: '10'",
            "Priority: first",
            "Rule, property Priority: ",
        ),
    ] {
        let text = TEMPLATE.replace(found, replacement);
        let mut world = World::new(identity(), Moment(0), 1);
        let refused = create(&mut world, &text).unwrap_err().to_string();
        assert!(
            refused.contains(expected),
            "expected {expected}\nfound    {refused}"
        );
    }
}
