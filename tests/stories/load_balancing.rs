//! What AWS's own SDK makes of the account's load balancers.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests by their attribute, and not the functions that they share"
)]

use aws_sdk_elasticloadbalancingv2::{
    Client,
    error::SdkError,
    operation::{describe_target_groups::DescribeTargetGroupsError, modify_rule::ModifyRuleError},
    types::{
        Action, ActionTypeEnum, AuthenticateOidcActionConfig, ForwardActionConfig,
        TargetGroupStickinessConfig, TargetGroupTuple, TargetHealthReasonEnum,
        TargetHealthStateEnum,
    },
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use rehearsal_core::{
    clock::Moment,
    wire::Account,
    world::{Identity, Principal, World, elb, iam},
};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

use crate::connector::{REGION, client};

/// An account with an HTTPS listener whose one rule signs people in and shares their requests 90 to 10
/// among two groups.
struct Shop {
    account: Account,
    listener: String,
    rule: String,
    primary: String,
    canary: String,
}

impl Shop {
    fn new() -> Self {
        let identity = Identity {
            account: "111122223333".to_owned(),
            region: REGION.to_owned(),
        };
        let mut world = World::new(identity, Moment(1_790_960_680_000), 1);
        let load_balancer = json!({ "Name": "orders", "Subnets": ["subnet-1", "subnet-2"] });
        let made = elb::call(&mut world, "CreateLoadBalancer", &load_balancer).unwrap();
        let load_balancer = made["LoadBalancers"][0]["LoadBalancerArn"].clone();
        let [primary, canary] = ["orders", "orders-canary"].map(|name| {
            let group = json!({
                "Name": name, "Protocol": "HTTP", "Port": 8080, "TargetType": "ip",
            });
            let made = elb::call(&mut world, "CreateTargetGroup", &group).unwrap();
            text(&made["TargetGroups"][0]["TargetGroupArn"])
        });
        let listener = json!({
            "LoadBalancerArn": load_balancer,
            "Protocol": "HTTPS",
            "Port": 443,
            "Certificates": [{ "CertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/1" }],
            "DefaultActions": [
                { "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } },
            ],
        });
        let made = elb::call(&mut world, "CreateListener", &listener).unwrap();
        let listener = text(&made["Listeners"][0]["ListenerArn"]);
        let rule = json!({
            "ListenerArn": listener,
            "Priority": 10,
            "Conditions": [{ "Field": "path-pattern", "Values": ["/*"] }],
            "Actions": [
                {
                    "Type": "authenticate-oidc",
                    "Order": 1,
                    "AuthenticateOidcConfig": {
                        "Issuer": "https://id.example.com",
                        "AuthorizationEndpoint": "https://id.example.com/authorize?a=1&b=<2>",
                        "TokenEndpoint": "https://id.example.com/token",
                        "UserInfoEndpoint": "https://id.example.com/me",
                        "ClientId": "shop",
                        "ClientSecret": "hush",
                        "AuthenticationRequestExtraParams": { "prompt": "login", "display": "page" },
                    },
                },
                {
                    "Type": "forward",
                    "Order": 2,
                    "ForwardConfig": { "TargetGroups": [
                        { "TargetGroupArn": primary, "Weight": 90 },
                        { "TargetGroupArn": canary, "Weight": 10 },
                    ] },
                },
            ],
        });
        let made = elb::call(&mut world, "CreateRule", &rule).unwrap();
        Self {
            account: Account::new(world, unbounded_channel().0),
            rule: text(&made["Rules"][0]["RuleArn"]),
            listener,
            primary,
            canary,
        }
    }

    fn client(&self) -> Client {
        client!(aws_sdk_elasticloadbalancingv2, self.account, "shift-weight")
    }

    async fn actions(&self) -> Vec<Action> {
        let rules = self.client().describe_rules().rule_arns(&self.rule);
        let rules = rules.send().await.unwrap();
        rules.rules()[0].actions().to_vec()
    }

    async fn modify(&self, actions: Vec<Action>) -> Result<(), SdkError<ModifyRuleError>> {
        let call = self.client().modify_rule().rule_arn(&self.rule);
        call.set_actions(Some(actions)).send().await.map(|_| ())
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The same action with other weights.
fn weighed(action: &Action, weights: &[i32]) -> Action {
    let config = action.forward_config().unwrap();
    let groups = config.target_groups().iter().zip(weights);
    let groups = groups.map(|(group, weight)| {
        let group = group.target_group_arn().unwrap();
        TargetGroupTuple::builder()
            .target_group_arn(group)
            .weight(*weight)
            .build()
    });
    let mut action = action.clone();
    action.forward_config = Some(
        ForwardActionConfig::builder()
            .set_target_groups(Some(groups.collect()))
            .set_target_group_stickiness_config(config.target_group_stickiness_config.clone())
            .build(),
    );
    action
}

fn with_existing_secret(action: &Action) -> Action {
    let mut action = action.clone();
    if let Some(config) = &mut action.authenticate_oidc_config {
        config.use_existing_client_secret = Some(true);
    }
    action
}

#[tokio::test]
async fn a_rule_comes_back_through_xml_as_it_is() {
    let shop = Shop::new();
    let actions = shop.actions().await;
    let oidc = AuthenticateOidcActionConfig::builder()
        .issuer("https://id.example.com")
        .authorization_endpoint("https://id.example.com/authorize?a=1&b=<2>")
        .token_endpoint("https://id.example.com/token")
        .user_info_endpoint("https://id.example.com/me")
        .client_id("shop")
        .session_cookie_name("AWSELBAuthSessionCookie")
        .scope("openid")
        .session_timeout(604_800)
        .on_unauthenticated_request("authenticate".into())
        .authentication_request_extra_params("prompt", "login")
        .authentication_request_extra_params("display", "page")
        .build();
    let group = |arn: &str, weight: i32| {
        TargetGroupTuple::builder()
            .target_group_arn(arn)
            .weight(weight)
            .build()
    };
    let stickiness = TargetGroupStickinessConfig::builder()
        .enabled(false)
        .build();
    let forward = ForwardActionConfig::builder()
        .target_groups(group(&shop.primary, 90))
        .target_groups(group(&shop.canary, 10))
        .target_group_stickiness_config(stickiness)
        .build();
    let expected = [
        Action::builder()
            .r#type(ActionTypeEnum::AuthenticateOidc)
            .order(1)
            .authenticate_oidc_config(oidc)
            .build(),
        Action::builder()
            .r#type(ActionTypeEnum::Forward)
            .order(2)
            .forward_config(forward)
            .build(),
    ];
    assert_eq!(actions, expected);
}

#[tokio::test]
async fn what_was_read_is_written_with_other_weights_and_all_else_stays() {
    let shop = Shop::new();
    let before = shop.actions().await;
    for weights in [[50, 50], [0, 999], [100, 0]] {
        let read = shop.actions().await;
        let written = vec![with_existing_secret(&read[0]), weighed(&read[1], &weights)];
        shop.modify(written).await.unwrap();
        let after = shop.actions().await;
        assert_eq!(after[0], before[0]);
        assert_eq!(after[1], weighed(&before[1], &weights));
    }
}

#[tokio::test]
async fn a_refusal_is_told_apart_over_the_query_protocol() {
    let shop = Shop::new();
    let read = shop.actions().await;
    let refused = shop.modify(read.clone()).await.unwrap_err();
    let is_it = ModifyRuleError::is_invalid_load_balancer_action_exception;
    assert!(refused.as_service_error().is_some_and(is_it), "{refused:?}");
    assert_eq!(refused.code(), Some("InvalidLoadBalancerAction"));

    let too_heavy = vec![
        with_existing_secret(&read[0]),
        weighed(&read[1], &[1000, 0]),
    ];
    let refused = shop.modify(too_heavy).await.unwrap_err();
    assert_eq!(refused.code(), Some("ValidationError"));

    let client = shop.client();
    let missing = format!("{}0", shop.rule);
    let refused = client.modify_rule().rule_arn(&missing).send().await;
    let refused = refused.unwrap_err();
    let is_it = ModifyRuleError::is_rule_not_found_exception;
    assert!(refused.as_service_error().is_some_and(is_it), "{refused:?}");
    assert!(refused.message().is_some_and(|it| it.contains(&missing)));

    let groups = client.describe_target_groups().names("billing");
    let refused = groups.send().await.unwrap_err();
    let is_it = DescribeTargetGroupsError::is_target_group_not_found_exception;
    assert!(refused.as_service_error().is_some_and(is_it), "{refused:?}");

    // What the model of the call does not allow.
    let rules = client.describe_rules().listener_arn(&shop.listener);
    let refused = rules.page_size(401).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ValidationError"));
    let refused = client.delete_rule().rule_arn(&shop.rule).send().await;
    assert_eq!(
        refused.unwrap_err().code(),
        Some("UnknownOperationException")
    );
}

#[tokio::test]
async fn listeners_and_groups_and_targets_are_described() {
    let shop = Shop::new();
    let client = shop.client();
    let rules = client.describe_rules().listener_arn(&shop.listener);
    let rules = rules.send().await.unwrap();
    let priorities = rules.rules().iter().map(|rule| rule.priority().unwrap());
    assert_eq!(priorities.collect::<Vec<_>>(), ["10", "default"]);
    assert_eq!(rules.rules()[1].is_default(), Some(true));

    let listeners = client.describe_listeners().listener_arns(&shop.listener);
    let listeners = listeners.send().await.unwrap();
    let listener = &listeners.listeners()[0];
    assert_eq!(listener.port(), Some(443));
    assert_eq!(listener.default_actions(), rules.rules()[1].actions());

    let load_balancers = client.describe_load_balancers().names("orders");
    let load_balancers = load_balancers.send().await.unwrap();
    let load_balancer = &load_balancers.load_balancers()[0];
    assert_eq!(
        load_balancer.load_balancer_arn(),
        listener.load_balancer_arn()
    );
    assert!(load_balancer.created_time().is_some());

    let groups = client
        .describe_target_groups()
        .target_group_arns(&shop.canary);
    let groups = groups.send().await.unwrap();
    let group = &groups.target_groups()[0];
    assert_eq!(group.target_group_name(), Some("orders-canary"));
    assert_eq!(
        group.load_balancer_arns(),
        [load_balancer.load_balancer_arn().unwrap()]
    );

    let attributes = client.describe_target_group_attributes();
    let attributes = attributes
        .target_group_arn(&shop.canary)
        .send()
        .await
        .unwrap();
    let delay = attributes
        .attributes()
        .iter()
        .find(|it| it.key() == Some("deregistration_delay.timeout_seconds"));
    assert_eq!(delay.and_then(|it| it.value()), Some("300"));

    shop.account.with(|world| {
        let target = elb::Target {
            ip: "10.0.0.7".to_owned(),
            port: 8080,
        };
        elb::register(world, &shop.canary, target);
    });
    let health = client
        .describe_target_health()
        .target_group_arn(&shop.canary);
    let health = health.send().await.unwrap();
    let [description] = health.target_health_descriptions() else {
        panic!("{health:?}");
    };
    let target = description.target().unwrap();
    assert_eq!((target.id(), target.port()), (Some("10.0.0.7"), Some(8080)));
    let health = description.target_health().unwrap();
    assert_eq!(health.state(), Some(&TargetHealthStateEnum::Initial));
    let reason = TargetHealthReasonEnum::RegistrationInProgress;
    assert_eq!(health.reason(), Some(&reason));
}

#[tokio::test]
async fn a_role_may_modify_the_rule_that_it_names_and_no_listener() {
    let shop = Shop::new();
    let statements = json!([
        { "Effect": "Allow", "Action": "elasticloadbalancing:ModifyRule", "Resource": shop.rule },
        { "Effect": "Allow", "Action": "elasticloadbalancing:DescribeRules", "Resource": "*" },
        // AWS cannot narrow it, so this grants nothing.
        {
            "Effect": "Allow",
            "Action": "elasticloadbalancing:DescribeTargetHealth",
            "Resource": shop.primary,
        },
    ]);
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "Service": iam::LAMBDA }, "Action": "sts:AssumeRole",
    } });
    let policies = [(
        "own".to_owned(),
        json!({ "Version": "2012-10-17", "Statement": statements }),
    )];
    shop.account.with(|world| {
        let role = iam::put_role(world, "shift-weight", &trust, &policies).unwrap();
        let function = Principal("shift-weight".to_owned());
        iam::assume(world, &function, &role, iam::LAMBDA, None).unwrap();
    });
    let read = shop.actions().await;
    let written = vec![with_existing_secret(&read[0]), weighed(&read[1], &[80, 20])];
    shop.modify(written).await.unwrap();

    let client = shop.client();
    let listener = client.modify_listener().listener_arn(&shop.listener);
    let refused = listener.send().await.unwrap_err();
    assert_eq!(refused.code(), Some("AccessDenied"));
    let message = refused.message().unwrap_or_default();
    assert!(
        message.contains("elasticloadbalancing:ModifyListener on resource: arn:"),
        "{message}"
    );
    let health = client
        .describe_target_health()
        .target_group_arn(&shop.primary);
    let refused = health.send().await.unwrap_err();
    let message = refused.message().unwrap_or_default();
    assert!(message.contains("on resource: *"), "{message}");
}
