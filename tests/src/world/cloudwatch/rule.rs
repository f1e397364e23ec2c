//! The language of `AlarmRule`.
//!
//! AWS: `CloudWatch` API reference, `PutCompositeAlarm`: `ALARM`, `OK` and `INSUFFICIENT_DATA` of an alarm by name or
//! ARN, in double quotes or not, `TRUE`, `FALSE`, `AND`, `OR`, `NOT` and parentheses; at most 100 alarms and 500
//! elements, which are alarms, constants and parentheses. AWS does not say which of `AND` and `OR` binds closer: here
//! it is `AND`, as usual. `AT_LEAST`, which AWS has too, is refused.

use super::{evaluation::StateValue, validation};
use crate::world::Fault;

const MOST_ALARMS: usize = 100;
const MOST_ELEMENTS: usize = 500;

/// A parsed rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// An alarm, as the rule names it, is in a state.
    Is(StateValue, String),
    Constant(bool),
    Not(Box<Rule>),
    And(Box<Rule>, Box<Rule>),
    Or(Box<Rule>, Box<Rule>),
}

impl Rule {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let mut parser = Parser {
            text,
            at: 0,
            elements: 0,
        };
        let rule = parser.either()?;
        parser.skip_space();
        if parser.at < text.len() {
            return Err(parser.unsupported());
        }
        let alarms = rule.alarms().len();
        if alarms > MOST_ALARMS || parser.elements > MOST_ELEMENTS {
            return Err(validation(format!(
                "AlarmRule names {alarms} alarms and has {} elements; at most {MOST_ALARMS} and \
                 {MOST_ELEMENTS} are allowed.",
                parser.elements
            )));
        }
        Ok(rule)
    }

    /// The alarms that the rule names, each once, in its order.
    pub(super) fn alarms(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Is(_, alarm) if !found.contains(&alarm.as_str()) => found.push(alarm),
            Self::Is(..) | Self::Constant(_) => {}
            Self::Not(rule) => rule.collect(found),
            Self::And(left, right) | Self::Or(left, right) => {
                left.collect(found);
                right.collect(found);
            }
        }
    }

    /// The same rule with other names for its alarms.
    pub(super) fn renamed(self, rename: &impl Fn(String) -> String) -> Self {
        let boxed = |rule: Box<Self>| Box::new(rule.renamed(rename));
        match self {
            Self::Is(state, alarm) => Self::Is(state, rename(alarm)),
            Self::Constant(value) => Self::Constant(value),
            Self::Not(rule) => Self::Not(boxed(rule)),
            Self::And(left, right) => Self::And(boxed(left), boxed(right)),
            Self::Or(left, right) => Self::Or(boxed(left), boxed(right)),
        }
    }

    /// Whether it holds, where `of` gives the state of an alarm.
    pub(super) fn holds(&self, of: &impl Fn(&str) -> Option<StateValue>) -> bool {
        match self {
            Self::Is(state, alarm) => of(alarm) == Some(*state),
            Self::Constant(value) => *value,
            Self::Not(rule) => !rule.holds(of),
            Self::And(left, right) => left.holds(of) && right.holds(of),
            Self::Or(left, right) => left.holds(of) || right.holds(of),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    elements: usize,
}

impl Parser<'_> {
    fn either(&mut self) -> Result<Rule, Fault> {
        let mut rule = self.both()?;
        while self.word("OR") {
            rule = Rule::Or(Box::new(rule), Box::new(self.both()?));
        }
        Ok(rule)
    }

    fn both(&mut self) -> Result<Rule, Fault> {
        let mut rule = self.negated()?;
        while self.word("AND") {
            rule = Rule::And(Box::new(rule), Box::new(self.negated()?));
        }
        Ok(rule)
    }

    fn negated(&mut self) -> Result<Rule, Fault> {
        if self.word("NOT") {
            Ok(Rule::Not(Box::new(self.negated()?)))
        } else {
            self.element()
        }
    }

    fn element(&mut self) -> Result<Rule, Fault> {
        self.elements += 1;
        if self.sign('(') {
            let rule = self.either()?;
            self.elements += 1;
            return self.close().map(|()| rule);
        }
        // AWS writes both cases: the API reference says that an `AlarmRule` may be `false`.
        for (word, value) in [
            ("TRUE", true),
            ("FALSE", false),
            ("true", true),
            ("false", false),
        ] {
            if self.word(word) {
                return Ok(Rule::Constant(value));
            }
        }
        for (word, state) in [
            ("ALARM", StateValue::Alarm),
            ("OK", StateValue::Ok),
            ("INSUFFICIENT_DATA", StateValue::InsufficientData),
        ] {
            if self.word(word) {
                if !self.sign('(') {
                    return Err(self.unsupported());
                }
                let alarm = self.name()?;
                return self.close().map(|()| Rule::Is(state, alarm));
            }
        }
        Err(self.unsupported())
    }

    /// A name that has spaces or parentheses must stand in quotes; a backslash takes what follows it literally.
    fn name(&mut self) -> Result<String, Fault> {
        self.skip_space();
        let mut name = String::new();
        if self.sign('"') {
            while !self.sign('"') {
                if self.peek() == Some('\\') {
                    self.at += 1;
                }
                name.push(self.next()?);
            }
        } else {
            while let Some(next) = self.peek()
                && !next.is_whitespace()
                && !"()\"".contains(next)
            {
                name.push(self.next()?);
            }
        }
        if name.is_empty() {
            return Err(self.unsupported());
        }
        self.skip_space();
        Ok(name)
    }

    fn close(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.sign(')') {
            Ok(())
        } else {
            Err(self.unsupported())
        }
    }

    /// Takes a whole word, with the space before it.
    fn word(&mut self, word: &str) -> bool {
        self.skip_space();
        let Some(rest) = self.text[self.at..].strip_prefix(word) else {
            return false;
        };
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if ends {
            self.at += word.len();
        }
        ends
    }

    fn sign(&mut self, sign: char) -> bool {
        let found = self.peek() == Some(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    fn next(&mut self) -> Result<char, Fault> {
        let next = self.peek().ok_or_else(|| self.unsupported())?;
        self.at += next.len_utf8();
        Ok(next)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// In AWS's words (seen in aws-cdk issue 34662).
    fn unsupported(&self) -> Fault {
        let rest = &self.text[self.at..];
        let token = rest.split([' ', '(', ')']).next().unwrap_or_default();
        let token = match (token, rest.chars().next()) {
            ("", Some(sign)) => sign.to_string(),
            ("", None) => "end of the rule".to_owned(),
            (word, _) => word.to_owned(),
        };
        validation(format!(
            "Error in AlarmRule [Unsupported token '{token}' at char {}]",
            self.at
        ))
    }
}
