//! How many tasks a task set has: a percentage of its service's desired count.

use serde_json::Value;

use super::super::{
    super::{Fault, World},
    names::invalid,
};

/// The percentage of a request's `scale`. AWS: API reference, `Scale`: between 0 and 100; one that is left out is 0, as the
/// example of `CreateTaskSet` has it. How other numbers are refused is not documented.
pub(super) fn percent(world: &World, scale: &Value) -> Result<f64, Fault> {
    let given = scale["value"].as_f64().unwrap_or_default();
    if !(0.0..=100.0).contains(&given) {
        return Err(invalid(format!(
            "The scale value is {given}; it may be between 0 and 100."
        )));
    }
    Ok(match world.ecs.scale_decimals {
        None => given,
        Some(decimals) => {
            let unit = 10_f64.powi(decimals.into());
            (given * unit).round() / unit
        }
    })
}

/// AWS: API reference, `TaskSet`, `computedDesiredCount`: "always rounded up", so this is the fewest tasks that are not below the
/// percentage.
pub(super) fn tasks(desired: u32, percent: f64) -> u32 {
    let share = f64::from(desired) * percent;
    let enough = |tasks: &u32| f64::from(*tasks) * 100.0 >= share;
    (0..desired).find(enough).unwrap_or(desired)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_part_of_a_task_is_a_task() {
        for (desired, percent, expected) in [
            (4, 90.0, 4),
            (4, 10.0, 1),
            (12, 10.0, 2),
            (10, 30.0, 3),
            (10, 0.0, 0),
            (0, 100.0, 0),
            (1, 0.01, 1),
        ] {
            assert_eq!(
                tasks(desired, percent),
                expected,
                "{percent} % of {desired}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_count_is_the_percentage_rounded_up(desired in 0_u32..1_000, percent in 0.0..=100.0_f64) {
            let exact = f64::from(desired) * percent / 100.0;
            prop_assert!((f64::from(tasks(desired, percent)) - exact.ceil()).abs() < f64::EPSILON);
        }

        #[test]
        fn half_a_task_less_than_a_whole_number_asks_for_exactly_that_number(desired in 1_u32..1_000, part in 0.0..1.0_f64) {
            let wanted = tasks(desired, part * 100.0).max(1);
            let percent = 100.0 * (f64::from(wanted) - 0.5) / f64::from(desired);
            prop_assert_eq!(tasks(desired, percent), wanted);
        }
    }
}
