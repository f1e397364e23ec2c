//! How many calls AWS takes. AWS: Elastic Load Balancing user guide, "Request throttling for the Elastic Load Balancing API".

use crate::world::limits::Group;

pub(super) const GROUPS: &[Group] = &[
    // Of the account, shared by all operations.
    Group::new(&["*"], 40, 10_000),
    Group::new(&["Describe*"], 40, 10_000),
    Group::new(
        &[
            "CreateListener",
            "CreateRule",
            "CreateTargetGroup",
            "Modify*",
        ],
        20,
        3_000,
    ),
    Group::new(&["CreateLoadBalancer"], 10, 200),
];
