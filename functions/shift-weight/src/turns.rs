//! Whose turn it is: late events do not take a share back that a later step, or a later action, has set.

use canary::{
    job::Bookmark,
    reconcile::Look,
    record::{Phase, Record, Turn},
    weight::Weight,
};

use crate::{ShiftWeight, ready::Ready};

/// The bookmark, or where the record says that this action is by now.
///
/// A look that has written the record may be cut off before its own bookmark is reported. The look after it would otherwise
/// take itself for an old event, and so would every later one.
pub(crate) fn caught_up(look: &Look<ShiftWeight>, ready: &Ready<'_>) -> Bookmark {
    let bookmark = look.bookmark.clone();
    let last = match &ready.record.phase {
        Phase::Shifting { turns, .. } => turns.last(),
        _ => None,
    };
    match last.filter(|turn| turn.action == bookmark.action && turn.step > bookmark.step) {
        None => bookmark,
        Some(turn) => bookmark.at_step(turn.step, look.now),
    }
}

/// The share is not this look's to set any more: a later action has set it, and this event is an old one.
pub(crate) struct OldEvent;

/// The phase of a share that was not asked for before.
pub(crate) fn phase(
    ready: &Ready<'_>,
    asked: Weight,
    bookmark: &Bookmark,
) -> Result<Option<Phase>, OldEvent> {
    if ready.asked == Some(asked) {
        return Ok(None);
    }
    let turns = turns(ready.record, bookmark)?;
    Ok(Some(Phase::Shifting { asked, turns }))
}

/// The record's turns once this step has set its share.
fn turns(record: &Record, bookmark: &Bookmark) -> Result<Vec<Turn>, OldEvent> {
    let Phase::Shifting { turns, .. } = &record.phase else {
        return Ok(vec![turn(bookmark)]);
    };
    let mut turns = turns.clone();
    let last = turns.len().saturating_sub(1);
    match turns.iter().position(|turn| turn.action == bookmark.action) {
        None => turns.push(turn(bookmark)),
        Some(own) if own == last => {
            turns[own].step = bookmark.step;
        }
        Some(_) => return Err(OldEvent),
    }
    Ok(turns)
}

fn turn(bookmark: &Bookmark) -> Turn {
    Turn {
        action: bookmark.action.clone(),
        step: bookmark.step,
    }
}
