//! Writes that take a while to be seen everywhere.

use std::time::Duration;

use crate::clock::Moment;

/// What something is, and what it was as long as somebody may still see that.
#[derive(Debug)]
pub(super) struct History<T> {
    newest: Entry<T>,
    /// Oldest first.
    earlier: Vec<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    written: Moment,
    value: T,
}

impl<T> History<T> {
    /// Something new, which everybody sees at once.
    pub(super) fn new(value: T, now: Moment) -> Self {
        Self {
            newest: Entry {
                written: now,
                value,
            },
            earlier: Vec::new(),
        }
    }

    /// What was written last.
    pub(super) fn newest(&self) -> &T {
        &self.newest.value
    }

    /// Writes; what nobody can see any more, however late they are up to `longest`, is forgotten.
    pub(super) fn write(&mut self, value: T, now: Moment, longest: Duration) {
        let newest = Entry {
            written: now,
            value,
        };
        self.earlier
            .push(std::mem::replace(&mut self.newest, newest));
        let seen = |entry: &Entry<T>| now.since(entry.written) >= longest;
        let forgotten = self.earlier.iter().rposition(seen).unwrap_or_default();
        self.earlier.drain(..forgotten);
    }

    /// What somebody sees who learns of writes so late.
    pub(super) fn seen(&self, now: Moment, late: Duration) -> &T {
        self.place(now, late)
            .and_then(|place| self.earlier.get(place))
            .map_or(&self.newest.value, |entry| &entry.value)
    }

    /// The same, to change.
    pub(super) fn seen_mut(&mut self, now: Moment, late: Duration) -> &mut T {
        let place = self.place(now, late);
        match place.and_then(|place| self.earlier.get_mut(place)) {
            Some(entry) => &mut entry.value,
            None => &mut self.newest.value,
        }
    }

    /// Among the earlier ones; none is the newest.
    fn place(&self, now: Moment, late: Duration) -> Option<usize> {
        let seen = |entry: &Entry<T>| now.since(entry.written) >= late;
        if seen(&self.newest) || self.earlier.is_empty() {
            return None;
        }
        Some(self.earlier.iter().rposition(seen).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: Duration = Duration::from_secs(5);

    #[test]
    fn a_write_is_seen_when_its_time_has_come_and_by_the_prompt_at_once() {
        let mut weight = History::new(0, Moment(0));
        assert_eq!(weight.seen(Moment(0), LATE), &0, "new things are seen");
        weight.write(10, Moment(20_000), LATE);
        assert_eq!(weight.newest(), &10);
        assert_eq!(weight.seen(Moment(20_000), Duration::ZERO), &10);
        assert_eq!(weight.seen(Moment(24_999), LATE), &0);
        assert_eq!(weight.seen(Moment(25_000), LATE), &10);
    }

    #[test]
    fn each_of_several_writes_is_seen_in_its_turn() {
        let mut weight = History::new(0, Moment(0));
        for (value, at) in [(10, 20_000), (50, 22_000), (90, 24_000)] {
            weight.write(value, Moment(at), LATE);
        }
        let seen = [24_000, 25_000, 27_500, 29_000].map(|at| *weight.seen(Moment(at), LATE));
        assert_eq!(seen, [0, 10, 50, 90]);
        weight.write(100, Moment(60_000), LATE);
        assert_eq!(weight.earlier.len(), 1, "what nobody sees is forgotten");
        assert_eq!(*weight.seen_mut(Moment(60_000), LATE), 90);
    }
}
