//! Conditions: what they mean, and which operands AWS refuses before it looks at any item.
//!
//! Refusals as in dynalite, `db/conditionParser.pegjs`, which was checked against AWS.

use super::{
    super::value::AttributeValue, grammar::Node, parser::Parser, path::Path,
    placeholders::Placeholders,
};

const MOST_OPERANDS_OF_IN: usize = 100;
/// In AWS's order.
const TYPES: [&str; 10] = ["B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"];

/// What an item has to fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Condition {
    Compare(Comparator, Operand, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    NotExists(Path),
    Type(Operand, String),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
    Not(Box<Condition>),
    And(Box<(Condition, Condition)>),
    Or(Box<(Condition, Condition)>),
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Operand {
    Path(Path),
    Value(AttributeValue),
    Size(Box<Operand>),
}

/// How two operands are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparator {
    fn of(symbol: &str) -> Self {
        match symbol {
            "=" => Self::Equal,
            "<>" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            _ => Self::GreaterOrEqual,
        }
    }
}

impl Operand {
    /// Its type, where that does not depend on the item.
    fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Path(_) => None,
            Self::Value(value) => Some(value.kind()),
            Self::Size(_) => Some("N"),
        }
    }
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(in super::super) fn read(
        expression: &str,
        placeholders: &mut Placeholders,
    ) -> Result<Self, String> {
        let node = Parser::condition(expression)?;
        Self::of(&node, placeholders)
    }

    fn of(node: &Node<'_>, placeholders: &mut Placeholders) -> Result<Self, String> {
        let mut both = |sides: &(Node<'_>, Node<'_>)| -> Result<_, String> {
            let left = Self::of(&sides.0, placeholders)?;
            Ok(Box::new((left, Self::of(&sides.1, placeholders)?)))
        };
        match node {
            Node::And(sides) => both(sides).map(Self::And),
            Node::Or(sides) => both(sides).map(Self::Or),
            Node::Not(inner) => Ok(Self::Not(Box::new(Self::of(inner, placeholders)?))),
            Node::Compare(symbol, sides) => Self::compare(symbol, sides, placeholders),
            Node::Between(all) => Self::between(all, placeholders),
            Node::In(operand, members) => Self::is_in(operand, members, placeholders),
            Node::Call(name, arguments) => Self::call(name, arguments, placeholders),
            Node::Path(_) | Node::Value(_) | Node::Sum(..) => {
                Err("Syntax error; an operand is no condition".to_owned())
            }
        }
    }

    fn compare(
        symbol: &str,
        (left, right): &(Node<'_>, Node<'_>),
        placeholders: &mut Placeholders,
    ) -> Result<Self, String> {
        let (left, right) = (operand(left, placeholders)?, operand(right, placeholders)?);
        check_distinct(symbol, &left, &right)?;
        let comparator = Comparator::of(symbol);
        if !matches!(comparator, Comparator::Equal | Comparator::NotEqual) {
            check_types(symbol, &[&left, &right], &["S", "N", "B"])?;
        }
        Ok(Self::Compare(comparator, left, right))
    }

    fn between(
        (value, low, high): &(Node<'_>, Node<'_>, Node<'_>),
        placeholders: &mut Placeholders,
    ) -> Result<Self, String> {
        let value = operand(value, placeholders)?;
        let (low, high) = (operand(low, placeholders)?, operand(high, placeholders)?);
        check_types("BETWEEN", &[&value, &low, &high], &["S", "N", "B"])?;
        if let (Operand::Value(low), Operand::Value(high)) = (&low, &high) {
            check_bounds(low, high)?;
        }
        Ok(Self::Between(value, low, high))
    }

    fn is_in(
        value: &Node<'_>,
        members: &[Node<'_>],
        placeholders: &mut Placeholders,
    ) -> Result<Self, String> {
        if members.len() > MOST_OPERANDS_OF_IN {
            return Err(format!(
                "The IN operator is provided with too many operands; number of operands: {}",
                members.len()
            ));
        }
        let value = operand(value, placeholders)?;
        let members = members.iter().map(|member| operand(member, placeholders));
        Ok(Self::In(value, members.collect::<Result<_, _>>()?))
    }

    fn call(
        name: &str,
        arguments: &[Node<'_>],
        placeholders: &mut Placeholders,
    ) -> Result<Self, String> {
        let wanted = match name {
            "attribute_exists" | "attribute_not_exists" => 1,
            "attribute_type" | "begins_with" | "contains" => 2,
            "size" => return Err(misused(name)),
            _ => return Err(format!("Invalid function name; function: {name}")),
        };
        let mut operands = Vec::new();
        for argument in arguments {
            operands.push(operand(argument, placeholders)?);
        }
        check_count(name, operands.len(), wanted)?;
        let mut operands = operands.into_iter();
        match (name, operands.next(), operands.next()) {
            ("attribute_exists", Some(Operand::Path(path)), None) => Ok(Self::Exists(path)),
            ("attribute_not_exists", Some(Operand::Path(path)), None) => Ok(Self::NotExists(path)),
            ("attribute_type", Some(value), Some(kind)) => Ok(Self::Type(value, type_name(kind)?)),
            ("begins_with", Some(value), Some(prefix)) => {
                check_distinct(name, &value, &prefix)?;
                check_types(name, &[&value, &prefix], &["S", "B"])?;
                Ok(Self::BeginsWith(value, prefix))
            }
            ("contains", Some(value), Some(part)) => {
                check_distinct(name, &value, &part)?;
                Ok(Self::Contains(value, part))
            }
            _ => Err(format!(
                "Operator or function requires a document path; operator or function: {name}"
            )),
        }
    }

    /// All paths that it looks at.
    pub(in super::super) fn paths(&self) -> Vec<&Path> {
        fn of(operand: &Operand) -> Option<&Path> {
            match operand {
                Operand::Path(path) => Some(path),
                Operand::Size(inner) => of(inner),
                Operand::Value(_) => None,
            }
        }
        match self {
            Self::Compare(_, one, two) | Self::BeginsWith(one, two) | Self::Contains(one, two) => {
                [one, two].into_iter().filter_map(of).collect()
            }
            Self::Between(one, two, three) => {
                [one, two, three].into_iter().filter_map(of).collect()
            }
            Self::In(one, others) => [one].into_iter().chain(others).filter_map(of).collect(),
            Self::Type(one, _) => of(one).into_iter().collect(),
            Self::Exists(path) | Self::NotExists(path) => vec![path],
            Self::Not(inner) => inner.paths(),
            Self::And(sides) | Self::Or(sides) => [sides.0.paths(), sides.1.paths()].concat(),
        }
    }
}

fn operand(node: &Node<'_>, placeholders: &mut Placeholders) -> Result<Operand, String> {
    match node {
        Node::Path(steps) => placeholders.path(steps).map(Operand::Path),
        Node::Value(key) => placeholders.value(key).map(Operand::Value),
        Node::Call("size", arguments) => {
            check_count("size", arguments.len(), 1)?;
            let [argument] = arguments.as_slice() else {
                return Err(misused("size"));
            };
            let argument = operand(argument, placeholders)?;
            let measured = ["S", "B", "SS", "NS", "BS", "L", "M"];
            check_types("size", &[&argument], &measured)?;
            Ok(Operand::Size(Box::new(argument)))
        }
        Node::Call(
            name @ ("attribute_exists"
            | "attribute_not_exists"
            | "attribute_type"
            | "begins_with"
            | "contains"),
            _,
        ) => Err(misused(name)),
        Node::Call(name, _) => Err(format!("Invalid function name; function: {name}")),
        _ => Err("Syntax error; a condition is no operand".to_owned()),
    }
}

fn type_name(kind: Operand) -> Result<String, String> {
    match kind {
        Operand::Value(AttributeValue::S(kind)) if TYPES.contains(&kind.as_str()) => Ok(kind),
        Operand::Value(AttributeValue::S(kind)) => Err(format!(
            "Invalid attribute type name found; type: {kind}, valid types: {{{}}}",
            TYPES.join(",")
        )),
        other => Err(wrong_type(
            "attribute_type",
            other.kind().unwrap_or("{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"),
        )),
    }
}

/// # Errors
/// If a function has more or fewer operands than it takes.
pub(super) fn check_count(name: &str, given: usize, wanted: usize) -> Result<(), String> {
    if given == wanted {
        return Ok(());
    }
    Err(format!(
        "Incorrect number of operands for operator or function; operator or function: {name}, number of operands: {given}"
    ))
}

fn check_types(operator: &str, operands: &[&Operand], allowed: &[&str]) -> Result<(), String> {
    let mut kinds = operands.iter().filter_map(|operand| operand.kind());
    match kinds.find(|kind| !allowed.contains(kind)) {
        Some(kind) => Err(wrong_type(operator, kind)),
        None => Ok(()),
    }
}

/// What AWS says of an operand of a type that an operator or function does not take.
pub(super) fn wrong_type(operator: &str, kind: &str) -> String {
    format!(
        "Incorrect operand type for operator or function; operator or function: {operator}, operand type: {kind}"
    )
}

fn check_distinct(operator: &str, one: &Operand, two: &Operand) -> Result<(), String> {
    match (one, two) {
        (Operand::Path(one), Operand::Path(two)) if one == two => Err(format!(
            "The first operand must be distinct from the remaining operands for this operator or function; operator: {operator}, first operand: {one}"
        )),
        _ => Ok(()),
    }
}

fn check_bounds(low: &AttributeValue, high: &AttributeValue) -> Result<(), String> {
    let what = if low.kind() != high.kind() {
        "same data type for lower and upper bounds"
    } else if low.compare(high).is_some_and(std::cmp::Ordering::is_gt) {
        "upper bound to be greater than or equal to lower bound"
    } else {
        return Ok(());
    };
    let shown = |value: &AttributeValue| {
        let shown = value.to_json();
        format!(
            "AttributeValue: {{{}:{}}}",
            value.kind(),
            shown[value.kind()].as_str().unwrap_or_default()
        )
    };
    Err(format!(
        "The BETWEEN operator requires {what}; lower bound operand: {}, upper bound operand: {}",
        shown(low),
        shown(high)
    ))
}

fn misused(function: &str) -> String {
    format!(
        "The function is not allowed to be used this way in an expression; function: {function}"
    )
}
