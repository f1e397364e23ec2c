//! Update expressions: what they are to do.
//!
//! AWS: developer guide, "Using update expressions in `DynamoDB`"; refusals as in dynalite, `db/updateParser.pegjs`, which was
//! checked against AWS.

use super::{
    super::value::AttributeValue,
    condition::{check_count, wrong_type},
    grammar::Node,
    parser::{Grammar, Parser, Step},
    path::{Path, check_overlaps},
    placeholders::Placeholders,
};

/// What is done to an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Update {
    pub(super) set: Vec<(Path, Source)>,
    pub(super) remove: Vec<Path>,
    pub(super) add: Vec<(Path, AttributeValue)>,
    pub(super) delete: Vec<(Path, AttributeValue)>,
}

/// What an attribute is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Path(Path),
    Value(AttributeValue),
    IfNotExists(Path, Box<Source>),
    ListAppend(Box<(Source, Source)>),
    Plus(Box<(Source, Source)>),
    Minus(Box<(Source, Source)>),
}

/// A section as it is written.
enum Section<'a> {
    Set(Vec<(Vec<Step<'a>>, Node<'a>)>),
    Remove(Vec<Vec<Step<'a>>>),
    Add(Vec<(Vec<Step<'a>>, &'a str)>),
    Delete(Vec<(Vec<Step<'a>>, &'a str)>),
}

const SECTIONS: [&str; 4] = ["SET", "REMOVE", "ADD", "DELETE"];

const UPDATE: Grammar = Grammar {
    keywords: &SECTIONS,
    sums: true,
};

impl Update {
    /// Reads an update expression.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(in super::super) fn read(
        expression: &str,
        placeholders: &mut Placeholders,
    ) -> Result<Self, String> {
        let sections = sections(expression)?;
        let mut update = Self::default();
        for section in &sections {
            update.add_section(section, placeholders)?;
        }
        check_overlaps(update.targets())?;
        Ok(update)
    }

    /// The paths that it changes.
    pub(in super::super) fn targets(&self) -> impl Iterator<Item = &Path> {
        let set = self.set.iter().map(|(path, _)| path);
        let values = self.add.iter().chain(&self.delete).map(|(path, _)| path);
        set.chain(&self.remove).chain(values)
    }

    fn add_section(
        &mut self,
        section: &Section<'_>,
        placeholders: &mut Placeholders,
    ) -> Result<(), String> {
        match section {
            Section::Set(actions) => {
                for (path, value) in actions {
                    let path = placeholders.path(path)?;
                    self.set.push((path, Source::of(value, placeholders)?));
                }
            }
            Section::Remove(paths) => {
                for path in paths {
                    self.remove.push(placeholders.path(path)?);
                }
            }
            Section::Add(actions) => self.add = operands("ADD", actions, placeholders)?,
            Section::Delete(actions) => self.delete = operands("DELETE", actions, placeholders)?,
        }
        Ok(())
    }
}

fn operands(
    section: &str,
    actions: &[(Vec<Step<'_>>, &str)],
    placeholders: &mut Placeholders,
) -> Result<Vec<(Path, AttributeValue)>, String> {
    let operands = actions.iter().map(|(path, value)| {
        let (path, value) = (placeholders.path(path)?, placeholders.value(value)?);
        check_operand(section, &value)?;
        Ok((path, value))
    });
    operands.collect()
}

fn sections(expression: &str) -> Result<Vec<Section<'_>>, String> {
    let mut parser = Parser::new(expression, &UPDATE);
    let mut sections: Vec<(&str, Section<'_>)> = Vec::new();
    let mut twice = None;
    while let Some(name) = SECTIONS.into_iter().find(|name| parser.keyword(name)) {
        if sections.iter().any(|(before, _)| *before == name) {
            twice.get_or_insert(name);
        }
        sections.push((name, section(name, &mut parser)?));
    }
    if sections.is_empty() {
        return Err(parser.syntax_error());
    }
    parser.end(())?;
    match twice {
        Some(name) => Err(format!(
            "The \"{name}\" section can only be used once in an update expression;"
        )),
        None => Ok(sections.into_iter().map(|(_, section)| section).collect()),
    }
}

fn section<'a>(name: &str, parser: &mut Parser<'a>) -> Result<Section<'a>, String> {
    match name {
        "SET" => parser.list(set_action).map(Section::Set),
        "REMOVE" => parser.list(Parser::path).map(Section::Remove),
        "ADD" => parser.list(path_and_value).map(Section::Add),
        _ => parser.list(path_and_value).map(Section::Delete),
    }
}

fn set_action<'a>(parser: &mut Parser<'a>) -> Result<(Vec<Step<'a>>, Node<'a>), String> {
    let path = parser.path()?;
    parser.expect("=")?;
    Ok((path, parser.set_value()?))
}

fn path_and_value<'a>(parser: &mut Parser<'a>) -> Result<(Vec<Step<'a>>, &'a str), String> {
    Ok((parser.path()?, parser.value()?))
}

impl Source {
    fn of(node: &Node<'_>, placeholders: &mut Placeholders) -> Result<Self, String> {
        match node {
            Node::Path(steps) => placeholders.path(steps).map(Self::Path),
            Node::Value(key) => placeholders.value(key).map(Self::Value),
            Node::Sum(sign, sides) => {
                let first = Self::of(&sides.0, placeholders)?;
                let second = Self::of(&sides.1, placeholders)?;
                check_types(sign, [&first, &second], "N")?;
                let both = Box::new((first, second));
                Ok(if *sign == "+" {
                    Self::Plus(both)
                } else {
                    Self::Minus(both)
                })
            }
            Node::Call(name @ ("if_not_exists" | "list_append"), arguments) => {
                let mut sources = Vec::new();
                for argument in arguments {
                    sources.push(Self::of(argument, placeholders)?);
                }
                Self::call(name, sources)
            }
            Node::Call(name, _) => Err(format!("Invalid function name; function: {name}")),
            _ => Err("Syntax error; a condition is no value".to_owned()),
        }
    }

    fn call(name: &str, arguments: Vec<Self>) -> Result<Self, String> {
        check_count(name, arguments.len(), 2)?;
        let mut arguments = arguments.into_iter();
        match (name, arguments.next(), arguments.next()) {
            ("list_append", Some(first), Some(second)) => {
                check_types(name, [&first, &second], "L")?;
                Ok(Self::ListAppend(Box::new((first, second))))
            }
            (_, Some(Self::Path(path)), Some(other)) => {
                Ok(Self::IfNotExists(path, Box::new(other)))
            }
            _ => Err(format!(
                "Operator or function requires a document path; operator or function: {name}"
            )),
        }
    }
}

fn check_types(operator: &str, sources: [&Source; 2], wanted: &str) -> Result<(), String> {
    for source in sources {
        if let Source::Value(value) = source
            && value.kind() != wanted
        {
            return Err(wrong_type(operator, value.kind()));
        }
    }
    Ok(())
}

/// `ADD` takes numbers and sets, `DELETE` sets. The names of types are AWS's here.
fn check_operand(section: &str, value: &AttributeValue) -> Result<(), String> {
    let kind = match value {
        AttributeValue::Ss(_) | AttributeValue::Ns(_) | AttributeValue::Bs(_) => return Ok(()),
        AttributeValue::N(_) if section == "ADD" => return Ok(()),
        AttributeValue::N(_) => "NUMBER",
        AttributeValue::S(_) => "STRING",
        AttributeValue::B(_) => "BINARY",
        AttributeValue::M(_) => "MAP",
        AttributeValue::L(_) => "LIST",
        AttributeValue::Null => "NULL",
        AttributeValue::Bool(_) => "BOOLEAN",
    };
    Err(format!(
        "Incorrect operand type for operator or function; operator: {section}, operand type: {kind}, typeSet: ALLOWED_FOR_{section}_OPERAND"
    ))
}
