//! The least of a story that still breaks the same promise.

use super::story::{At, Story};

/// How many stories are told for it, at most.
const STORIES: usize = 150;

/// Leaves out events, then makes those that are left simpler, as long as the story `is_broken`.
pub(super) fn shrink(story: Story, is_broken: impl Fn(&Story) -> bool) -> Story {
    let mut shrinking = Shrinking {
        least: story,
        is_broken,
        left: STORIES,
    };
    while shrinking.leave_out() || shrinking.simplify() {}
    shrinking.least
}

struct Shrinking<Broken> {
    least: Story,
    is_broken: Broken,
    left: usize,
}

impl<Broken: Fn(&Story) -> bool> Shrinking<Broken> {
    /// Takes these events in place of those of the story, if it is still broken.
    fn takes(&mut self, events: Vec<At>) -> bool {
        let candidate = Story {
            events,
            ..self.least.clone()
        };
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        let takes = (self.is_broken)(&candidate);
        if takes {
            self.least = candidate;
        }
        takes
    }

    /// Ever smaller groups of events.
    fn leave_out(&mut self) -> bool {
        let mut has_shrunk = false;
        let mut size = self.least.events.len();
        while size > 0 {
            let mut from = 0;
            while from < self.least.events.len() {
                let mut events = self.least.events.clone();
                events.drain(from..(from + size).min(events.len()));
                if self.takes(events) {
                    has_shrunk = true;
                } else {
                    from += size;
                }
            }
            size /= 2;
        }
        has_shrunk
    }

    /// Shorter faults, and rounder times.
    fn simplify(&mut self) -> bool {
        let mut has_shrunk = false;
        for index in 0..self.least.events.len() {
            let At { second, event } = self.least.events[index];
            let halved = event.halved().map(|event| At { second, event });
            let round = [60, 10].map(|step| At {
                second: second - second % step,
                event,
            });
            for simpler in halved.into_iter().chain(round) {
                if simpler == self.least.events[index] {
                    continue;
                }
                let mut events = self.least.events.clone();
                events[index] = simpler;
                events.sort_by_key(|it| it.second);
                if self.takes(events) {
                    has_shrunk = true;
                    break;
                }
            }
        }
        has_shrunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{event::Event, generate::PAIRS, story::at};

    #[test]
    fn what_a_broken_promise_does_not_need_is_left_out() {
        let mut story = PAIRS.story(7);
        story.events.push(at(901, Event::Deregister));
        story.events.push(at(902, Event::RunTwice(64)));
        let needs = |story: &Story| {
            let has = |wanted: fn(&Event) -> bool| story.events.iter().any(|it| wanted(&it.event));
            has(|it| *it == Event::Deregister) && has(|it| matches!(it, Event::RunTwice(_)))
        };
        let least = shrink(story, needs);
        assert_eq!(
            least.events,
            [at(900, Event::Deregister), at(900, Event::RunTwice(1))]
        );
    }
}
