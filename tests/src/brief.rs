//! Long names, cut for display.

/// How many digits of a digest tell images apart for the eye.
const DIGITS: usize = 8;

/// Images by digest are long: the registry is left out, and of the digest all but a few digits.
pub(crate) fn brief(text: &str) -> String {
    const MARK: &str = "@sha256:";
    let mut out = String::new();
    let mut rest = text;
    while let Some(place) = rest.find(MARK) {
        let (before, digest) = rest.split_at(place);
        let digest = &digest[MARK.len()..];
        let length = digest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let name = before
            .rfind([' ', '"', '\'', '('])
            .map_or(0, |space| space + 1);
        let image = before[name..].rsplit('/').next().unwrap_or_default();
        out += &before[..name];
        out += image;
        out += MARK;
        out += &digest[..length.min(DIGITS)];
        if length > DIGITS {
            out.push('…');
        }
        rest = &digest[length..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_by_digest_are_shortened_and_nothing_else() {
        let digest = "1b267619c4812cc46ee281747884ca50".repeat(2);
        let long =
            format!("image 1.dkr.ecr.eu.amazonaws.com/orders@sha256:{digest}; stable is orders:1");
        assert_eq!(
            brief(&long),
            "image orders@sha256:1b267619…; stable is orders:1"
        );
        assert_eq!(brief("nothing of the kind"), "nothing of the kind");
    }
}
