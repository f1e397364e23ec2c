//! Fields of cron expressions.

pub(in super::super) const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
pub(in super::super) const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The values of a field, all below 64, one bit each.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Field {
    values: u64,
    any: bool,
}

impl Field {
    /// `*`, `,` and `-`. Names stand for numbers from the first of `names` on.
    pub(in super::super) fn parse(
        text: &str,
        least: u8,
        most: u8,
        names: (u8, &[&str]),
    ) -> Option<Self> {
        (!text.contains('/')).then_some(())?;
        Self::parse_with_steps(text, least, most, names)
    }

    /// The same, and `/` between where to begin and the step: `0/15`, `*/15`, `8-18/2`.
    pub(in super::super) fn parse_with_steps(
        text: &str,
        least: u8,
        most: u8,
        names: (u8, &[&str]),
    ) -> Option<Self> {
        let value = |text: &str| {
            let (first, names) = names;
            let index = names.iter().position(|name| *name == text);
            let value = match index {
                Some(index) => first + u8::try_from(index).ok()?,
                None => text.parse().ok()?,
            };
            (least..=most).contains(&value).then_some(value)
        };
        let mut values = 0;
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step.parse().ok().filter(|it| *it > 0)?)),
                None => (part, None),
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (least, most),
                Some((from, to)) => (value(from)?, value(to)?),
                None if step.is_some() => (value(range)?, most),
                None => (value(range)?, value(range)?),
            };
            if from > to {
                return None;
            }
            for value in (from..=to).step_by(step.unwrap_or(1)) {
                values |= 1 << value;
            }
        }
        let any = text == "*";
        Some(Self { values, any })
    }

    /// Whether it says `*`.
    pub(in super::super) fn is_any(self) -> bool {
        self.any
    }

    pub(in super::super) fn has(self, value: u8) -> bool {
        self.values & (1 << value) != 0
    }
}
