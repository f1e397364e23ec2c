//! YAML as CloudFormation takes it.
//!
//! AWS: CloudFormation User Guide, "CloudFormation template formats": YAML 1.1 without aliases,
//! hash merges and the tags binary, omap, pairs, set and timestamp. Dates stay strings
//! (`Version: 2012-10-17`), and so do YAML 1.1's `yes`, `no`, `on` and `off`, octal and
//! sexagesimal numbers: here only what JSON writes the same way is a number or a boolean.

use std::collections::BTreeMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Map, Number, Value, json};

use super::{error::TemplateError, place::Place, source::Source};

/// The short forms. All are `Fn::` in their long form but these two.
const PLAIN: [&str; 2] = ["Ref", "Condition"];
const SHORT_FORMS: [&str; 21] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "Transform",
];

/// Reads one file. `file` is directory and name, for error texts.
pub(super) fn read(file: String, text: &str) -> Result<Source, TemplateError> {
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(text, Options::default()),
        source: Source {
            file,
            document: Value::Null,
            lines: BTreeMap::new(),
        },
    };
    reader.source.document = reader.document()?;
    Ok(reader.source)
}

struct Reader<E> {
    events: E,
    source: Source,
}

impl<'t, E: Iterator<Item = Result<(Event<'t>, Span), ScanError>>> Reader<E> {
    fn document(&mut self) -> Result<Value, TemplateError> {
        let root = Place::default();
        let mut document = None;
        loop {
            let (event, span) = self.event()?;
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => {
                    return document.ok_or_else(|| self.refuse(&span, &root, "the file is empty."));
                }
                _ if document.is_some() => {
                    let problem = "a second document begins here. A template is one document.";
                    return Err(self.refuse(&span, &root, problem));
                }
                event => document = Some(self.node(event, &span, &root)?),
            }
        }
    }

    fn event(&mut self) -> Result<(Event<'t>, Span), TemplateError> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(TemplateError::new(
                format!("{}:{}", self.source.file, error.marker().line()),
                format!("the file is not YAML: {}.", error.info()),
            )),
            None => Err(self
                .source
                .error(&Place::default(), "the file ends too early.")),
        }
    }

    fn node(
        &mut self,
        event: Event<'t>,
        span: &Span,
        place: &Place,
    ) -> Result<Value, TemplateError> {
        self.source
            .lines
            .entry(place.clone())
            .or_insert(span.start.line());
        match event {
            Event::Scalar(_, _, 1.., _)
            | Event::SequenceStart(_, 1.., _)
            | Event::MappingStart(_, 1.., _)
            | Event::Alias(_) => Err(self.refuse(
                span,
                place,
                "CloudFormation does not take YAML anchors and aliases. Write the value out.",
            )),
            Event::Scalar(text, style, _, tag) => {
                let long = self.long_form(tag.as_deref(), span, place)?;
                let value = match style {
                    ScalarStyle::Plain if long.is_none() => plain(&text),
                    _ => Value::String(text.into_owned()),
                };
                if value.is_null() {
                    let problem = "a template has no null. Give a value, or leave the key out.";
                    return Err(self.refuse(span, place, problem));
                }
                Ok(call(long, value))
            }
            Event::SequenceStart(_, _, tag) => {
                let long = self.long_form(tag.as_deref(), span, place)?;
                let items = self.items(&within(place, long))?;
                Ok(call(long, items))
            }
            Event::MappingStart(_, _, tag) => {
                let long = self.long_form(tag.as_deref(), span, place)?;
                let members = self.members(&within(place, long))?;
                Ok(call(long, members))
            }
            _ => Err(self.refuse(span, place, "a value is needed here.")),
        }
    }

    fn items(&mut self, place: &Place) -> Result<Value, TemplateError> {
        let mut items = Vec::new();
        loop {
            match self.event()? {
                (Event::SequenceEnd, _) => return Ok(Value::Array(items)),
                (event, span) => {
                    let item = self.node(event, &span, &place.item(items.len()))?;
                    items.push(item);
                }
            }
        }
    }

    fn members(&mut self, place: &Place) -> Result<Value, TemplateError> {
        let mut members = Map::new();
        loop {
            let (event, span) = self.event()?;
            let key = match event {
                Event::MappingEnd => return Ok(Value::Object(members)),
                Event::Scalar(key, _, 0, None) => key,
                _ => return Err(self.refuse(&span, place, "a key must be a plain text.")),
            };
            if key == "<<" {
                let problem =
                    "CloudFormation does not take YAML merge keys (<<). Write the members out.";
                return Err(self.refuse(&span, place, problem));
            }
            let here = place.key(&key);
            if members.contains_key(&*key) {
                let first = self.source.file_and_line(&here);
                return Err(self.refuse(
                    &span,
                    &here,
                    &format!("the key appears twice, first at {first}. Remove one of them."),
                ));
            }
            self.source.lines.insert(here.clone(), span.start.line());
            let (event, span) = self.event()?;
            let value = self.node(event, &span, &here)?;
            members.insert(key.into_owned(), value);
        }
    }

    fn long_form(
        &self,
        tag: Option<&Tag>,
        span: &Span,
        place: &Place,
    ) -> Result<Option<&'static str>, TemplateError> {
        let Some(tag) = tag else { return Ok(None) };
        let known = SHORT_FORMS
            .iter()
            .find(|name| tag.handle() == "!" && tag.suffix() == **name);
        match known {
            Some(name) => Ok(Some(name)),
            None => Err(self.refuse(
                span,
                place,
                &format!(
                    "the tag {} is no short form of an intrinsic function. There are !{}.",
                    tag.original(),
                    SHORT_FORMS.join(", !"),
                ),
            )),
        }
    }

    fn refuse(&self, span: &Span, place: &Place, problem: &str) -> TemplateError {
        TemplateError::new(
            format!("{}:{}: {place}", self.source.file, span.start.line()),
            problem,
        )
    }
}

fn key_of(short: &str) -> String {
    if PLAIN.contains(&short) {
        short.to_owned()
    } else {
        format!("Fn::{short}")
    }
}

fn within(place: &Place, short: Option<&str>) -> Place {
    match short {
        Some(short) => place.key(&key_of(short)),
        None => place.clone(),
    }
}

/// The long form. `!GetAtt Queue.Arn` becomes `{"Fn::GetAtt": ["Queue", "Arn"]}`.
fn call(short: Option<&str>, argument: Value) -> Value {
    match (short, argument) {
        (None, argument) => argument,
        (Some("GetAtt"), Value::String(path)) => match path.split_once('.') {
            Some((resource, attribute)) => json!({ "Fn::GetAtt": [resource, attribute] }),
            None => json!({ "Fn::GetAtt": [path] }),
        },
        (Some(short), argument) => json!({ key_of(short): argument }),
    }
}

/// A scalar without quotes.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match serde_json::from_str::<Number>(text) {
            Ok(number) if number.to_string() == text => Value::Number(number),
            _ => Value::String(text.to_owned()),
        },
    }
}
