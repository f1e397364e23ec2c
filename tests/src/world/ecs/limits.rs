//! How many calls AWS takes. AWS: ECS API reference, "Request throttling for the Amazon ECS API".

use crate::world::limits::Group;

pub(super) const GROUPS: &[Group] = &[
    Group::new(
        &["DeregisterTaskDefinition", "RegisterTaskDefinition"],
        20,
        1_000,
    ),
    Group::new(
        &["DescribeTaskDefinition", "ListTaskDefinitions"],
        50,
        20_000,
    ),
    Group::new(&["TagResource", "UntagResource"], 20, 10_000),
    Group::new(&["ListTagsForResource"], 50, 20_000),
    Group::new(&["StopTask"], 100, 40_000),
    Group::new(&["DescribeTasks", "ListTasks"], 100, 20_000),
    Group::new(
        &["CreateService", "DeleteService", "UpdateService"],
        50,
        5_000,
    ),
    // AWS: General Reference, "Amazon ECS endpoints and quotas". What is read of task sets is not listed; it is taken with services.
    Group::new(
        &[
            "CreateTaskSet",
            "DeleteTaskSet",
            "UpdateServicePrimaryTaskSet",
            "UpdateTaskSet",
        ],
        100,
        20_000,
    ),
    Group::new(&["DescribeServices", "DescribeTaskSets"], 100, 20_000),
    Group::new(&["GetTaskProtection", "UpdateTaskProtection"], 200, 80_000),
];
