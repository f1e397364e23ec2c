//! Search expressions of dashboards: their form, and which metrics they find.
//!
//! AWS: `CloudWatch` user guide, "Using search expressions in graphs" and "`CloudWatch` search expression syntax". Of the syntax
//! there is a schema with `NAME="value"` after it, all of which a metric must have: no `AND`, `OR`, `NOT`, nor parts of words.

use super::{metrics::Key, queries::parse_statistic};

/// AWS: same page, the characters of an expression.
const LONGEST: usize = 1024;

/// Metrics of one namespace with exactly these dimensions.
#[derive(Debug)]
pub(super) struct Search {
    namespace: String,
    /// The names of all their dimensions.
    dimensions: Vec<String>,
    /// What they have: the name of a dimension, or `MetricName`, and its value.
    terms: Vec<(String, String)>,
}

impl Search {
    /// Whether an expression is a search as a whole.
    pub(super) fn is_one(expression: &str) -> bool {
        expression.starts_with("SEARCH(")
    }

    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(expression: &str) -> Result<Self, String> {
        if expression.chars().count() > LONGEST {
            return Err(format!("a search has at most {LONGEST} characters"));
        }
        let form = || {
            format!(
                "{expression} is not SEARCH('{{Namespace,Dimension}} NAME=\"value\"', 'Statistic', period)"
            )
        };
        let arguments = expression
            .strip_prefix("SEARCH(")
            .and_then(|it| it.strip_suffix(')'))
            .ok_or_else(form)?;
        let (search, rest) = quoted(arguments).ok_or_else(form)?;
        let rest = rest.trim_start().strip_prefix(',').ok_or_else(form)?;
        let (statistic, rest) = quoted(rest.trim_start()).ok_or_else(form)?;
        let period = rest.trim_start().strip_prefix(',').ok_or_else(form)?;
        check_statistic(statistic)?;
        match period.trim().parse::<u32>() {
            Ok(seconds) if seconds > 0 && seconds.is_multiple_of(60) => {}
            _ => return Err(format!("{period} is no period of whole minutes")),
        }
        let (schema, terms) = search
            .strip_prefix('{')
            .and_then(|it| it.split_once('}'))
            .ok_or_else(form)?;
        let mut names = schema.split(',').map(|it| it.trim().to_owned());
        let namespace = names.next().unwrap_or_default();
        let dimensions: Vec<String> = names.collect();
        let terms = terms.split_whitespace().map(|term| {
            let (name, value) = term.split_once('=').ok_or_else(form)?;
            let value = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            let value = value.ok_or_else(form)?;
            if name != "MetricName" && !dimensions.iter().any(|it| it == name) {
                return Err(format!("the schema {{{schema}}} has no {name}"));
            }
            Ok((name.to_owned(), value.to_owned()))
        });
        let terms = terms.collect::<Result<_, String>>()?;
        Ok(Self {
            namespace,
            dimensions,
            terms,
        })
    }

    /// Whether a metric is one of those that are searched.
    pub(super) fn finds(&self, key: &Key) -> bool {
        let has = |(name, value): &(String, String)| match name.as_str() {
            "MetricName" => key.name == *value,
            dimension => key.dimensions.get(dimension) == Some(value),
        };
        key.namespace == self.namespace
            && key.dimensions.len() == self.dimensions.len()
            && self
                .dimensions
                .iter()
                .all(|it| key.dimensions.contains_key(it))
            && self.terms.iter().all(has)
    }
}

/// A text in single quotes, and what comes after it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('\'')?.split_once('\'')
}

/// Percentiles can be searched for, though they cannot be computed here.
fn check_statistic(statistic: &str) -> Result<(), String> {
    let percentile = statistic.strip_prefix('p').map(str::parse::<f64>);
    match percentile {
        Some(Ok(percent)) if (0.0..=100.0).contains(&percent) => Ok(()),
        _ => parse_statistic(statistic)
            .map(|_| ())
            .map_err(|fault| fault.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESSED: &str =
        "SEARCH('{Shop,Function,Version} Function=\"orders\" MetricName=\"Processed\"', 'p95', 60)";

    fn key(name: &str, dimensions: &[(&str, &str)]) -> Key {
        let dimensions = dimensions.iter();
        Key::new(
            "Shop",
            name,
            dimensions.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
    }

    #[test]
    fn a_search_finds_the_metrics_that_have_its_dimensions_and_no_others() {
        let search = Search::parse(PROCESSED).unwrap();
        let function = ("Function", "orders");
        for version in ["1", "2"] {
            assert!(search.finds(&key("Processed", &[function, ("Version", version)])));
        }
        for other in [
            key("Failed", &[function, ("Version", "1")]),
            key("Processed", &[function]),
            key("Processed", &[("Function", "payments"), ("Version", "1")]),
            key("Processed", &[function, ("Version", "1"), ("Host", "a")]),
        ] {
            assert!(!search.finds(&other), "{other:?}");
        }
    }

    #[test]
    fn what_is_no_search_is_refused() {
        for (right, wrong) in [
            ("Version}", "Version"),
            ("Function=\"orders\"", "Host=\"orders\""),
            ("'p95'", "'p101'"),
            ("'p95'", "'Mean'"),
            (", 60)", ", 61)"),
            (", 60)", ")"),
            ("=\"Processed\"", "=Processed"),
        ] {
            let changed = PROCESSED.replace(right, wrong);
            assert!(Search::parse(&changed).is_err(), "{changed}");
        }
        let long = PROCESSED.replace("orders", &"o".repeat(1024));
        assert!(Search::parse(&long).unwrap_err().contains("1024"));
    }
}
