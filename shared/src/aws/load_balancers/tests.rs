use aws_sdk_elasticloadbalancingv2::types::TargetHealthReasonEnum;

use super::*;
use crate::{
    fixtures::{canary_group, http_target, primary_group, rule, second_rule},
    parts::rules::Weights,
    target::Target,
};

/// A described rule that authenticates and then forwards, with what is newer than any SDK.
fn answer() -> String {
    format!(
        r#"<DescribeRulesResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">
  <DescribeRulesResult><Rules><member>
    <IsDefault>false</IsDefault>
    <Conditions><member><Field>path-pattern</Field><Values><member>/a&amp;b</member></Values></member></Conditions>
    <RuleArn>{}</RuleArn>
    <Actions>
      <member><Type>authenticate-oidc</Type><Order>1</Order><AuthenticateOidcConfig>
        <Scope>openid profile</Scope>
        <AuthenticationRequestExtraParams><entry><key>prompt</key><value>a&lt;b</value></entry></AuthenticationRequestExtraParams>
        <Newer/>
      </AuthenticateOidcConfig></member>
      <member><Type>forward</Type><Order>2</Order><TargetGroupArn>{primary}</TargetGroupArn><ForwardConfig>
        <TargetGroups>
          <member><TargetGroupArn>{canary}</TargetGroupArn><Weight>0</Weight></member>
          <member><TargetGroupArn>{primary}</TargetGroupArn><Weight>100</Weight></member>
        </TargetGroups>
        <TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig>
      </ForwardConfig></member>
    </Actions>
  </member></Rules></DescribeRulesResult></DescribeRulesResponse>"#,
        rule(),
        primary = primary_group(),
        canary = canary_group(),
    )
}

#[test]
fn what_is_described_goes_back_with_two_weights_changed() {
    let mut found = described(answer().as_bytes(), "Rule", "Actions");
    let actions = found.remove(rule().as_str()).unwrap().unwrap();
    let to = Weights {
        primary: 90,
        canary: 10,
    };
    let weighing = actions.weighing(&primary_group(), &canary_group(), to);
    let (primary, canary) = (primary_group(), canary_group());
    let oidc = "Actions.member.1.AuthenticateOidcConfig";
    let groups = "Actions.member.2.ForwardConfig.TargetGroups.member";
    let expected = [
        ("Actions.member.1.Type".to_owned(), "authenticate-oidc"),
        ("Actions.member.1.Order".to_owned(), "1"),
        (format!("{oidc}.Scope"), "openid profile"),
        (
            format!("{oidc}.AuthenticationRequestExtraParams.entry.1.key"),
            "prompt",
        ),
        (
            format!("{oidc}.AuthenticationRequestExtraParams.entry.1.value"),
            "a<b",
        ),
        (format!("{oidc}.Newer"), ""),
        (format!("{oidc}.UseExistingClientSecret"), "true"),
        ("Actions.member.2.Type".to_owned(), "forward"),
        ("Actions.member.2.Order".to_owned(), "2"),
        (format!("{groups}.1.TargetGroupArn"), canary.as_str()),
        (format!("{groups}.1.Weight"), "10"),
        (format!("{groups}.2.TargetGroupArn"), primary.as_str()),
        (format!("{groups}.2.Weight"), "90"),
        (
            "Actions.member.2.ForwardConfig.TargetGroupStickinessConfig.Enabled".to_owned(),
            "false",
        ),
    ];
    let expected: Vec<_> = expected
        .map(|(name, value)| (name, value.to_owned()))
        .into();
    assert_eq!(weighing.fields("Actions"), expected);
}

#[test]
fn a_form_is_escaped_as_forms_are() {
    let fields = [("Actions.member.1.Scope".to_owned(), "a b&c=d+é".to_owned())];
    assert_eq!(
        form("ModifyRule", ("RuleArn", "arn:x/y"), &fields),
        "Action=ModifyRule&Version=2015-12-01&RuleArn=arn%3Ax%2Fy&Actions.member.1.Scope=a+b%26c%3Dd%2B%C3%A9"
    );
}

#[test]
fn an_answer_without_the_rule_has_no_actions() {
    for answer in [
        "<DescribeRulesResponse><DescribeRulesResult><Rules/></DescribeRulesResult></DescribeRulesResponse>",
        "<DescribeRulesResponse/>",
        "no xml",
        "",
    ] {
        let found = described(answer.as_bytes(), "Rule", "Actions");
        assert_eq!(found.len(), 0, "{answer}");
    }
}

#[test]
fn targets_are_counted_by_state_and_the_reason_of_one_that_failed_comes_first() {
    let target = |state, reason| SdkHealth::builder().state(state).set_reason(reason).build();
    let targets = [
        target(TargetHealthStateEnum::Healthy, None),
        target(
            TargetHealthStateEnum::Draining,
            Some(TargetHealthReasonEnum::DeregistrationInProgress),
        ),
        target(
            TargetHealthStateEnum::Initial,
            Some(TargetHealthReasonEnum::InitialHealthChecking),
        ),
        target(
            TargetHealthStateEnum::Unhealthy,
            Some(TargetHealthReasonEnum::Timeout),
        ),
        target(
            TargetHealthStateEnum::Unused,
            Some(TargetHealthReasonEnum::NotInUse),
        ),
        target(TargetHealthStateEnum::UnhealthyDraining, None),
    ];
    assert_eq!(
        counted(targets.iter()).to_string(),
        "1 healthy, 1 initial, 1 unhealthy, 3 draining or unused (Target.Timeout)"
    );
    assert_eq!(
        counted(targets[..3].iter()).to_string(),
        "1 healthy, 1 initial, 1 draining or unused (Elb.InitialHealthChecking)"
    );
    assert_eq!(counted([].iter()), TargetHealth::default());
}

fn at(target: &Target) -> At<'_> {
    At {
        place: &target.alb().unwrap().place,
        within: "traffic.alb",
    }
}

#[test]
fn a_message_names_the_field_of_the_target_that_is_meant() {
    let one = http_target();
    assert_eq!(field(at(&one), &rule()), "traffic.alb.rule");
    let two = http_target().of_two_rules();
    assert_eq!(field(at(&two), &second_rule()), "traffic.alb.rules[1]");
}
