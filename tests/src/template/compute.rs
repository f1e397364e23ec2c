//! The functions that compute a value from their arguments alone.

use std::net::Ipv4Addr;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::{
    error::TemplateError,
    function::Call,
    place::Place,
    resolve::{Scope, scalar, sort},
    source::one_of,
};

/// Availability Zones of every Region here.
const ZONES: [char; 3] = ['a', 'b', 'c'];

impl Scope<'_> {
    pub(super) fn join(&self, call: &Call<'_>) -> Result<Value, TemplateError> {
        let [delimiter, items] = call.items(self.source, "[delimiter, list]")?;
        let delimiter = self.text(delimiter, &call.place.item(0))?;
        let place = call.place.item(1);
        let texts = self
            .list(items, &place)?
            .iter()
            .map(|item| {
                scalar(item).ok_or_else(|| {
                    let problem = format!("Fn::Join takes texts, not {}.", sort(item));
                    self.source.error(&place, problem)
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Value::String(texts.join(&delimiter)))
    }

    pub(super) fn select(&self, call: &Call<'_>) -> Result<Value, TemplateError> {
        let [index, items] = call.items(self.source, "[index, list]")?;
        let index = self.number(index, &call.place.item(0))?;
        let items = self.list(items, &call.place.item(1))?;
        items.get(index).cloned().ok_or_else(|| {
            let problem = format!(
                "Fn::Select asks for item {index} of a list of {}. The first item is 0.",
                items.len()
            );
            self.source.error(&call.place, problem)
        })
    }

    pub(super) fn split(&self, call: &Call<'_>) -> Result<Value, TemplateError> {
        let [delimiter, text] = call.items(self.source, "[delimiter, text]")?;
        let delimiter = self.text(delimiter, &call.place.item(0))?;
        if delimiter.is_empty() {
            let problem = "the delimiter is empty. Give the text between the items.";
            return Err(self.source.error(&call.place.item(0), problem));
        }
        let text = self.text(text, &call.place.item(1))?;
        Ok(text.split(&delimiter).map(Value::from).collect())
    }

    pub(super) fn find_in_map(&self, call: &Call<'_>) -> Result<Value, TemplateError> {
        let names: &[Value; 3] = call.items(self.source, "[mapping, key, second key]")?;
        let mappings = Value::Object(self.source.section("Mappings")?.clone());
        let mut found = &mappings;
        for (index, name) in names.iter().enumerate() {
            let place = call.place.item(index);
            let name = self.text(name, &place)?;
            found = found.get(&name).ok_or_else(|| {
                let known: Vec<&String> = found
                    .as_object()
                    .into_iter()
                    .flat_map(|m| m.keys())
                    .collect();
                let problem = format!("Mappings has no {name} here. It has {}.", one_of(&known));
                self.source.error(&place, problem)
            })?;
        }
        Ok(found.clone())
    }

    pub(super) fn zones(&self, call: &Call<'_>) -> Result<Value, TemplateError> {
        let here = &self.pseudo["AWS::Region"];
        let region = self.text(call.argument, &call.place)?;
        if !region.is_empty() && region != *here {
            let problem =
                format!("the zones of {region} are not known in {here}. Leave the Region empty.");
            return Err(self.source.error(&call.place, problem));
        }
        Ok(ZONES
            .iter()
            .map(|zone| Value::String(format!("{here}{zone}")))
            .collect())
    }

    pub(super) fn base64(&self, call: &Call<'_>) -> Result<Value, TemplateError> {
        let text = self.text(call.argument, &call.place)?;
        Ok(Value::String(BASE64_STANDARD.encode(text)))
    }

    /// AWS: CloudFormation Template Reference, "`Fn::Cidr`". IPv4 blocks only.
    pub(super) fn cidr(&self, call: &Call<'_>) -> Result<Value, TemplateError> {
        let shape = "[block, count, bits of a subnet's hosts]";
        let [block, count, bits] = call.items(self.source, shape)?;
        let block = self.text(block, &call.place.item(0))?;
        let count = self.number(count, &call.place.item(1))?;
        let bits = self.number(bits, &call.place.item(2))?;
        subnets(&block, count, bits).ok_or_else(|| {
            let problem = format!(
                "{count} subnets with {bits} bits for hosts do not fit {block}. It must be an IPv4 \
                 block like 10.0.0.0/16, count 1 to 256, and the subnets within it."
            );
            self.source.error(&call.place, problem)
        })
    }

    fn number(&self, value: &Value, place: &Place) -> Result<usize, TemplateError> {
        let text = self.text(value, place)?;
        text.parse().map_err(|_| {
            let problem = format!("a whole number is needed here, not {text}.");
            self.source.error(place, problem)
        })
    }
}

fn subnets(block: &str, count: usize, bits: usize) -> Option<Value> {
    let (address, prefix) = block.split_once('/')?;
    let address: Ipv4Addr = address.parse().ok()?;
    let host_bits = 32u32.checked_sub(prefix.parse().ok()?)?;
    let bits = u32::try_from(bits).ok().filter(|bits| *bits <= host_bits)?;
    let room = 1u64 << (host_bits - bits);
    let count = u64::try_from(count).ok()?;
    if !(1..=256).contains(&count) || count > room {
        return None;
    }
    let first = u64::from(address.to_bits()) >> host_bits << host_bits;
    (0..count)
        .map(|index| {
            let start = u32::try_from(first + (index << bits)).ok()?;
            let prefix = 32 - bits;
            Some(Value::String(format!(
                "{}/{prefix}",
                Ipv4Addr::from_bits(start)
            )))
        })
        .collect()
}
