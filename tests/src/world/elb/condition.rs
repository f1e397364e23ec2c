//! Conditions of rules: which requests a rule is for.

use serde_json::{Map, Value, json};

use super::{
    Request,
    faults::{list, only, text, texts, unsupported, validation},
};
use crate::world::Fault;

/// All conditions of a rule; those of the default rule are none.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    /// As `DescribeRules` shows them.
    pub(super) documents: Vec<Value>,
    patterns: Vec<(Field, Vec<String>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Path,
    Host,
}

impl Field {
    const ALL: [Self; 2] = [Self::Path, Self::Host];

    fn name(self) -> &'static str {
        match self {
            Self::Path => "path-pattern",
            Self::Host => "host-header",
        }
    }

    fn config(self) -> &'static str {
        match self {
            Self::Path => "PathPatternConfig",
            Self::Host => "HostHeaderConfig",
        }
    }
}

impl Conditions {
    /// Reads conditions as `CreateRule` and `ModifyRule` take them.
    pub(super) fn parse(given: &[Value]) -> Result<Self, Fault> {
        if given.is_empty() {
            return Err(validation("A rule must have at least one condition"));
        }
        let mut conditions = Self::default();
        for document in given {
            let (field, values) = parse(document)?;
            conditions.documents.push(described(field, &values));
            conditions.patterns.push((field, values));
        }
        Ok(conditions)
    }

    /// Whether a request meets all of them.
    pub(super) fn met_by(&self, request: &Request) -> bool {
        self.patterns.iter().all(|(field, patterns)| {
            let one = |pattern: &String| match field {
                Field::Path => matches(pattern, &request.path),
                // AWS: ALB user guide, "Condition types for listener rules": host names are not
                // case-sensitive, paths are.
                Field::Host => matches(
                    &pattern.to_ascii_lowercase(),
                    &request.host.to_ascii_lowercase(),
                ),
            };
            patterns.iter().any(one)
        })
    }
}

fn parse(document: &Value) -> Result<(Field, Vec<String>), Fault> {
    let name = text(document, "Field").unwrap_or_default();
    let field = Field::ALL.into_iter().find(|field| field.name() == name);
    let field = field.ok_or_else(|| {
        unsupported(
            &format!("the condition field '{name}'"),
            "It knows path-pattern and host-header.",
        )
    })?;
    only(
        document,
        "a condition",
        &["Field", "Values", field.config()],
    )?;
    let config = &document[field.config()];
    only(config, field.config(), &["Values"])?;
    let both = list(document, "Values").is_some() && list(config, "Values").is_some();
    let (plain, within) = (texts(document, "Values"), texts(config, "Values"));
    // What a description answers may be sent back as it is.
    if both && plain != within {
        return Err(validation(format!(
            "Condition '{name}' has both Values and {}.Values, and they differ",
            field.config()
        )));
    }
    let values = within.or(plain).unwrap_or_default();
    if values.is_empty() || values.contains(&"") {
        return Err(validation(format!(
            "A condition value must be specified for '{name}'"
        )));
    }
    Ok((field, values.into_iter().map(str::to_owned).collect()))
}

/// AWS answers the values in both places.
fn described(field: Field, values: &[String]) -> Value {
    let mut document = Map::new();
    document.insert("Field".to_owned(), field.name().into());
    document.insert("Values".to_owned(), values.into());
    document.insert(field.config().to_owned(), json!({ "Values": values }));
    Value::Object(document)
}

/// `*` is any characters or none, `?` is one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut of) = (0, 0);
    // Where the last star was, and how far its part of the text goes.
    let mut star = None;
    while at < text.len() {
        match pattern.get(of) {
            Some('*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(one) if *one == '?' || *one == text[at] => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((place, reach)) => {
                    star = Some((place, reach + 1));
                    at = reach + 1;
                    of = place + 1;
                }
                None => return false,
            },
        }
    }
    pattern[of..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything_and_a_question_mark_one_character() {
        for (pattern, text, expected) in [
            ("*", "/", true),
            ("/api/*", "/api/orders/1", true),
            ("/api/*", "/api", false),
            ("/a*c*e", "/abcde", true),
            ("/a*c*e", "/abcdef", false),
            ("/v?/x", "/v1/x", true),
            ("/v?/x", "/v/x", false),
            ("/x", "/X", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_request_must_meet_every_condition_with_one_of_its_values() {
        let conditions = Conditions::parse(&[
            json!({ "Field": "path-pattern", "Values": ["/orders/*", "/carts/*"] }),
            json!({ "Field": "host-header", "HostHeaderConfig": { "Values": ["Shop.example.com"] } }),
        ])
        .unwrap();
        let request = |host: &str, path: &str| Request {
            host: host.to_owned(),
            path: path.to_owned(),
            ..Request::default()
        };
        assert!(conditions.met_by(&request("shop.EXAMPLE.com", "/carts/7")));
        assert!(!conditions.met_by(&request("shop.example.com", "/items/7")));
        assert!(!conditions.met_by(&request("example.com", "/carts/7")));
    }

    #[test]
    fn a_condition_that_is_not_emulated_is_refused_by_name() {
        let fault = Conditions::parse(&[json!({
            "Field": "http-header",
            "HttpHeaderConfig": { "HttpHeaderName": "x", "Values": ["1"] },
        })])
        .unwrap_err();
        assert_eq!(fault.code, "ValidationError");
        assert!(fault.message.contains("'http-header'"), "{}", fault.message);
        let fault = Conditions::parse(&[json!({
            "Field": "path-pattern",
            "PathPatternConfig": { "RegexValues": ["^/a$"] },
        })])
        .unwrap_err();
        assert!(fault.message.contains("RegexValues"), "{}", fault.message);
    }
}
