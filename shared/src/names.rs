//! Names of things on AWS: one type each, checked once, at the border.
//!
//! What is allowed follows the services' models (botocore 1.44 `service-2.json`) and, where those
//! only say "string", the services' documentation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A name that AWS would not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not {what}; {allowed}")]
pub struct BadName {
    what: &'static str,
    found: String,
    allowed: &'static str,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $what:literal, $allowed:literal, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as AWS takes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;

            fn try_from(found: String) -> Result<Self, BadName> {
                let check: fn(&str) -> bool = $check;
                if check(&found) {
                    Ok(Self(found))
                } else {
                    Err(BadName { what: $what, found, allowed: $allowed })
                }
            }
        }

        impl TryFrom<&str> for $name {
            type Error = BadName;

            fn try_from(found: &str) -> Result<Self, BadName> {
                Self::try_from(found.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// An ECS cluster.
    ClusterName: "the name of an ECS cluster",
        "1 to 255 letters, digits, hyphens and underscores (the name, not the ARN)", is_ecs_name;
    /// A task set of an ECS service.
    TaskSetId: "the id of a task set", "ecs-svc/ and its number", is_task_set;
    /// An ECS service.
    ServiceName: "the name of an ECS service",
        "1 to 255 letters, digits, hyphens and underscores (the name, not the ARN)", is_ecs_name;
    /// A Lambda function.
    FunctionName: "the name of a Lambda function",
        "1 to 64 letters, digits, hyphens and underscores (the name, not the ARN, and no version or alias)",
        |name| is_ecs_name(name) && within(name, 64);
    /// An alias of a Lambda function.
    AliasName: "the name of an alias of a Lambda function",
        "1 to 128 letters, digits, hyphens and underscores, not digits alone",
        |name| is_ecs_name(name) && within(name, 128) && !name.chars().all(|c| c.is_ascii_digit());
    /// The number of a published version of a Lambda function.
    VersionNumber: "the number of a version",
        "1 to 19 digits, the first not 0 ($LATEST is no version that stays)",
        |number| within(number, 19) && !number.starts_with('0') && number.chars().all(|c| c.is_ascii_digit());
    /// A container within a task definition.
    ContainerName: "the name of a container",
        "1 to 255 letters, digits, hyphens and underscores", is_ecs_name;
    /// A pipeline in `CodePipeline`.
    PipelineName: "the name of a pipeline",
        "1 to 100 letters, digits and . @ - _",
        |name| within(name, 100) && name.chars().all(|c| c.is_ascii_alphanumeric() || ".@-_".contains(c));
    /// A `CloudWatch` alarm, metric or composite.
    AlarmName: "the name of an alarm",
        "1 to 255 characters (the name, not the ARN)",
        |name| within(name, 255) && !name.starts_with("arn:");
    /// The URL of an SQS queue.
    QueueUrl: "the URL of an SQS queue",
        "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME",
        |url| queue_name(url).is_some();
    /// The id of a release: the id of the pipeline execution that carries it.
    ReleaseId: "a pipeline execution id",
        "a lower-case uuid, in a pipeline \"#{codepipeline.PipelineExecutionId}\"", is_uuid;
    /// A container image with a tag or a digest.
    Image: "an image with a tag or a digest",
        "REPOSITORY:TAG or REPOSITORY@sha256:DIGEST without https://, at most 255 characters before the digest",
        is_pinned_image;
    /// A version of what is released, by the name under which AWS knows it: where versions have ARNs, its ARN.
    Version: "a version", "it has a name", |found| !found.is_empty();
    /// The full ARN of one revision of a task definition.
    TaskDefinitionArn: "the ARN of a task definition",
        "arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION",
        |arn| arn.starts_with("arn:") && family_revision(arn).is_some();
    /// An account of AWS.
    AccountId: "the id of an AWS account", "12 digits", is_account;
    /// A Region of AWS, by its code.
    RegionCode: "the code of an AWS Region",
        "lower-case letters, digits and hyphens, as in eu-central-1 (not \"Europe (Frankfurt)\")", is_region;
    /// The ARN of a standard SNS topic: a FIFO topic has no readers by e-mail.
    TopicArn: "the ARN of a standard SNS topic",
        "arn:aws:sns:REGION:ACCOUNT:NAME, NAME of 1 to 256 letters, digits, hyphens and underscores",
        is_topic_arn;
    /// The ARN of what sends requests on: a rule of an application load balancer, or a listener, whose default action is
    /// meant.
    ForwardArn: "the ARN of a rule or a listener of an application load balancer",
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/NAME/ID/LISTENER/RULE, or listener/app/NAME/ID/LISTENER",
        |arn| forward(arn).is_some();
    /// The ARN of a target group.
    TargetGroupArn: "the ARN of a target group",
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID",
        |arn| load_balancing(arn).is_some_and(|rest| matches!(rest.as_slice(), ["targetgroup", _, _]));
}

impl QueueUrl {
    /// The queue's name: the last part of the URL.
    #[must_use]
    pub fn queue(&self) -> &str {
        queue_name(&self.0).unwrap_or_default()
    }

    /// Whether it is a FIFO queue: the name of each ends with that, and no other's does (AWS: API reference, `CreateQueue`).
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.queue().strip_suffix(".fifo").is_some()
    }
}

impl ForwardArn {
    /// Whether it is a listener: its default action is meant.
    #[must_use]
    pub fn is_listener(&self) -> bool {
        forward(&self.0).is_some_and(|(kind, _)| kind == "listener")
    }

    /// The ARN of its load balancer.
    #[must_use]
    pub fn load_balancer(&self) -> String {
        let account = self.0.splitn(6, ':').take(5).collect::<Vec<_>>().join(":");
        format!("{account}:loadbalancer/{}", self.load_balancer_dimension())
    }

    /// The value of the dimension `LoadBalancer` of its metrics: `app/NAME/ID`.
    #[must_use]
    pub fn load_balancer_dimension(&self) -> &str {
        forward(&self.0).map_or("", |(_, load_balancer)| load_balancer)
    }

    /// What people call it: `rule app/NAME/ID/LISTENER/RULE`.
    #[must_use]
    pub fn short(&self) -> String {
        let what = if self.is_listener() {
            "default action of listener"
        } else {
            "rule"
        };
        format!(
            "{what} {}",
            self.0
                .split_once('/')
                .map_or(self.0.as_str(), |(_, rest)| rest)
        )
    }
}

impl TargetGroupArn {
    /// The group's name.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.split('/').nth(1).unwrap_or(&self.0)
    }

    /// The value of the dimension `TargetGroup` of its metrics: `targetgroup/NAME/ID`.
    #[must_use]
    pub fn dimension(&self) -> &str {
        self.0.rsplit(':').next().unwrap_or(&self.0)
    }
}

impl Version {
    /// What people call it: `orders:8`, or of a function `version 8`.
    #[must_use]
    pub fn short(&self) -> String {
        match self.0.rsplit_once('/') {
            Some((_, short)) => short.to_owned(),
            None => format!("version {}", self.0),
        }
    }
}

impl From<&VersionNumber> for Version {
    fn from(number: &VersionNumber) -> Self {
        Self(number.0.clone())
    }
}

impl From<&TaskDefinitionArn> for Version {
    fn from(arn: &TaskDefinitionArn) -> Self {
        Self(arn.0.clone())
    }
}

impl TaskDefinitionArn {
    /// `FAMILY:REVISION`, what people call a task definition.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, short)| short)
    }

    /// The family.
    #[must_use]
    pub fn family(&self) -> &str {
        family_revision(&self.0).map_or("", |(family, _)| family)
    }
}

/// A pair, by where it is and what it is called there: the key of its release record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PairId(String);

impl PairId {
    /// The pair of this name, for example of a primary service, in this place, for example a cluster.
    #[must_use]
    pub fn new(place: &str, name: &str) -> Self {
        Self(format!("{place}/{name}"))
    }

    /// `PLACE/NAME`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PairId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_task_set(id: &str) -> bool {
    id.strip_prefix("ecs-svc/")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit()))
}

fn within(name: &str, most: usize) -> bool {
    (1..=most).contains(&name.chars().count())
}

fn is_ecs_name(name: &str) -> bool {
    within(name, 255)
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

fn is_uuid(id: &str) -> bool {
    id.len() == 36
        && id.chars().enumerate().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_digit() || ('a'..='f').contains(&c),
        })
}

fn is_pinned_image(image: &str) -> bool {
    // ECS tells `https://` only once a task does not start.
    if image.contains(char::is_whitespace) || image.contains("://") {
        return false;
    }
    let (repository, pinned) = match image.split_once('@') {
        Some((repository, digest)) => (
            repository,
            digest
                .strip_prefix("sha256:")
                .is_some_and(|hex| hex.len() == 64 && is_hex(hex)),
        ),
        // A colon before the last slash is a registry's port.
        None => match image.rsplit_once(':') {
            Some((repository, tag)) => (repository, within(tag, 128) && !tag.contains('/')),
            None => (image, false),
        },
    };
    pinned && within(repository, 255)
}

fn is_hex(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit())
}

fn is_account(id: &str) -> bool {
    id.len() == 12 && id.chars().all(|c| c.is_ascii_digit())
}

fn is_region(code: &str) -> bool {
    within(code, 32)
        && code.contains('-')
        && code
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn queue_name(url: &str) -> Option<&str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let mut parts = rest.split('/');
    let (_host, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    let plausible = is_account(account)
        && within(name, 80)
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    (plausible && parts.next().is_none()).then_some(name)
}

fn is_topic_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let [
        "arn",
        "aws" | "aws-cn" | "aws-us-gov",
        "sns",
        region,
        account,
        name,
    ] = parts[..]
    else {
        return false;
    };
    is_account(account)
        && !region.is_empty()
        && within(name, 256)
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// What comes after the account in an ARN of Elastic Load Balancing, in parts.
fn load_balancing(arn: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "elasticloadbalancing", region, account, rest]
            if !region.is_empty() && account.len() == 12 =>
        {
            let rest: Vec<&str> = rest.split('/').collect();
            rest.iter().all(|part| !part.is_empty()).then_some(rest)
        }
        _ => None,
    }
}

/// Kind and load balancer (`app/NAME/ID`) of a rule or a listener of an application load balancer.
fn forward(arn: &str) -> Option<(&str, &str)> {
    let rest = arn.splitn(6, ':').nth(5)?;
    let (kind, path) = rest.split_once('/')?;
    match (kind, load_balancing(arn)?.as_slice()) {
        ("listener", [_, "app", _, _, listener]) => {
            Some((kind, path.strip_suffix(listener)?.strip_suffix('/')?))
        }
        ("listener-rule", [_, "app", _, _, listener, rule]) => {
            let path = path.strip_suffix(rule)?.strip_suffix('/')?;
            Some((kind, path.strip_suffix(listener)?.strip_suffix('/')?))
        }
        _ => None,
    }
}

fn family_revision(arn: &str) -> Option<(&str, u32)> {
    let (_, short) = arn.split_once(":task-definition/")?;
    let (family, revision) = short.split_once(':')?;
    Some((family, revision.parse().ok()?)).filter(|(family, _)| is_ecs_name(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_needs_a_tag_or_a_digest() {
        let digest = format!("registry:5000/orders@sha256:{}", "0a".repeat(32));
        for good in ["orders:v2", "registry:5000/team/orders:7d1f0c5", &digest] {
            assert!(Image::try_from(good).is_ok(), "{good}");
        }
        for bad in [
            "orders",
            "registry:5000/orders",
            "orders@sha256:12",
            "orders:",
            "orders: v2",
            "https://registry:5000/orders:v2",
            "",
        ] {
            let error = Image::try_from(bad).unwrap_err().to_string();
            assert!(
                error.contains("is not an image with a tag or a digest"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_release_id_that_was_not_resolved_says_how_to_write_it() {
        let error = ReleaseId::try_from("#{codepipeline.PipelineExecutionId").unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"#{codepipeline.PipelineExecutionId\" is not a pipeline execution id; a lower-case \
             uuid, in a pipeline \"#{codepipeline.PipelineExecutionId}\""
        );
    }

    #[test]
    fn a_task_definition_is_called_by_family_and_revision() {
        let arn = "arn:aws:ecs:eu-central-1:111122223333:task-definition/orders:7";
        let arn = TaskDefinitionArn::try_from(arn).unwrap();
        assert_eq!((arn.short(), arn.family()), ("orders:7", "orders"));
        assert!(TaskDefinitionArn::try_from("orders:7").is_err());
    }

    #[test]
    fn a_rule_and_a_listener_know_their_load_balancer() {
        let of = "arn:aws:elasticloadbalancing:eu-central-1:111122223333";
        let rule =
            ForwardArn::try_from(format!("{of}:listener-rule/app/orders/0a1b/2c3d/4e5f")).unwrap();
        let listener = ForwardArn::try_from(format!("{of}:listener/app/orders/0a1b/2c3d")).unwrap();
        assert_eq!((rule.is_listener(), listener.is_listener()), (false, true));
        for arn in [&rule, &listener] {
            assert_eq!(
                arn.load_balancer(),
                format!("{of}:loadbalancer/app/orders/0a1b")
            );
        }
        assert_eq!(rule.short(), "rule app/orders/0a1b/2c3d/4e5f");
        assert_eq!(
            listener.short(),
            "default action of listener app/orders/0a1b/2c3d"
        );
    }

    #[test]
    fn nothing_of_a_network_load_balancer_is_taken() {
        let of = "arn:aws:elasticloadbalancing:eu-central-1:111122223333";
        for rest in [
            "listener/net/orders/0a1b/2c3d",
            "listener-rule/net/orders/0a1b/2c3d/4e5f",
            "listener/app/orders/0a1b",
            "targetgroup/orders/0a1b",
            "listener/app/orders/0a1b/",
            "loadbalancer/app/orders/0a1b",
        ] {
            assert!(
                ForwardArn::try_from(format!("{of}:{rest}")).is_err(),
                "{rest}"
            );
        }
        let error =
            ForwardArn::try_from(format!("{of}:listener/net/orders/0a1b/2c3d")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "\"{of}:listener/net/orders/0a1b/2c3d\" is not the ARN of a rule or a listener of an application load balancer; \
                 arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/NAME/ID/LISTENER/RULE, or \
                 listener/app/NAME/ID/LISTENER"
            )
        );
        let china =
            "arn:aws-cn:elasticloadbalancing:cn-north-1:111122223333:listener/app/orders/0a1b/2c3d";
        assert!(ForwardArn::try_from(china).is_ok());
        assert!(TargetGroupArn::try_from(format!("{of}:targetgroup/orders/0a1b")).is_ok());
        assert!(TargetGroupArn::try_from("orders").is_err());
    }

    #[test]
    fn a_topic_is_a_standard_one_by_its_whole_arn() {
        assert!(TopicArn::try_from("arn:aws:sns:eu-central-1:111122223333:orders-news").is_ok());
        for bad in [
            "orders-news",
            "arn:aws:sqs:eu-central-1:111122223333:orders-news",
            "arn:aws:sns:eu-central-1:1111:orders-news",
            "arn:aws:sns:eu-central-1:111122223333:orders.fifo",
            "arn:aws:sns:eu-central-1:111122223333:orders:0a1b",
            "arn:aws:sns:eu-central-1:111122223333:",
        ] {
            assert!(TopicArn::try_from(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_account_is_a_number_and_a_region_its_code() {
        assert!(AccountId::try_from("111122223333").is_ok());
        for bad in ["", "11112222333", "1111-2222-3333", "orders"] {
            assert!(AccountId::try_from(bad).is_err(), "{bad}");
        }
        for good in ["eu-central-1", "us-gov-west-1", "cn-north-1"] {
            assert!(RegionCode::try_from(good).is_ok(), "{good}");
        }
        for bad in ["", "EU (Frankfurt)", "US East (N. Virginia)", "Global"] {
            assert!(RegionCode::try_from(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_queue_is_named_by_its_url() {
        let url = QueueUrl::try_from("https://sqs.eu-central-1.amazonaws.com/111122223333/orders");
        assert_eq!(url.unwrap().queue(), "orders");
        for bad in [
            "orders",
            "arn:aws:sqs:eu-central-1:111122223333:orders",
            "https://sqs/orders",
        ] {
            assert!(QueueUrl::try_from(bad).is_err(), "{bad}");
        }
    }
}
