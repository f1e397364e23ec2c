//! Stories about too many calls.

use std::time::Duration;

use super::*;
use crate::world::Identity;

const ELB: &str = "elasticloadbalancing";
const HERE: &str = "eu-central-1";

fn world(pace: u32) -> World {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: HERE.to_owned(),
    };
    World::new(identity, Moment(1_800_000_000_000), pace)
}

/// How many calls in a row are taken, of so many.
fn taken(world: &mut World, service: &str, operation: &str, calls: usize) -> usize {
    (0..calls)
        .take_while(|_| take(world, HERE, service, operation).is_ok())
        .count()
}

fn pass(world: &mut World, seconds: u64) {
    world.now = world.now + Duration::from_secs(seconds);
}

#[test]
fn forty_descriptions_at_once_are_taken_and_then_ten_a_second() {
    let mut world = world(1);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 20), 20);
    assert_eq!(taken(&mut world, ELB, "DescribeTargetHealth", 40), 20);
    let fault = take(&mut world, HERE, ELB, "DescribeRules").unwrap_err();
    assert_eq!((fault.code.as_str(), fault.status), ("Throttling", 400));
    assert_eq!(fault.message, "Rate exceeded");
    pass(&mut world, 1);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 40), 10);
    pass(&mut world, 3600);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 99), 40);
}

#[test]
fn all_calls_of_load_balancing_share_what_the_account_has() {
    let mut world = world(1);
    assert_eq!(taken(&mut world, ELB, "ModifyRule", 40), 20);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 40), 20);
    pass(&mut world, 1);
    assert_eq!(taken(&mut world, ELB, "ModifyRule", 40), 3);
}

#[test]
fn a_fraction_of_a_token_takes_seconds_to_become_one() {
    let mut world = world(1);
    assert_eq!(taken(&mut world, ELB, "CreateLoadBalancer", 40), 10);
    pass(&mut world, 4);
    assert_eq!(taken(&mut world, ELB, "CreateLoadBalancer", 1), 0);
    pass(&mut world, 1);
    assert_eq!(taken(&mut world, ELB, "CreateLoadBalancer", 2), 1);
}

#[test]
fn task_definitions_are_registered_and_deregistered_once_a_second_after_twenty() {
    let mut world = world(1);
    assert_eq!(taken(&mut world, "ecs", "RegisterTaskDefinition", 15), 15);
    assert_eq!(taken(&mut world, "ecs", "DeregisterTaskDefinition", 15), 5);
    assert_eq!(taken(&mut world, "ecs", "DescribeTaskDefinition", 15), 15);
    pass(&mut world, 2);
    assert_eq!(taken(&mut world, "ecs", "RegisterTaskDefinition", 15), 2);
    let fault = take(&mut world, HERE, "ecs", "RegisterTaskDefinition").unwrap_err();
    assert_eq!(fault.code, "ThrottlingException");
}

#[test]
fn every_region_has_buckets_of_its_own() {
    let mut world = world(1);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 99), 40);
    take(&mut world, "us-east-1", ELB, "DescribeRules").expect("another bucket");
}

#[test]
fn what_others_take_is_missing() {
    let mut world = world(1);
    others_call(&mut world, ELB, "DescribeLoadBalancers", 50);
    pass(&mut world, 1);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 40), 0);
    others_call(&mut world, ELB, "DescribeLoadBalancers", 8);
    pass(&mut world, 1);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 40), 2);
    others_call(&mut world, ELB, "DescribeLoadBalancers", 12);
    pass(&mut world, 3600);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 40), 0);
    others_call(&mut world, ELB, "DescribeLoadBalancers", 0);
    pass(&mut world, 1);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 40), 10);
}

#[test]
fn an_account_that_is_faster_fills_its_buckets_faster() {
    let mut world = world(6);
    taken(&mut world, "ecs", "RegisterTaskDefinition", 20);
    pass(&mut world, 1);
    assert_eq!(taken(&mut world, "ecs", "RegisterTaskDefinition", 20), 6);
}

#[test]
fn a_service_that_is_not_counted_takes_every_call() {
    let mut world = world(1);
    assert_eq!(taken(&mut world, "sqs", "SendMessage", 999), 999);
    world.limits.counted.remove(ELB);
    assert_eq!(taken(&mut world, ELB, "DescribeRules", 999), 999);
}
