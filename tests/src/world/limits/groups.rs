//! Which operations share a bucket, how much it holds and how fast it fills.
//!
//! AWS: Elastic Load Balancing user guide, "Request throttling for the Elastic Load Balancing API"; ECS API reference,
//! "Request throttling for the Amazon ECS API". Only operations that the local account has are listed.

/// Operations that share a bucket.
#[derive(Debug)]
pub(super) struct Group {
    service: &'static str,
    /// One that ends in `*` stands for all that begin like it.
    operations: &'static [&'static str],
    /// Tokens in a full bucket.
    pub(super) burst: u32,
    /// Thousandths of a token that come back in a second.
    pub(super) refill: u32,
}

impl Group {
    /// Whether an operation takes its tokens from it.
    pub(super) fn has(&self, service: &str, operation: &str) -> bool {
        let is_listed = |listed: &&str| match listed.strip_suffix('*') {
            Some(beginning) => operation.starts_with(beginning),
            None => operation == *listed,
        };
        self.service == service && self.operations.iter().any(is_listed)
    }
}

const fn group(
    service: &'static str,
    operations: &'static [&'static str],
    burst: u32,
    refill: u32,
) -> Group {
    Group {
        service,
        operations,
        burst,
        refill,
    }
}

const ELB: &str = "elasticloadbalancing";

pub(super) static GROUPS: [Group; 13] = [
    // Of the account, shared by all operations.
    group(ELB, &["*"], 40, 10_000),
    group(ELB, &["Describe*"], 40, 10_000),
    group(
        ELB,
        &[
            "CreateListener",
            "CreateRule",
            "CreateTargetGroup",
            "Modify*",
        ],
        20,
        3_000,
    ),
    group(ELB, &["CreateLoadBalancer"], 10, 200),
    group(
        "ecs",
        &["DeregisterTaskDefinition", "RegisterTaskDefinition"],
        20,
        1_000,
    ),
    group(
        "ecs",
        &["DescribeTaskDefinition", "ListTaskDefinitions"],
        50,
        20_000,
    ),
    group("ecs", &["TagResource", "UntagResource"], 20, 10_000),
    group("ecs", &["ListTagsForResource"], 50, 20_000),
    group("ecs", &["StopTask"], 100, 40_000),
    group("ecs", &["DescribeTasks", "ListTasks"], 100, 20_000),
    group("ecs", &["CreateService", "UpdateService"], 50, 5_000),
    group("ecs", &["DescribeServices"], 100, 20_000),
    group(
        "ecs",
        &["GetTaskProtection", "UpdateTaskProtection"],
        200,
        80_000,
    ),
];
