use super::*;
use crate::clock::Moment;

fn set_up(traffic: Traffic) -> Scene {
    let stage = Stage {
        traffic,
        ..Stage::default()
    };
    let mut world = World::new(identity(), Moment(0), 1);
    stage
        .set_up(&mut world, &Script::new([]))
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_shipped_templates_set_the_queue_consumers_up() {
    let Entrance::Queue { url, .. } = set_up(Traffic::Queue).entrance else {
        panic!("no queue");
    };
    assert_eq!(
        url,
        "https://sqs.eu-central-1.amazonaws.com/111122223333/orders"
    );
}

#[test]
fn the_shipped_templates_set_the_http_services_up() {
    let Entrance::LoadBalancer { rule, .. } = set_up(Traffic::Alb).entrance else {
        panic!("no load balancer");
    };
    let of = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener-rule/app/orders/";
    assert!(rule.starts_with(of), "{rule}");
}

#[test]
fn the_shipped_templates_set_the_function_up_with_its_first_version_behind_the_alias() {
    let stage = Stage {
        traffic: Traffic::Lambda,
        ..Stage::default()
    };
    let mut world = World::new(identity(), Moment(0), 1);
    let scene = stage.set_up(&mut world, &Script::new([]));
    let scene = scene.unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(scene.entrance, Entrance::Queue { .. }));
    let behind = functions::shares(&world, FUNCTION, ALIAS);
    let behind: Vec<_> = behind.iter().map(ToString::to_string).collect();
    assert_eq!(behind, ["100 % version 1 (v1)"]);
}
