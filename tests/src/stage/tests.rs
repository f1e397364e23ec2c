use super::*;
use crate::{clock::Moment, world::journal::What};

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

#[test]
fn the_shipped_templates_set_a_service_up_with_the_first_task_set_or_without_one() {
    for traffic in [Traffic::TaskSets, Traffic::TaskSetsAlb] {
        for has_first_set in [true, false] {
            let stage = Stage {
                traffic,
                has_first_set,
                ..Stage::default()
            };
            let mut world = World::new(identity(), Moment(0), 1);
            let scene = stage.set_up(&mut world, &Script::new([]));
            let scene = scene.unwrap_or_else(|error| panic!("{error}"));
            let has_queue = matches!(scene.entrance, Entrance::Queue { .. });
            assert_eq!(has_queue, traffic == Traffic::TaskSets);
            let mut noted = world.journal.iter().filter_map(|entry| match &entry.what {
                What::Sets { sets, .. } => Some(sets),
                _ => None,
            });
            let sets = noted.next_back().map_or(&[][..], Vec::as_slice);
            let told: Vec<_> = sets
                .iter()
                .map(|it| format!("{} {}", it.status, it.label))
                .collect();
            let expected = if has_first_set {
                &["PRIMARY v1"][..]
            } else {
                &[]
            };
            assert_eq!(told, expected);
        }
    }
}
