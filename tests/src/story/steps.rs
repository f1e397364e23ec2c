//! A value that changes now and then.

use crate::clock::Moment;

/// The values that something had, each with the time from which it had it.
#[derive(Debug, Clone)]
pub struct Steps<T>(Vec<(Moment, T)>);

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: PartialEq> Steps<T> {
    /// Has this value from now on. Repeating the last one adds nothing; of several values at the
    /// same time the last counts.
    pub fn push(&mut self, at: Moment, value: T) {
        if self.0.last().is_some_and(|(last, _)| *last == at) {
            self.0.pop();
        }
        if self.last() != Some(&value) {
            self.0.push((at, value));
        }
    }
}

impl<T> Steps<T> {
    /// The value as it is.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.0.last().map(|(_, value)| value)
    }

    /// The value at a time; `None` before the first.
    #[must_use]
    pub fn at(&self, then: Moment) -> Option<&T> {
        let before = self.0.iter().rfind(|(at, _)| *at <= then);
        before.map(|(_, value)| value)
    }

    /// All changes in order.
    pub fn iter(&self) -> impl Iterator<Item = &(Moment, T)> {
        self.0.iter()
    }

    /// All values with the time from which and until which they held; the last one until `end`.
    pub fn spans(&self, end: Moment) -> impl Iterator<Item = (Moment, Moment, &T)> {
        let ends = self.0.iter().skip(1).map(|(at, _)| *at).chain([end]);
        self.0
            .iter()
            .zip(ends)
            .map(|((from, value), until)| (*from, until, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_holds_until_the_next_one() {
        let mut steps = Steps::default();
        for (at, value) in [(1, 'a'), (2, 'a'), (4, 'x'), (4, 'b')] {
            steps.push(Moment(at), value);
        }
        let spans: Vec<_> = steps.spans(Moment(9)).collect();
        assert_eq!(
            spans,
            [(Moment(1), Moment(4), &'a'), (Moment(4), Moment(9), &'b')]
        );
    }
}
