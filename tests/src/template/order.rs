//! In which order resources are created.

use std::collections::BTreeMap;

use super::{declarations::Declared, error::TemplateError, place::Place, source::Source};

/// The resources, what is needed first, otherwise in the order of the file.
///
/// Needs that are not among them are left out: their condition does not hold. Fails on resources
/// that need each other.
pub(super) fn order<'d, 'a>(
    source: &Source,
    resources: &[&'d Declared<'a>],
) -> Result<Vec<&'d Declared<'a>>, TemplateError> {
    let mut ordering = Ordering {
        source,
        waiting: resources
            .iter()
            .map(|resource| (resource.id, *resource))
            .collect(),
        trail: Vec::new(),
        ordered: Vec::new(),
    };
    for resource in resources {
        ordering.visit(resource.id)?;
    }
    Ok(ordering.ordered)
}

struct Ordering<'d, 'a, 's> {
    source: &'s Source,
    waiting: BTreeMap<&'a str, &'d Declared<'a>>,
    /// The resources that need the visited one, from the outside in.
    trail: Vec<&'a str>,
    ordered: Vec<&'d Declared<'a>>,
}

impl Ordering<'_, '_, '_> {
    fn visit(&mut self, id: &str) -> Result<(), TemplateError> {
        let Some(resource) = self.waiting.get(id).copied() else {
            return Ok(());
        };
        if let Some(start) = self.trail.iter().position(|other| *other == id) {
            let cycle = format!("{} -> {id}", self.trail[start..].join(" -> "));
            let problem =
                format!("resources need each other: {cycle}. Remove one of the references.");
            return Err(self
                .source
                .error(&Place::declaration("Resources", id), problem));
        }
        self.trail.push(resource.id);
        for need in &resource.needs {
            self.visit(need)?;
        }
        self.trail.pop();
        self.waiting.remove(id);
        self.ordered.push(resource);
        Ok(())
    }
}
