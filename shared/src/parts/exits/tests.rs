use super::*;
use crate::fixtures::{at, candidate, foreign, stable};

fn exit(task: &str, task_definition: TaskDefinitionArn, second: u64, whose: Whose) -> Exit {
    Exit {
        task: task.to_owned(),
        task_definition,
        at: at(second),
        whose,
    }
}

#[test]
fn every_task_counts_once_for_the_version_that_it_ran() {
    let (stable_one, candidate_one) = (stable(), candidate());
    let watched = Watched {
        began: at(100),
        candidate: Some(&candidate_one),
        stable: [&stable_one, &stable_one],
    };
    let began = 100;
    let seen = [
        exit("a", candidate(), began + 10, Whose::Own),
        exit("b", stable(), began + 20, Whose::Own),
        exit("c", candidate(), began + 30, Whose::Unknown),
        exit("before the release", stable(), 1, Whose::Own),
        exit("somebody's version", foreign(), began + 40, Whose::Own),
    ];
    let told = |exits: &Exits| (exits.candidate.many, exits.stable.many, exits.unknown.many);
    let once = Exits::default().seeing(&seen, &watched, at(200));
    assert_eq!(told(&once), (1, 1, 1));
    let twice = once.clone().seeing(&seen, &watched, at(230));
    assert_eq!(twice, once, "the same tasks");
    let more = [exit("d", candidate(), began + 50, Whose::Own)];
    let later = once.clone().seeing(&more, &watched, at(260));
    assert_eq!(
        told(&later),
        (2, 1, 1),
        "ECS need not list the first ones any more"
    );
    assert!(later.says_more_than(&once));
    let days = later.seeing(&[], &watched, at(200_000));
    assert_eq!(told(&days), (2, 1, 1));
    assert!(
        days.candidate.newest.is_empty(),
        "ids are not kept for ever"
    );
}
