//! Parts of sentences.

/// The ending of a word that is counted.
pub(crate) fn plural(many: u32) -> &'static str {
    if many == 1 { "" } else { "s" }
}

/// A reason after a sentence, if there is one.
pub(crate) fn because(reason: Option<&String>) -> String {
    reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}
