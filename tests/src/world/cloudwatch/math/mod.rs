//! Metric math: the part of it that is known here.
//!
//! Numbers, ids, `+ - * /`, comparisons (1 or 0), parentheses, `FILL(series, number)`,
//! `IF(condition, series, series)`, `EPOCH(series)`, `LOG(series)`, `AVG(series)` and `MAX(series)`, which give one number
//! for all periods that are fetched, and `RUNNING_SUM(series)`. All else is computed period by period: a missing operand, a
//! division by zero or the logarithm of nothing gives a missing datapoint. AWS: `CloudWatch` user guide, "Using math
//! expressions with metrics".

mod parser;
#[cfg(test)]
mod tests;

pub(super) use parser::parse;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Number(f64),
    Id(String),
    Negative(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Fill(Box<Expr>, f64),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Epoch(Box<Expr>),
    Log(Box<Expr>),
    RunningSum(Box<Expr>),
    Overall(Aggregate, Box<Expr>),
}

/// One value for each period that is looked at, newest first.
pub(super) type Values = Vec<Option<f64>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Average,
    Maximum,
}

impl Aggregate {
    /// Of the periods that have a datapoint.
    fn of(self, values: &Values) -> Option<f64> {
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        #[expect(clippy::cast_precision_loss, reason = "a few periods")]
        match self {
            Self::Average => {
                (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
            }
            Self::Maximum => known.into_iter().reduce(f64::max),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Operator {
    #[expect(
        clippy::float_cmp,
        reason = "the comparison operators of metric math compare exactly"
    )]
    fn apply(self, left: f64, right: f64) -> f64 {
        let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
        match self {
            Self::Plus => left + right,
            Self::Minus => left - right,
            Self::Times => left * right,
            Self::Over => left / right,
            Self::Less => truth(left < right),
            Self::LessOrEqual => truth(left <= right),
            Self::Greater => truth(left > right),
            Self::GreaterOrEqual => truth(left >= right),
            Self::Equal => truth(left == right),
            Self::NotEqual => truth(left != right),
        }
    }
}

impl Expr {
    /// The values in the periods that begin at these seconds of metric time, where `of` gives the values of ids.
    pub(super) fn evaluate(&self, seconds: &[u64], of: &impl Fn(&str) -> Values) -> Values {
        let same = |value: Option<f64>| vec![value; seconds.len()];
        let values = match self {
            Self::Number(number) => same(Some(*number)),
            Self::Id(id) => of(id),
            Self::Negative(inner) => each(inner.evaluate(seconds, of), |value| value.map(|it| -it)),
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.evaluate(seconds, of), right.evaluate(seconds, of));
                let both = left.into_iter().zip(right);
                both.map(|(left, right)| Some(operator.apply(left?, right?)))
                    .collect()
            }
            Self::Fill(inner, filler) => {
                each(inner.evaluate(seconds, of), |value| value.or(Some(*filler)))
            }
            Self::If(condition, then, otherwise) => {
                let [condition, then, otherwise] =
                    [condition, then, otherwise].map(|it| it.evaluate(seconds, of));
                let all = condition.into_iter().zip(then.into_iter().zip(otherwise));
                all.map(
                    |(condition, (then, otherwise))| {
                        if condition? == 0.0 { otherwise } else { then }
                    },
                )
                .collect()
            }
            #[expect(clippy::cast_precision_loss, reason = "AWS gives seconds as numbers")]
            Self::Epoch(inner) => {
                let inner = inner.evaluate(seconds, of).into_iter().zip(seconds);
                inner
                    .map(|(value, second)| value.map(|_| *second as f64))
                    .collect()
            }
            Self::Log(inner) => each(inner.evaluate(seconds, of), |value| value.map(f64::ln)),
            Self::RunningSum(inner) => running_sum(inner.evaluate(seconds, of)),
            Self::Overall(aggregate, inner) => same(aggregate.of(&inner.evaluate(seconds, of))),
        };
        each(values, |value| value.filter(|it| it.is_finite()))
    }

    /// The ids that the expression names.
    pub(super) fn ids(&self) -> Vec<&str> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Id(id) => vec![id],
            Self::Negative(inner)
            | Self::Fill(inner, _)
            | Self::Epoch(inner)
            | Self::Log(inner)
            | Self::RunningSum(inner)
            | Self::Overall(_, inner) => inner.ids(),
            Self::Binary(_, left, right) => [left.ids(), right.ids()].concat(),
            Self::If(condition, then, otherwise) => {
                [condition.ids(), then.ids(), otherwise.ids()].concat()
            }
        }
    }
}

fn each(values: Values, change: impl Fn(Option<f64>) -> Option<f64>) -> Values {
    values.into_iter().map(change).collect()
}

/// The sum of each value and of all that are older. That a missing datapoint stays one, and the sum goes on after it, is a
/// choice: AWS does not say.
fn running_sum(mut values: Values) -> Values {
    let mut sum = 0.0;
    for value in values.iter_mut().rev().flatten() {
        sum += *value;
        *value = sum;
    }
    values
}
