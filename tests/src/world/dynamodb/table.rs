//! A table: its items, by partition and in the order of their sort keys.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Included, Unbounded},
};

use super::{
    item::Item,
    schema::{Key, Schema},
};

/// The items of one table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) schema: Schema,
    partitions: BTreeMap<String, BTreeMap<String, Item>>,
}

impl Table {
    /// An empty table.
    pub(super) fn new(schema: Schema) -> Self {
        Self {
            schema,
            partitions: BTreeMap::new(),
        }
    }

    /// An item.
    pub(super) fn get(&self, key: &Key) -> Option<&Item> {
        self.partitions.get(&key.partition)?.get(&key.sort)
    }

    /// Puts an item, or removes it.
    pub(super) fn set(&mut self, key: Key, item: Option<Item>) {
        if let Some(item) = item {
            let partition = self.partitions.entry(key.partition).or_default();
            partition.insert(key.sort, item);
        } else if let Some(partition) = self.partitions.get_mut(&key.partition) {
            partition.remove(&key.sort);
        }
    }

    /// All items after a key. AWS's order of partitions is that of a hash; here it is alphabetic.
    pub(super) fn scan<'a>(&'a self, after: Option<&'a Key>) -> impl Iterator<Item = &'a Item> {
        let first = after.map_or(Unbounded, |key| Included(key.partition.as_str()));
        let partitions = self.partitions.range::<str, _>((first, Unbounded));
        partitions.flat_map(move |(partition, items)| {
            let lower = match after {
                Some(key) if key.partition == *partition => Excluded(key.sort.as_str()),
                _ => Unbounded,
            };
            items
                .range::<str, _>((lower, Unbounded))
                .map(|(_, item)| item)
        })
    }

    /// The items of a partition after a key, with their sort keys.
    pub(super) fn partition<'a>(
        &'a self,
        partition: &str,
        after: Option<&'a Key>,
        forward: bool,
    ) -> Box<dyn Iterator<Item = (&'a str, &'a Item)> + 'a> {
        let after = after.map_or(Unbounded, |key| Excluded(key.sort.as_str()));
        let range = if forward {
            (after, Unbounded)
        } else {
            (Unbounded, after)
        };
        let items = self.partitions.get(partition).into_iter();
        let items = items.flat_map(move |items| items.range::<str, _>(range));
        let items = items.map(|(sort, item)| (sort.as_str(), item));
        if forward {
            Box::new(items)
        } else {
            Box::new(items.rev())
        }
    }
}
