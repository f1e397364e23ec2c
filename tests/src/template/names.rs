//! Names for what the template leaves unnamed.

use md5::{Digest, Md5};

/// No service that names a resource after its stack takes less (S3 takes 63, IAM and Lambda 64).
const LONGEST: usize = 63;
const SUFFIX: usize = 12;

/// The name that a resource without one gets: `<stack>-<logical id>-<12 letters and digits>`.
///
/// The end is random on AWS. Here it follows from stack and logical id, so that the same template
/// has the same names every time. Both are cut where the name would be longer than 63 characters;
/// upper
/// case stays: for S3 the caller makes it lower case.
#[must_use]
pub fn physical_name(stack: &str, logical_id: &str) -> String {
    let room = LONGEST - SUFFIX - 2;
    let suffix = suffix(&format!("{stack}/{logical_id}"));
    let id = cut(logical_id, room.saturating_sub(stack.len()).max(room / 2));
    let stack = cut(stack, room - id.len());
    format!("{stack}-{id}-{suffix}")
}

/// The ARN of a stack, the same every time.
pub(super) fn stack_id(partition: &str, region: &str, account: &str, stack: &str) -> String {
    let hash = format!("{:032x}", hash(stack));
    let uuid = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &hash[part]);
    let uuid = uuid.join("-");
    format!("arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/{uuid}")
}

fn cut(text: &str, longest: usize) -> &str {
    match text.char_indices().nth(longest) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn suffix(text: &str) -> String {
    let mut rest = hash(text);
    (0..SUFFIX)
        .map(|_| {
            let digit = u32::try_from(rest % 36).unwrap_or_default();
            rest /= 36;
            char::from_digit(digit, 36)
                .unwrap_or('0')
                .to_ascii_uppercase()
        })
        .collect()
}

fn hash(text: &str) -> u128 {
    u128::from_be_bytes(Md5::digest(text).into())
}
