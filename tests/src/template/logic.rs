//! Conditions and rules.

use serde::Deserialize;
use serde_json::Value;

use super::{
    error::{Cause, TemplateError},
    place::Place,
    resolve::{Scope, scalar},
    source::Source,
};

const CONDITION_FUNCTIONS: &str = "Fn::And, Fn::Or, Fn::Not, Fn::Equals and Condition";
const RULE_FUNCTIONS: &str = "Fn::And, Fn::Or, Fn::Not, Fn::Equals, Fn::Contains, \
                              Fn::EachMemberEquals and Fn::EachMemberIn";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rule {
    rule_condition: Option<Value>,
    assertions: Vec<Assertion>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Assertion {
    assert: Value,
    assert_description: Option<String>,
}

/// Fails on the first assertion of a rule that the parameters do not meet, with its description.
pub(super) fn check_rules(source: &Source, scope: &Scope<'_>) -> Result<(), TemplateError> {
    let logic = Logic {
        scope,
        language: Language::Rules,
    };
    for (name, value) in source.section("Rules")? {
        let place = Place::declaration("Rules", name);
        let rule: Rule = source.typed(value, &place)?;
        let applies = match &rule.rule_condition {
            Some(condition) => logic.holds(condition, &place.key("RuleCondition"))?,
            None => true,
        };
        for (index, assertion) in rule.assertions.iter().enumerate() {
            let place = place.key("Assertions").item(index);
            if !logic.holds(&assertion.assert, &place.key("Assert"))? && applies {
                let description = assertion.assert_description.as_deref();
                let description = description.unwrap_or("the parameters contradict each other.");
                let cause = Cause::Rule(description.to_owned());
                return Err(source.error(&place, description).about(cause));
            }
        }
    }
    Ok(())
}

/// Evaluates all conditions into the scope.
pub(super) fn evaluate_conditions(
    source: &Source,
    scope: &mut Scope<'_>,
) -> Result<(), TemplateError> {
    for name in source.section("Conditions")?.keys() {
        evaluate(source, scope, name, &mut Vec::new())?;
    }
    Ok(())
}

fn evaluate(
    source: &Source,
    scope: &mut Scope<'_>,
    name: &str,
    trail: &mut Vec<String>,
) -> Result<(), TemplateError> {
    let Some(expression) = source.section("Conditions")?.get(name) else {
        return Ok(());
    };
    if scope.conditions.contains_key(name) {
        return Ok(());
    }
    let place = Place::declaration("Conditions", name);
    let start = trail.iter().position(|other| other == name);
    trail.push(name.to_owned());
    if let Some(start) = start {
        let cycle = trail[start..].join(" -> ");
        let problem = format!("conditions need each other: {cycle}. Remove one of the references.");
        return Err(source.error(&place, problem));
    }
    let mut others = Vec::new();
    named(expression, &mut others);
    for other in others {
        evaluate(source, scope, other, trail)?;
    }
    trail.pop();
    let logic = Logic {
        scope,
        language: Language::Conditions,
    };
    let holds = logic.holds(expression, &place)?;
    scope.conditions.insert(name.to_owned(), holds);
    Ok(())
}

/// The conditions that an expression names.
fn named<'v>(expression: &'v Value, names: &mut Vec<&'v str>) {
    match expression {
        Value::Array(items) => items.iter().for_each(|item| named(item, names)),
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(name) if key == "Condition" => names.push(name),
                    member => named(member, names),
                }
            }
        }
        _ => {}
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Conditions,
    Rules,
}

struct Logic<'s, 'a> {
    scope: &'s Scope<'a>,
    language: Language,
}

impl Logic<'_, '_> {
    fn holds(&self, expression: &Value, place: &Place) -> Result<bool, TemplateError> {
        let Some((function, argument)) = sole(expression) else {
            return Err(self.unknown(expression, place));
        };
        let here = place.key(function);
        match (function, self.language) {
            ("Fn::And", _) => Ok(self.each(argument, &here, 2)?.iter().all(|holds| *holds)),
            ("Fn::Or", _) => Ok(self.each(argument, &here, 2)?.iter().any(|holds| *holds)),
            ("Fn::Not", _) => {
                let inner = self.each(argument, &here, 1)?;
                Ok(!inner.iter().all(|holds| *holds))
            }
            ("Fn::Equals", _) => {
                let [one, other] = self.operands(argument, &here)?;
                Ok(same(&one, &other))
            }
            ("Condition", Language::Conditions) => match argument.as_str() {
                Some(name) => self.scope.condition(name, &here),
                None => Err(self.unknown(expression, place)),
            },
            ("Fn::Contains", Language::Rules) => {
                let [list, text] = self.operands(argument, &here)?;
                let list = self.scope.list(&list, &here.item(0))?;
                Ok(list.iter().any(|item| same(item, &text)))
            }
            ("Fn::EachMemberEquals", Language::Rules) => {
                let [list, text] = self.operands(argument, &here)?;
                let list = self.scope.list(&list, &here.item(0))?;
                Ok(list.iter().all(|item| same(item, &text)))
            }
            ("Fn::EachMemberIn", Language::Rules) => {
                let [list, allowed] = self.operands(argument, &here)?;
                let list = self.scope.list(&list, &here.item(0))?;
                let allowed = self.scope.list(&allowed, &here.item(1))?;
                Ok(list
                    .iter()
                    .all(|item| allowed.iter().any(|other| same(item, other))))
            }
            _ => Err(self.unknown(expression, place)),
        }
    }

    fn unknown(&self, expression: &Value, place: &Place) -> TemplateError {
        let known = match self.language {
            Language::Conditions => CONDITION_FUNCTIONS,
            Language::Rules => RULE_FUNCTIONS,
        };
        let problem = format!("{expression} is no condition. There are {known}.");
        self.scope.source.error(place, problem)
    }

    /// Each expression of a list of `least` to 10 (exactly one if that is 1).
    fn each(
        &self,
        argument: &Value,
        place: &Place,
        least: usize,
    ) -> Result<Vec<bool>, TemplateError> {
        let most = if least == 1 { 1 } else { 10 };
        let items = argument.as_array().map_or(&[][..], Vec::as_slice);
        if !(least..=most).contains(&items.len()) {
            let problem =
                format!("{argument} is given. It takes a list of {least} to {most} conditions.");
            return Err(self.scope.source.error(place, problem));
        }
        items
            .iter()
            .enumerate()
            .map(|(index, item)| self.holds(item, &place.item(index)))
            .collect()
    }

    fn operands(&self, argument: &Value, place: &Place) -> Result<[Value; 2], TemplateError> {
        let Some([one, other]) = argument.as_array().map(Vec::as_slice) else {
            let problem = format!("{argument} is given. It takes a list of two values.");
            return Err(self.scope.source.error(place, problem));
        };
        Ok([
            self.operand(one, &place.item(0))?,
            self.operand(other, &place.item(1))?,
        ])
    }

    /// AWS: CloudFormation Template Reference, "Rule functions": a rule's values are literals and
    /// `Ref` of parameters. Conditions take the other functions that need no resource as well.
    fn operand(&self, value: &Value, place: &Place) -> Result<Value, TemplateError> {
        match sole(value) {
            Some((function, _)) if self.language == Language::Rules && function != "Ref" => {
                let problem =
                    format!("{function} cannot be used in rules. Use Ref of a parameter.");
                Err(self.scope.source.error(place, problem))
            }
            _ => self.scope.value(value, place),
        }
    }
}

fn sole(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members
        .iter()
        .next()
        .map(|(key, value)| (key.as_str(), value))
}

/// CloudFormation compares texts: 1 is '1', true is 'true'.
fn same(one: &Value, other: &Value) -> bool {
    match (scalar(one), scalar(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}
