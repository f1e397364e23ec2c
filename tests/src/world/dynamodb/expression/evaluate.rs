//! Whether an item fulfils a condition.
//!
//! AWS: developer guide, "Condition and filter expressions, operators, and functions in `DynamoDB`".

use std::{borrow::Cow, cmp::Ordering};

use super::{
    super::{item::Item, number::Number, value::AttributeValue},
    condition::{Comparator, Condition, Operand},
};

impl Condition {
    /// Whether an item fulfils it. An item that is not there has no attributes.
    pub(in super::super) fn holds(&self, item: &Item) -> bool {
        match self {
            Self::Compare(comparator, left, right) => {
                let (left, right) = (left.of(item), right.of(item));
                comparator.holds(left.as_deref(), right.as_deref())
            }
            Self::Between(value, low, high) => {
                let value = value.of(item);
                let holds = |comparator: Comparator, bound: &Operand| {
                    comparator.holds(value.as_deref(), bound.of(item).as_deref())
                };
                holds(Comparator::GreaterOrEqual, low) && holds(Comparator::LessOrEqual, high)
            }
            Self::In(value, members) => {
                let value = value.of(item);
                let mut members = members.iter();
                members.any(|member| {
                    Comparator::Equal.holds(value.as_deref(), member.of(item).as_deref())
                })
            }
            Self::Exists(path) => path.of(item).is_some(),
            Self::NotExists(path) => path.of(item).is_none(),
            Self::Type(value, kind) => value.of(item).is_some_and(|value| value.kind() == kind),
            Self::BeginsWith(value, prefix) => {
                both(value, prefix, item, AttributeValue::begins_with)
            }
            Self::Contains(value, part) => both(value, part, item, AttributeValue::contains),
            Self::Not(inner) => !inner.holds(item),
            Self::And(sides) => sides.0.holds(item) && sides.1.holds(item),
            Self::Or(sides) => sides.0.holds(item) || sides.1.holds(item),
        }
    }
}

fn both(
    one: &Operand,
    two: &Operand,
    item: &Item,
    holds: fn(&AttributeValue, &AttributeValue) -> bool,
) -> bool {
    matches!((one.of(item), two.of(item)), (Some(one), Some(two)) if holds(&one, &two))
}

impl Operand {
    /// Its value in an item.
    fn of<'a>(&'a self, item: &'a Item) -> Option<Cow<'a, AttributeValue>> {
        match self {
            Self::Path(path) => path.of(item).map(Cow::Borrowed),
            Self::Value(value) => Some(Cow::Borrowed(value)),
            Self::Size(inner) => {
                let length = inner.of(item)?.length()?;
                let number = Number::parse(&length.to_string()).ok()?;
                Some(Cow::Owned(AttributeValue::N(number)))
            }
        }
    }
}

impl Comparator {
    /// Whether two values compare like this. Values of two types, or one that is not there, are just not equal.
    pub(in super::super) fn holds(
        self,
        left: Option<&AttributeValue>,
        right: Option<&AttributeValue>,
    ) -> bool {
        let (Some(left), Some(right)) = (left, right) else {
            return self == Self::NotEqual;
        };
        let order = left.compare(right);
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => order.is_some_and(Ordering::is_lt),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::Greater => order.is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

impl AttributeValue {
    /// Strings and binaries in the order of their bytes, numbers as numbers; others have no order.
    pub(in super::super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::S(one), Self::S(two)) => Some(one.cmp(two)),
            (Self::N(one), Self::N(two)) => Some(one.cmp(two)),
            (Self::B(one), Self::B(two)) => Some(one.cmp(two)),
            _ => None,
        }
    }

    pub(in super::super) fn begins_with(&self, prefix: &Self) -> bool {
        match (self, prefix) {
            (Self::S(text), Self::S(prefix)) => text.starts_with(prefix),
            (Self::B(bytes), Self::B(prefix)) => bytes.starts_with(prefix),
            _ => false,
        }
    }

    fn contains(&self, part: &Self) -> bool {
        match (self, part) {
            (Self::S(text), Self::S(part)) => text.contains(part),
            (Self::B(bytes), Self::B(part)) => {
                part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
            }
            (Self::Ss(set), Self::S(member)) => set.contains(member),
            (Self::Ns(set), Self::N(member)) => set.contains(member),
            (Self::Bs(set), Self::B(member)) => set.contains(member),
            (Self::L(members), member) => members.contains(member),
            _ => false,
        }
    }

    /// What `size` answers.
    fn length(&self) -> Option<usize> {
        match self {
            Self::S(text) => Some(text.chars().count()),
            Self::B(bytes) => Some(bytes.len()),
            Self::Ss(set) => Some(set.len()),
            Self::Ns(set) => Some(set.len()),
            Self::Bs(set) => Some(set.len()),
            Self::M(members) => Some(members.len()),
            Self::L(members) => Some(members.len()),
            Self::N(_) | Self::Null | Self::Bool(_) => None,
        }
    }
}
