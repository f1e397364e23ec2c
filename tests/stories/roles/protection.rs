//! What is at rest is encrypted, what travels uses TLS, and nobody gets in.

use rehearsal_core::world::{
    Principal, World,
    iam::{self, Request},
};
use serde_json::{Value, json};

use super::{Deployed, HTTP_VARIANTS, Made, VARIANTS};

/// Kinds that hold no data, and those whose data AWS always encrypts: log groups (`CloudWatch` Logs
/// user guide, "Encrypt log data in `CloudWatch` Logs using AWS Key Management Service"), the
/// environment of functions (Lambda developer guide, "Securing Lambda environment variables"), the
/// declarations of task definitions, pipelines, rules, alarms and dashboards.
const NOTHING_TO_ENCRYPT: [&str; 37] = [
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::CodePipeline::Pipeline",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Rule",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
];

/// Whether a resource's properties encrypt what it holds; none for those that hold nothing.
fn is_encrypted(made: &Made) -> Option<bool> {
    let properties = &made.properties;
    let at = |pointer: &str| properties.pointer(pointer);
    Some(match made.kind.as_str() {
        "AWS::SQS::Queue" => at("/SqsManagedSseEnabled") == Some(&Value::Bool(true)),
        "AWS::SNS::Topic" => at("/KmsMasterKeyId").is_some_and(|key| key != ""),
        "AWS::DynamoDB::Table" => at("/SSESpecification/SSEEnabled") == Some(&Value::Bool(true)),
        "AWS::S3::Bucket" => {
            let rules = "/BucketEncryption/ServerSideEncryptionConfiguration";
            let algorithm = format!("{rules}/0/ServerSideEncryptionByDefault/SSEAlgorithm");
            at(&algorithm).is_some_and(|algorithm| algorithm == "AES256")
        }
        "AWS::ECR::Repository" => {
            at("/EncryptionConfiguration/EncryptionType").is_some_and(|it| it == "AES256")
        }
        // On unless it is switched off.
        "AWS::CodeBuild::Project" => {
            at("/Artifacts/EncryptionDisabled").is_none() && at("/LogsConfig/S3Logs").is_none()
        }
        kind if NOTHING_TO_ENCRYPT.contains(&kind) => return None,
        kind => panic!("say whether {kind} holds data, and how it is encrypted"),
    })
}

#[test]
fn whatever_is_at_rest_is_encrypted() {
    for deployed in Deployed::variants() {
        let holding: Vec<_> = deployed
            .made
            .iter()
            .filter_map(|made| Some((made, is_encrypted(made)?)))
            .collect();
        assert!(holding.len() >= 7, "topics, table, buckets, project");
        for (made, encrypted) in holding {
            assert!(encrypted, "{} {} is not encrypted", made.kind, made.id);
        }
    }
}

/// How a request to a queue, bucket or topic is answered.
fn asked(world: &mut World, made: &Made, secure: bool) -> Result<(), String> {
    let it = made.created.reference.as_str();
    let (service, operation, input) = match made.kind.as_str() {
        "AWS::SQS::Queue" => ("sqs", "ReceiveMessage", json!({ "QueueUrl": it })),
        "AWS::S3::Bucket" => ("s3", "GetObject", json!({ "Bucket": it, "Key": "a/b" })),
        _ => ("sns", "Publish", json!({ "TopicArn": it })),
    };
    let request = Request {
        region: crate::connector::REGION,
        service,
        operation,
        input: &input,
        secure,
    };
    let person = Principal("somebody".to_owned());
    iam::authorize(world, &person, &request).map_err(|fault| fault.message)
}

#[test]
fn queues_buckets_and_topics_refuse_requests_without_tls() {
    for Deployed { mut world, made } in Deployed::variants() {
        let travelling = ["AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::SNS::Topic"];
        let travelling = made
            .iter()
            .filter(|made| travelling.contains(&made.kind.as_str()));
        for made in travelling {
            assert_eq!(asked(&mut world, made, true), Ok(()), "{}", made.id);
            let told = asked(&mut world, made, false).expect_err(&made.id);
            assert!(
                told.contains("with an explicit deny in a resource-based policy"),
                "{told}"
            );
        }
    }
}

#[test]
fn a_bucket_refuses_plain_requests_about_itself_as_about_its_objects() {
    let deployed = Deployed::example(&[]);
    let buckets = deployed.of_kind("AWS::S3::Bucket").count();
    let policies = deployed.of_kind("AWS::S3::BucketPolicy");
    let policies: Vec<_> = policies.map(|made| &made.properties).collect();
    assert_eq!(policies.len(), buckets);
    for policy in policies {
        let statement = &policy["PolicyDocument"]["Statement"][0];
        let arn = format!(
            "arn:aws:s3:::{}",
            policy["Bucket"].as_str().unwrap_or_default()
        );
        assert_eq!(statement["Resource"], json!([arn, format!("{arn}/*")]));
        assert_eq!(
            (&statement["Action"], &statement["Effect"]),
            (&json!("s3:*"), &json!("Deny"))
        );
    }
}

#[test]
fn no_bucket_can_become_public() {
    let deployed = Deployed::example(&[]);
    let blocked = json!({ "BlockPublicAcls": true, "BlockPublicPolicy": true,
        "IgnorePublicAcls": true, "RestrictPublicBuckets": true });
    assert_eq!(
        deployed.of_kind("AWS::S3::Bucket").count(),
        3,
        "packages, artifacts, source"
    );
    for bucket in deployed.of_kind("AWS::S3::Bucket") {
        assert_eq!(
            bucket.properties["PublicAccessBlockConfiguration"], blocked,
            "{}",
            bucket.id
        );
    }
}

#[test]
fn no_security_group_of_consumers_admits_anybody() {
    for variant in VARIANTS {
        let deployed = Deployed::example(variant);
        let groups: Vec<_> = deployed.of_kind("AWS::EC2::SecurityGroup").collect();
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].properties.get("SecurityGroupIngress"), None);
        let rules = [
            "AWS::EC2::SecurityGroupIngress",
            "AWS::VPC::SecurityGroupIngressRule",
        ];
        assert!(
            deployed
                .made
                .iter()
                .all(|made| !rules.contains(&made.kind.as_str()))
        );
        for service in deployed.of_kind("AWS::ECS::Service") {
            let network = &service.properties["NetworkConfiguration"]["AwsvpcConfiguration"];
            assert_eq!(
                network["SecurityGroups"],
                json!([groups[0].created.reference])
            );
        }
    }
}

#[test]
fn tasks_behind_a_load_balancer_admit_it_alone_and_it_admits_whom_you_say() {
    for (variant, clients) in HTTP_VARIANTS.into_iter().zip(["0.0.0.0/0", "10.0.0.0/8"]) {
        let deployed = Deployed::http(variant);
        let group = |id| deployed.one("AWS::EC2::SecurityGroup", id);
        let (balancer, tasks) = (group("SecurityGroup"), group("TaskSecurityGroup"));
        assert_eq!(deployed.of_kind("AWS::EC2::SecurityGroup").count(), 2);

        let admits = |ports: &Value| (ports["FromPort"].clone(), ports["ToPort"].clone());
        let rules = &balancer.properties["SecurityGroupIngress"];
        assert_eq!(rules.as_array().map(Vec::len), Some(1));
        assert_eq!(admits(&rules[0]), (json!(80), json!(80)));
        assert_eq!(rules[0]["CidrIp"], clients);

        assert_eq!(tasks.properties.get("SecurityGroupIngress"), None);
        let rules: Vec<_> = deployed
            .of_kind("AWS::EC2::SecurityGroupIngress")
            .map(|made| &made.properties)
            .collect();
        assert_eq!(rules.len(), 1);
        assert_eq!(rules[0]["GroupId"], tasks.created.reference.as_str());
        assert_eq!(
            rules[0]["SourceSecurityGroupId"],
            balancer.created.reference.as_str()
        );
        assert_eq!(admits(rules[0]), (json!("8080"), json!("8080")));
        for service in deployed.of_kind("AWS::ECS::Service") {
            let network = &service.properties["NetworkConfiguration"]["AwsvpcConfiguration"];
            assert_eq!(network["SecurityGroups"], json!([tasks.created.reference]));
        }
    }
}

#[test]
fn an_image_stays_what_it_was_and_stays() {
    let deployed = Deployed::example(&[]);
    let repository = &deployed.one("AWS::ECR::Repository", "Images").properties;
    assert_eq!(repository["ImageTagMutability"], "IMMUTABLE");
    assert_eq!(repository["ImageScanningConfiguration"]["ScanOnPush"], true);
    let policy = repository["LifecyclePolicy"]["LifecyclePolicyText"].as_str();
    let policy: Value = serde_json::from_str(policy.expect("a text")).expect("JSON");
    let rules = policy["rules"].as_array().expect("a list");
    assert!(!rules.is_empty());
    for rule in rules {
        assert_eq!(rule["selection"]["tagStatus"], "untagged", "{rule}");
    }
}
