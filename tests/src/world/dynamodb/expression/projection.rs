//! Projection expressions: which parts of an item are answered.

use std::collections::BTreeMap;

use super::{
    super::{item::Item, value::AttributeValue},
    parser::{Grammar, Parser},
    path::{Element, Path, check_overlaps},
    placeholders::Placeholders,
};

const PROJECTION: Grammar = Grammar {
    keywords: &[],
    sums: false,
};

/// Parts of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Projection {
    attributes: BTreeMap<String, Part>,
}

/// Which parts of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Whole,
    /// In the order of the elements: names or indexes, but not both.
    Inside(BTreeMap<Element, Part>),
}

impl Projection {
    /// Reads a projection expression.
    ///
    /// # Errors
    /// What AWS says about it.
    pub(in super::super) fn read(
        expression: &str,
        placeholders: &mut Placeholders,
    ) -> Result<Self, String> {
        let mut parser = Parser::new(expression, &PROJECTION);
        let written = parser.list(Parser::path)?;
        let written = parser.end(written)?;
        let paths = written.iter().map(|steps| placeholders.path(steps));
        let paths: Vec<_> = paths.collect::<Result<_, _>>()?;
        check_overlaps(&paths)?;
        Ok(Self::of(paths))
    }

    fn of(paths: Vec<Path>) -> Self {
        let mut attributes = BTreeMap::new();
        for path in paths {
            let nothing = || Part::Inside(BTreeMap::new());
            let mut part = attributes.entry(path.attribute).or_insert_with(nothing);
            for element in path.inside {
                if let Part::Inside(parts) = part {
                    part = parts.entry(element).or_insert_with(nothing);
                }
            }
            *part = Part::Whole;
        }
        Self { attributes }
    }

    /// These parts of an item.
    pub(in super::super) fn of_item(&self, item: &Item) -> Item {
        let found = self.attributes.iter().filter_map(|(name, part)| {
            let value = part.of(item.get(name)?)?;
            Some((name.clone(), value))
        });
        found.collect()
    }
}

impl Part {
    fn of(&self, value: &AttributeValue) -> Option<AttributeValue> {
        match (self, value) {
            (Self::Whole, value) => Some(value.clone()),
            (Self::Inside(parts), AttributeValue::M(members)) => {
                let found = parts.iter().filter_map(|(element, part)| match element {
                    Element::Name(name) => Some((name.clone(), part.of(members.get(name)?)?)),
                    Element::Index(_) => None,
                });
                Some(found.collect::<BTreeMap<_, _>>())
                    .filter(|found| !found.is_empty())
                    .map(AttributeValue::M)
            }
            (Self::Inside(parts), AttributeValue::L(members)) => {
                let found = parts.iter().filter_map(|(element, part)| match element {
                    Element::Index(index) => part.of(members.get(*index)?),
                    Element::Name(_) => None,
                });
                Some(found.collect::<Vec<_>>())
                    .filter(|found| !found.is_empty())
                    .map(AttributeValue::L)
            }
            _ => None,
        }
    }
}
