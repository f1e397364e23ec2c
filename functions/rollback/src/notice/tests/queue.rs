use canary::fixtures::queue::{pair, record, target};

use super::*;

#[test]
fn only_what_the_release_had_in_its_hands_is_said_to_go_back() {
    let scaled = record()
        .registering(at(599))
        .finding_primary(|primary| primary.scaling = Some(scaling(2, 20)))
        .finding(|found: &mut pair::Found| found.canary.scaling = Some(scaling(0, 10)));
    let constant = record()
        .promoting()
        .of(target().constant_total())
        .finding_primary(|primary| primary.scaling = Some(scaling(2, 20)));
    let rows = [
        (
            record(),
            "- orders-canary: was not touched\n- orders: was not touched\n",
        ),
        (
            scaled,
            "- orders-canary: scaled automatically from 0 to 10\n- orders: was not touched\n",
        ),
        (
            constant,
            "- orders-canary: orders:7, 1 task\n\
             - orders: orders:7, 3 tasks, scaled automatically from 2 to 20\n",
        ),
    ];
    for (record, expected) in rows {
        let message = message(pair().recorded(record), &alarmed());
        assert!(message.contains(expected), "{message}");
    }
}
