//! Wildcards in policies: `*` for any characters, `?` for exactly one.

/// How far a wildcard reaches.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    /// Over everything.
    All,
    /// Not over the colons between the segments of an ARN, but for a `*` that ends its segment.
    Segment,
}

/// Whether a pattern of actions covers an action. Case does not matter.
///
/// AWS: IAM user guide, "IAM JSON policy elements: Action".
pub(super) fn covers_action(pattern: &str, action: &str) -> bool {
    covers(pattern, action, Reach::All, str::eq_ignore_ascii_case)
}

/// Whether a pattern of resources covers a resource, which is an ARN or, where an action cannot be
/// narrowed, `*`.
///
/// Wildcards stay within a segment of the ARN (the parts between colons); a `*` at the end of a
/// segment reaches over colons; slashes are like any other character. AWS: IAM user guide, "IAM JSON
/// policy elements: Resource", "Using wildcards in resource ARNs".
pub(super) fn covers_resource(pattern: &str, resource: &str) -> bool {
    pattern == "*" || covers(pattern, resource, Reach::Segment, str::eq)
}

/// `ArnLike` and `ArnEquals`: each of the six segments by itself.
///
/// AWS: IAM user guide, "IAM JSON policy elements: Condition operators", "ARN condition operators".
pub(super) fn covers_arn(pattern: &str, arn: &str) -> bool {
    let (mut patterns, mut segments) = (pattern.splitn(6, ':'), arn.splitn(6, ':'));
    let pairs = || Some((patterns.next(), segments.next()));
    std::iter::from_fn(pairs)
        .take(6)
        .all(|pair| matches!(pair, (Some(pattern), Some(segment)) if covers(pattern, segment, Reach::All, str::eq)))
}

/// `StringLike`.
pub(super) fn covers_text(pattern: &str, text: &str) -> bool {
    covers(pattern, text, Reach::All, str::eq)
}

fn covers(pattern: &str, text: &str, reach: Reach, is_same: fn(&str, &str) -> bool) -> bool {
    let is_wildcard = |byte| matches!(byte, b'*' | b'?');
    let literal = pattern.bytes().position(is_wildcard);
    let literal = literal.unwrap_or(pattern.len());
    let (literal, pattern) = pattern.split_at(literal);
    let Some((begins, text)) = text.split_at_checked(literal.len()) else {
        return false;
    };
    if !is_same(begins, literal) {
        return false;
    }
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = rest.as_str();
            if rest.is_empty() {
                return true;
            }
            let stays = reach == Reach::Segment && !rest.starts_with(':');
            let end = if stays { text.find(':') } else { None }.unwrap_or(text.len());
            (0..=end)
                .filter(|at| text.is_char_boundary(*at))
                .any(|at| covers(rest, &text[at..], reach, is_same))
        }
        Some(_) => {
            let mut found = text.chars();
            found
                .next()
                .is_some_and(|one| reach == Reach::All || one != ':')
                && covers(rest.as_str(), found.as_str(), reach, is_same)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_covered_whatever_their_case() {
        assert!(covers_action("ECS:describe*", "ecs:DescribeServices"));
        assert!(covers_action(
            "ecs:DescribeService?",
            "ecs:DescribeServices"
        ));
        assert!(!covers_action("ecs:Describe", "ecs:DescribeServices"));
        assert!(!covers_action("sqs:*", "ecs:DescribeServices"));
    }

    #[test]
    fn a_wildcard_crosses_slashes_but_colons_only_at_the_end_of_a_segment() {
        let service = "arn:aws:ecs:eu-central-1:111122223333:service/orders/orders-canary";
        for covering in [
            "*",
            "arn:aws:ecs:*:*:service/*",
            "arn:aws:ecs:*",
            "arn:aws:ecs:eu-central-1:111122223333:service/*canary",
            "arn:aws:ecs:eu-central-?:111122223333:service/orders/orders-canar?",
        ] {
            assert!(covers_resource(covering, service), "{covering}");
        }
        for other in [
            "arn:aws:ecs:e*service/orders/orders-canary",
            "arn:aws:ecs:eu-central-1:111122223333:service/orders/orders",
            "arn:aws:ecs:eu-central-1?111122223333:service/orders/orders-canary",
            "arn:aws:ecs:eu-central-1:111122223333:SERVICE/*",
        ] {
            assert!(!covers_resource(other, service), "{other}");
        }
    }

    #[test]
    fn an_arn_does_not_cover_the_star_of_an_action_that_cannot_be_narrowed() {
        let alarms = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:*";
        assert!(!covers_resource(alarms, "*"));
        assert!(!covers_resource("arn:aws:cloudwatch:*", "*"));
        assert!(covers_resource("*", "*"));
    }

    #[test]
    fn a_condition_compares_arns_segment_by_segment() {
        let alarm = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:orders";
        assert!(covers_arn(
            "arn:aws:cloudwatch:*:111122223333:alarm:*",
            alarm
        ));
        assert!(!covers_arn("arn:aws:cloudwatch:*:alarm:orders", alarm));
        assert!(!covers_arn("arn:aws:cloudwatch", alarm));
    }
}
