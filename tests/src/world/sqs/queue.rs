//! One standard queue: what happens to a message between send and delete.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Depth, Received, settings::Settings};
use crate::clock::Moment;

/// AWS: a message is hidden for at most 12 hours from its receive.
pub(super) const LONGEST_VISIBILITY: Duration = Duration::from_hours(12);

/// AWS: a message that was received this often goes to the back of the queue and no longer counts
/// for the age of the oldest message (SQS developer guide, "Available `CloudWatch` metrics").
const RECEIVES_OF_A_STRAGGLER: u32 = 3;

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) arn: String,
    pub(super) url: String,
    pub(super) settings: Settings,
    pub(super) created: Moment,
    /// The last call or delivery: a queue that nobody uses publishes no metrics.
    pub(super) last_used: Moment,
    /// What happened since metrics were published last.
    pub(super) traffic: Traffic,
    /// Ids of all messages that a consumer has deleted.
    pub(super) deleted: BTreeSet<String>,
    /// The depth that was noted in the journal last, and when.
    pub(super) noted: (Depth, Moment),
    /// By place in the queue; the front is received first.
    messages: BTreeMap<u64, Message>,
    /// Place of every message by id.
    places: BTreeMap<String, u64>,
    next_place: u64,
}

/// Counts since the last publication.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Traffic {
    pub(super) sent: u32,
    pub(super) received: u32,
    pub(super) deleted: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    /// When the producer sent it: retention counts from here, in a dead-letter queue too.
    pub(super) sent: Moment,
    /// When it came into this queue.
    arrived: Moment,
    pub(super) first_received: Option<Moment>,
    /// Over all queues that it was in.
    pub(super) receives: u32,
    /// In this queue.
    receives_here: u32,
    /// The queue that it was moved from.
    pub(super) dead_letter_source: Option<String>,
    hidden: Option<Hidden>,
    /// Which receive the newest receipt handle belongs to.
    receipt: Option<String>,
}

#[derive(Debug, Clone)]
struct Hidden {
    until: Moment,
    /// `None` while the message is delayed.
    received: Option<Moment>,
}

/// Which message and which receive of it a receipt handle stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) message: String,
    pub(super) receive: String,
}

/// Why the visibility of a message cannot be changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum VisibilityRefusal {
    /// Deleted, moved, expired or received again since.
    Gone,
    NotInFlight,
    /// Beyond 12 hours from the receive.
    TooLong,
}

/// A message as it was handed to a consumer.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) message: Message,
    pub(super) handle: String,
}

impl From<Delivery> for Received {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.message.id,
            body: delivery.message.body,
            receipt_handle: delivery.handle,
            receive_count: delivery.message.receives,
        }
    }
}

impl Message {
    pub(super) fn new(id: String, body: String, now: Moment, delay: Duration) -> Self {
        Self {
            id,
            body,
            sent: now,
            arrived: now,
            first_received: None,
            receives: 0,
            receives_here: 0,
            dead_letter_source: None,
            hidden: (!delay.is_zero()).then(|| Hidden {
                until: now + delay,
                received: None,
            }),
            receipt: None,
        }
    }

    fn hidden_at(&self, now: Moment) -> Option<&Hidden> {
        self.hidden.as_ref().filter(|hidden| hidden.until > now)
    }
}

impl Queue {
    pub(super) fn new(arn: String, url: String, settings: Settings, now: Moment) -> Self {
        Self {
            arn,
            url,
            settings,
            created: now,
            last_used: now,
            traffic: Traffic::default(),
            deleted: BTreeSet::new(),
            noted: (Depth::default(), now),
            messages: BTreeMap::new(),
            places: BTreeMap::new(),
            next_place: 0,
        }
    }

    pub(super) fn put(&mut self, message: Message) {
        self.places.insert(message.id.clone(), self.next_place);
        self.messages.insert(self.next_place, message);
        self.next_place += 1;
    }

    /// Ids of all messages in the queue, received or not.
    pub(super) fn ids(&self) -> BTreeSet<String> {
        self.places.keys().cloned().collect()
    }

    fn take(&mut self, id: &str) -> Option<Message> {
        let place = self.places.remove(id)?;
        self.messages.remove(&place)
    }

    fn message_mut(&mut self, id: &str) -> Option<&mut Message> {
        let place = self.places.get(id)?;
        self.messages.get_mut(place)
    }

    /// The ids of up to `most` visible messages from the front that may be received again, and of all
    /// messages before them that have used up their receives.
    pub(super) fn next(&self, most: usize, now: Moment) -> (Vec<String>, Vec<String>) {
        let (mut due, mut spent) = (Vec::new(), Vec::new());
        let limit = self
            .settings
            .redrive
            .as_ref()
            .map(|redrive| redrive.most_receives);
        for message in self.messages.values() {
            if due.len() == most {
                break;
            }
            if message.hidden_at(now).is_some() || self.expired(message, now) {
                continue;
            }
            if limit.is_some_and(|limit| message.receives_here >= limit) {
                spent.push(message.id.clone());
            } else {
                due.push(message.id.clone());
            }
        }
        (due, spent)
    }

    /// Hands a message to a consumer under the id of this receive.
    pub(super) fn deliver(
        &mut self,
        id: &str,
        receive: String,
        visibility: Duration,
        now: Moment,
    ) -> Option<Message> {
        let message = self.message_mut(id)?;
        message.receives += 1;
        message.receives_here += 1;
        message.first_received.get_or_insert(now);
        message.hidden = Some(Hidden {
            until: now + visibility,
            received: Some(now),
        });
        message.receipt = Some(receive);
        let delivered = message.clone();
        if delivered.receives_here >= RECEIVES_OF_A_STRAGGLER {
            self.take(id);
            self.put(delivered.clone());
        }
        self.traffic.received += 1;
        Some(delivered)
    }

    /// Takes a message out to move it to the dead-letter queue.
    pub(super) fn give_up(&mut self, id: &str, now: Moment) -> Option<Message> {
        let mut message = self.take(id)?;
        message.dead_letter_source = Some(self.arn.clone());
        message.arrived = now;
        message.receives_here = 0;
        message.hidden = None;
        message.receipt = None;
        Some(message)
    }

    /// Deletes the message if the handle is from its last receive; does nothing otherwise.
    pub(super) fn delete(&mut self, receipt: &Receipt) {
        let newest = self
            .message_mut(&receipt.message)
            .is_some_and(|message| message.receipt.as_deref() == Some(&receipt.receive));
        if newest && let Some(message) = self.take(&receipt.message) {
            self.deleted.insert(message.id);
        }
        self.traffic.deleted += 1;
    }

    pub(super) fn change_visibility(
        &mut self,
        receipt: &Receipt,
        visibility: Duration,
        now: Moment,
    ) -> Result<(), VisibilityRefusal> {
        let message = self
            .message_mut(&receipt.message)
            .filter(|message| message.receipt.as_deref() == Some(&receipt.receive))
            .ok_or(VisibilityRefusal::Gone)?;
        let received = message
            .hidden_at(now)
            .and_then(|hidden| hidden.received)
            .ok_or(VisibilityRefusal::NotInFlight)?;
        if now + visibility > received + LONGEST_VISIBILITY {
            return Err(VisibilityRefusal::TooLong);
        }
        message.hidden = Some(Hidden {
            until: now + visibility,
            received: Some(received),
        });
        Ok(())
    }

    /// Forgets messages past their retention.
    pub(super) fn expire(&mut self, now: Moment) {
        let expired: Vec<String> = self
            .messages
            .values()
            .filter(|message| self.expired(message, now))
            .map(|message| message.id.clone())
            .collect();
        for id in expired {
            self.take(&id);
        }
    }

    fn expired(&self, message: &Message, now: Moment) -> bool {
        now.since(message.sent) >= self.settings.retention
    }

    pub(super) fn depth(&self, now: Moment) -> Depth {
        let mut depth = Depth::default();
        for message in self.messages.values() {
            match message.hidden_at(now) {
                _ if self.expired(message, now) => {}
                None => depth.visible += 1,
                Some(Hidden { received: None, .. }) => depth.delayed += 1,
                Some(Hidden {
                    received: Some(_), ..
                }) => depth.in_flight += 1,
            }
        }
        depth
    }

    /// The age of the oldest message that is not a straggler; zero if there is none. In a dead-letter
    /// queue it counts from the move.
    pub(super) fn age_of_oldest(&self, now: Moment) -> Duration {
        self.messages
            .values()
            .filter(|message| message.receives_here < RECEIVES_OF_A_STRAGGLER)
            .map(|message| now.since(message.arrived))
            .max()
            .unwrap_or_default()
    }
}
