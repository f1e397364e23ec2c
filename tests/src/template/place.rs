//! Where something is in a template.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    Key(String),
    Item(usize),
}

/// The way from a template's root to a node of it, with intrinsic functions in their long form.
///
/// It is shown as people speak of it: `resource Queue, property RedrivePolicy.maxReceiveCount`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(Vec<Segment>);

impl Place {
    /// The node below `section` that declares `name`: a resource, a parameter, ...
    pub(super) fn declaration(section: &str, name: &str) -> Self {
        Self::default().key(section).key(name)
    }

    pub(super) fn key(&self, key: &str) -> Self {
        self.child(Segment::Key(key.to_owned()))
    }

    pub(super) fn item(&self, index: usize) -> Self {
        self.child(Segment::Item(index))
    }

    pub(super) fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    fn child(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, rest) = match self.0.as_slice() {
            [Segment::Key(section), Segment::Key(name), rest @ ..] => {
                match section.strip_suffix('s') {
                    Some(one) => (format!("{} {name}", one.to_lowercase()), rest),
                    None => (format!("{section}.{name}"), rest),
                }
            }
            [Segment::Key(section)] => (section.clone(), &[][..]),
            rest => ("template".to_owned(), rest),
        };
        let (label, rest) = match rest {
            [Segment::Key(key), rest @ ..] if key == "Properties" && !rest.is_empty() => {
                ("property ", rest)
            }
            rest => ("", rest),
        };
        match path(rest) {
            path if path.is_empty() => f.write_str(&subject),
            path => write!(f, "{subject}, {label}{path}"),
        }
    }
}

/// The path as it is once the functions are resolved: the branch of an `Fn::If` stands for it,
/// what is within any other function belongs to that function.
fn path(segments: &[Segment]) -> String {
    let mut path = String::new();
    let mut segments = segments.iter();
    while let Some(segment) = segments.next() {
        match segment {
            Segment::Key(key) if key == "Fn::If" => {
                segments.next();
            }
            Segment::Key(key) if is_function(key) => break,
            Segment::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Segment::Item(index) => path = format!("{path}[{index}]"),
        }
    }
    path
}

/// Whether an object with this key is a call of an intrinsic function.
pub(super) fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

/// The segments of a path like `Stages[1].Actions[0].Configuration`.
pub(super) fn segments(path: &str) -> Vec<Segment> {
    path.split(['.', '[', ']'])
        .filter(|part| !part.is_empty())
        .map(|part| match part.parse() {
            Ok(index) => Segment::Item(index),
            Err(_) => Segment::Key(part.to_owned()),
        })
        .collect()
}
