//! Doing what an update expression says.

use std::collections::BTreeMap;

use super::{
    super::{item::Item, value::AttributeValue},
    path::{Element, Path},
    update::{Source, Update},
};

const NO_PLACE: &str = "The document path provided in the update expression is invalid for update";
const NO_ATTRIBUTE: &str =
    "The provided expression refers to an attribute that does not exist in the item";
const WRONG_TYPE: &str = "An operand in the update expression has an incorrect data type";

impl Update {
    /// Changes an item. All operands are what they were before; what is removed is removed last, so that the indexes of lists
    /// are those of the item before.
    ///
    /// # Errors
    /// What AWS says about it. The item may be half changed then.
    pub(in super::super) fn apply(&self, item: &mut Item) -> Result<(), String> {
        let removed = self.removed(item)?;
        let sources = self
            .set
            .iter()
            .map(|(path, source)| Ok((path, source.value(item)?)));
        let mut set: Vec<_> = sources.collect::<Result<_, String>>()?;
        // So that what goes behind the end of a list goes there in order.
        set.sort_by_key(|(path, _)| *path);
        for (path, value) in set {
            put(item, path, value)?;
        }
        for (path, value) in &self.add {
            let sum = match path.of(item) {
                None => value.clone(),
                Some(before) => sum(before, value)?,
            };
            put(item, path, sum)?;
        }
        for (path, value) in &self.delete {
            match path
                .of(item)
                .map(|before| without(before, value))
                .transpose()?
            {
                None => check_place(item, path)?,
                Some(None) => remove(item, path)?,
                Some(Some(rest)) => put(item, path, rest)?,
            }
        }
        removed
            .into_iter()
            .rev()
            .try_for_each(|path| remove(item, path))
    }

    /// What is there of that which is to be removed, in the order of paths.
    fn removed(&self, item: &mut Item) -> Result<Vec<&Path>, String> {
        let mut removed = Vec::new();
        for path in &self.remove {
            check_place(item, path)?;
            if path.of(item).is_some() {
                removed.push(path);
            }
        }
        removed.sort();
        Ok(removed)
    }
}

impl Source {
    fn value(&self, item: &Item) -> Result<AttributeValue, String> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Path(path) => path
                .of(item)
                .cloned()
                .ok_or_else(|| NO_ATTRIBUTE.to_owned()),
            Self::IfNotExists(path, other) => path
                .of(item)
                .map_or_else(|| other.value(item), |value| Ok(value.clone())),
            Self::ListAppend(sides) => match (sides.0.value(item)?, sides.1.value(item)?) {
                (AttributeValue::L(first), AttributeValue::L(second)) => {
                    Ok(AttributeValue::L([first, second].concat()))
                }
                _ => Err(WRONG_TYPE.to_owned()),
            },
            Self::Plus(sides) | Self::Minus(sides) => {
                match (sides.0.value(item)?, sides.1.value(item)?) {
                    (AttributeValue::N(first), AttributeValue::N(second)) => {
                        let plus = matches!(self, Self::Plus(_));
                        let result = if plus {
                            first.plus(second)
                        } else {
                            first.minus(second)
                        };
                        result.map(AttributeValue::N)
                    }
                    _ => Err(WRONG_TYPE.to_owned()),
                }
            }
        }
    }
}

fn sum(before: &AttributeValue, more: &AttributeValue) -> Result<AttributeValue, String> {
    use AttributeValue::{Bs, N, Ns, Ss};
    match (before, more) {
        (N(before), N(more)) => before.plus(*more).map(N),
        (Ss(before), Ss(more)) => Ok(Ss(before | more)),
        (Ns(before), Ns(more)) => Ok(Ns(before | more)),
        (Bs(before), Bs(more)) => Ok(Bs(before | more)),
        _ => Err(WRONG_TYPE.to_owned()),
    }
}

/// What is left of a set; no set is empty.
fn without(
    before: &AttributeValue,
    less: &AttributeValue,
) -> Result<Option<AttributeValue>, String> {
    use AttributeValue::{Bs, Ns, Ss};
    match (before, less) {
        (Ss(before), Ss(less)) => Ok(Some(before - less).filter(|it| !it.is_empty()).map(Ss)),
        (Ns(before), Ns(less)) => Ok(Some(before - less).filter(|it| !it.is_empty()).map(Ns)),
        (Bs(before), Bs(less)) => Ok(Some(before - less).filter(|it| !it.is_empty()).map(Bs)),
        _ => Err(WRONG_TYPE.to_owned()),
    }
}

/// Where the last element of a path is to be found.
enum Place<'a> {
    Member(&'a mut BTreeMap<String, AttributeValue>, &'a str),
    Element(&'a mut Vec<AttributeValue>, usize),
}

fn place<'a>(item: &'a mut Item, path: &'a Path) -> Result<Place<'a>, String> {
    let Some((last, before)) = path.inside.split_last() else {
        return Ok(Place::Member(item, &path.attribute));
    };
    let mut parent = item.get_mut(&path.attribute);
    for element in before {
        parent = match (parent, element) {
            (Some(AttributeValue::M(members)), Element::Name(name)) => members.get_mut(name),
            (Some(AttributeValue::L(members)), Element::Index(index)) => members.get_mut(*index),
            _ => None,
        };
    }
    match (parent, last) {
        (Some(AttributeValue::M(members)), Element::Name(name)) => Ok(Place::Member(members, name)),
        (Some(AttributeValue::L(members)), Element::Index(index)) => {
            Ok(Place::Element(members, *index))
        }
        _ => Err(NO_PLACE.to_owned()),
    }
}

fn check_place(item: &mut Item, path: &Path) -> Result<(), String> {
    place(item, path).map(|_| ())
}

fn put(item: &mut Item, path: &Path, value: AttributeValue) -> Result<(), String> {
    match place(item, path)? {
        Place::Member(members, name) => {
            members.insert(name.to_owned(), value);
        }
        Place::Element(members, index) => match members.get_mut(index) {
            Some(member) => *member = value,
            None => members.push(value),
        },
    }
    Ok(())
}

fn remove(item: &mut Item, path: &Path) -> Result<(), String> {
    match place(item, path)? {
        Place::Member(members, name) => {
            members.remove(name);
        }
        Place::Element(members, index) => {
            if index < members.len() {
                members.remove(index);
            }
        }
    }
    Ok(())
}
