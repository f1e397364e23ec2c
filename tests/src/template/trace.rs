//! From a property as the provider sees it back to where the template has it.

use serde_json::Value;

use super::{
    error::TemplateError,
    function::Function,
    place::{Place, Segment, segments},
    resolve::{NO_VALUE, Scope},
};

impl Scope<'_> {
    /// The place of the property at `path` (`RedrivePolicy.maxReceiveCount`) of properties that
    /// have been resolved, or of the nearest thing around it that the template has.
    pub(super) fn trace(
        &self,
        properties: &Value,
        place: &Place,
        path: &str,
    ) -> Result<Place, TemplateError> {
        let mut here = self.chosen(properties, place)?;
        for segment in segments(path) {
            let next = match (&segment, here.0) {
                (Segment::Key(key), Value::Object(members)) => {
                    members.get(key).map(|value| (value, here.1.key(key)))
                }
                (Segment::Item(index), Value::Array(items)) => self.kept(items, &here.1, *index)?,
                _ => None,
            };
            match next {
                Some((value, place)) => here = self.chosen(value, &place)?,
                None => break,
            }
        }
        Ok(here.1)
    }

    /// Through the branches of `Fn::If` that their conditions choose.
    fn chosen<'v>(
        &self,
        value: &'v Value,
        place: &Place,
    ) -> Result<(&'v Value, Place), TemplateError> {
        let (mut value, mut place) = (value, place.clone());
        while let Value::Object(members) = value {
            match self.source.call(members, &place)? {
                Some(call) if call.function == Function::If => {
                    (value, place) = self.branch(&call)?;
                }
                _ => break,
            }
        }
        Ok((value, place))
    }

    /// The item at `index` once the items that are `AWS::NoValue` are gone.
    fn kept<'v>(
        &self,
        items: &'v [Value],
        place: &Place,
        index: usize,
    ) -> Result<Option<(&'v Value, Place)>, TemplateError> {
        let mut kept = 0;
        for (position, item) in items.iter().enumerate() {
            let (value, here) = self.chosen(item, &place.item(position))?;
            if value["Ref"] == NO_VALUE {
                continue;
            }
            if kept == index {
                return Ok(Some((value, here)));
            }
            kept += 1;
        }
        Ok(None)
    }
}
