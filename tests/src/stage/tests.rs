use super::*;
use crate::clock::Moment;

#[test]
fn the_shipped_templates_set_the_example_up() {
    let script = Script::new([]);
    let mut world = World::new(identity(), Moment(0), 1);
    let scene = Stage::default()
        .set_up(&mut world, &script)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        scene.queue_url,
        "https://sqs.eu-central-1.amazonaws.com/111122223333/orders"
    );
}
