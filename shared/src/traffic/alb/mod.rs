//! The share of an HTTP service behind an application load balancer: the weights of two target groups.
//!
//! A group without a healthy target still gets its share and answers with errors: between weighted groups nothing fails
//! over (AWS: "Target groups for your Application Load Balancers"). Therefore tasks come first and weight second on the way
//! up, and on the way down tasks go only once the load balancer shows the lower weight and the targets have had their
//! deregistration delay.

pub(super) mod share;
