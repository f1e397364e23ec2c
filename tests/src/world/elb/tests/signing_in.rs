use super::{modifying::code, *};

impl Stage {
    /// A rule of an HTTPS listener that signs people in and forwards to the primary.
    fn signing_in(&mut self) -> Value {
        let actions = json!([
            {
                "Type": "authenticate-oidc",
                "Order": 1,
                "AuthenticateOidcConfig": {
                    "Issuer": "https://id.example.com",
                    "AuthorizationEndpoint": "https://id.example.com/authorize",
                    "TokenEndpoint": "https://id.example.com/token",
                    "UserInfoEndpoint": "https://id.example.com/me",
                    "ClientId": "shop",
                    "ClientSecret": "hush",
                },
            },
            { "Type": "forward", "Order": 2, "TargetGroupArn": self.primary },
        ]);
        let input = json!({
            "LoadBalancerArn": self.load_balancer,
            "Protocol": "HTTPS",
            "Port": 443,
            "Certificates": [{ "CertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/1" }],
            "DefaultActions": actions,
        });
        let output = call(&mut self.world, "CreateListener", &input).unwrap();
        self.listener = text(&output["Listeners"][0]["ListenerArn"]);
        self.rule = self.secure_rule(&actions);
        self.actions()
    }

    fn secure_rule(&mut self, actions: &Value) -> String {
        let input = json!({
            "ListenerArn": self.listener,
            "Priority": 1,
            "Conditions": [{ "Field": "path-pattern", "Values": ["/*"] }],
            "Actions": actions,
        });
        let output = call(&mut self.world, "CreateRule", &input).unwrap();
        text(&output["Rules"][0]["RuleArn"])
    }
}

#[test]
fn a_client_secret_is_never_shown_and_must_be_given_or_said_to_exist() {
    let mut stage = Stage::new();
    let described = stage.signing_in();
    assert_eq!(
        described[0]["AuthenticateOidcConfig"],
        json!({
            "Issuer": "https://id.example.com",
            "AuthorizationEndpoint": "https://id.example.com/authorize",
            "TokenEndpoint": "https://id.example.com/token",
            "UserInfoEndpoint": "https://id.example.com/me",
            "ClientId": "shop",
            "SessionCookieName": "AWSELBAuthSessionCookie",
            "Scope": "openid",
            "SessionTimeout": 604_800,
            "OnUnauthenticatedRequest": "authenticate",
        })
    );
    assert!(!format!("{:?}", stage.world).contains("hush"));

    assert_eq!(
        code(stage.set(&described)),
        "InvalidLoadBalancerActionException"
    );
    let mut existing = described.clone();
    existing[0]["AuthenticateOidcConfig"]["UseExistingClientSecret"] = json!(true);
    stage.set(&existing).unwrap();
    assert_eq!(stage.actions(), described);
    let mut both = existing.clone();
    both[0]["AuthenticateOidcConfig"]["ClientSecret"] = json!("hush");
    assert_eq!(code(stage.set(&both)), "InvalidLoadBalancerActionException");

    // Whoever has signed in is forwarded.
    let primary = stage.primary.clone();
    stage.run(&primary, &[target(1)]);
    assert_eq!(stage.spread(2), counts([("10.0.0.1", 2)]));

    // A rule that signed nobody in has no secret to go on with.
    stage.set(&json!([stage.forward(1, 0)])).unwrap();
    assert_eq!(
        code(stage.set(&existing)),
        "InvalidLoadBalancerActionException"
    );
}
